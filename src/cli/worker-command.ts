/** `signalbox worker`. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Logger } from 'pino';
import {
  agentEnvironment,
  ConfigProblem,
  environment,
  type LogConfig,
  readLogConfig,
  readWorkerConfig,
} from '../config.ts';
import { createLog } from '../serve.ts';
import type { Preset } from '../worker/presets/preset.ts';
import { type PresetName, plainCommand, presets, withArguments } from '../worker/presets/presets.ts';
import { runReviewer } from '../worker/reviewer.ts';
import { openTerminal } from '../worker/terminal.ts';
import { runWorker } from '../worker/worker.ts';
import type { ReviewEvent, WorkerEvent } from '../worker/worker-event.ts';
import { readCapacity, readMinutes, readRotation } from './arguments.ts';
import { type ChildOptions, untilAsked, untilInputEnds } from './until-asked.ts';

interface WorkerFlags extends ChildOptions {
  exec?: string;
  review?: string;
  preset?: PresetName;
  directory: string;
  capacity: number;
  once?: boolean;
  rotate?: number;
  home?: string;
  stall: number;
  checkpoint: number;
  logFormat?: LogConfig['format'];
}

function presetOf(flags: WorkerFlags, more: readonly string[]): Preset {
  if (flags.preset !== undefined) return withArguments(presets[flags.preset], more);
  if (flags.exec === undefined) {
    throw new ConfigProblem("Say what the agent is: --exec '<command>', or --preset with one of its names.");
  }
  if (more.length > 0) throw new ConfigProblem('Arguments after -- go with --preset; put them into --exec.');
  return plainCommand(flags.exec);
}

async function startReviewer(command: string, flags: WorkerFlags): Promise<void> {
  const config = readWorkerConfig(environment);
  const logConfig = readLogConfig(environment);
  const log = createLog({ ...logConfig, format: flags.logFormat ?? logConfig.format });
  const stopping = new AbortController();
  void untilAsked(flags.untilInputEnds).then(() => stopping.abort());
  log.info({ url: config.url, agent: config.agent, worker: config.worker }, 'waiting for changes to review');
  const options = {
    ...config,
    command,
    directory: resolve(flags.directory),
    once: flags.once ?? false,
    env: agentEnvironment(environment),
    log: (event: ReviewEvent) =>
      event.kind === 'problem' ? log.warn(event, event.kind) : log.info(event, event.kind),
  };
  await runReviewer(options, stopping.signal);
  if (flags.untilInputEnds) process.stdin.destroy();
}

async function startWorker(more: string[], flags: WorkerFlags): Promise<void> {
  if (flags.review !== undefined) return startReviewer(flags.review, flags);
  const config = readWorkerConfig(environment);
  const preset = presetOf(flags, more);
  const logConfig = readLogConfig(environment);
  const log = createLog({ ...logConfig, format: flags.logFormat ?? logConfig.format });
  const isLive = process.stdout.isTTY === true && flags.logFormat === undefined && !environment.LOG_FORMAT;
  const terminal = isLive
    ? openTerminal(
        (text) => process.stdout.write(text),
        () => process.stdout.columns ?? 120,
      )
    : null;
  const stopping = new AbortController();
  void untilAsked(flags.untilInputEnds).then(() => stopping.abort());
  if (!terminal)
    log.info({ url: config.url, agent: config.agent, worker: config.worker }, 'waiting for work');
  const options = {
    ...config,
    preset,
    directory: resolve(flags.directory),
    capacity: flags.capacity,
    once: flags.once ?? false,
    sessions: { rotate: flags.rotate ?? null, template: flags.home ? resolve(flags.home) : null },
    stallMs: flags.stall * 60_000,
    checkpointMs: flags.checkpoint * 60_000,
    env: agentEnvironment(environment),
    log: (event: WorkerEvent) => (terminal ? terminal.tell(event) : logWorkerEvent(log, event)),
  };
  try {
    await runWorker(options, stopping.signal);
  } finally {
    terminal?.close();
  }
  if (flags.untilInputEnds) process.stdin.destroy();
}

/** Idle turns are only worth a line when somebody is looking for them. */
function logWorkerEvent(log: Logger, event: WorkerEvent): void {
  if (['idle', 'heartbeat', 'used', 'over'].includes(event.kind)) log.debug(event, event.kind);
  else if (['problem', 'failed', 'fenced', 'stalled', 'budget', 'late'].includes(event.kind))
    log.warn(event, event.kind);
  else log.info(event, event.kind);
}

/** Runs agents. */
export function addWorkerCommand(program: Command): void {
  program
    .command('worker')
    .description('run agents on this machine: claim tasks, run a command for each, push and report')
    .argument('[arguments...]', 'after --: more arguments for the command line of the preset')
    .option('--exec <command>', 'shell command that does the work; it finds its brief in $AGENT_BRIEF')
    .addOption(
      new Option('--preset <name>', 'a CLI whose command line and output are known')
        .choices(Object.keys(presets))
        .conflicts('exec'),
    )
    .addOption(
      new Option(
        '--review <command>',
        'give second opinions instead: the command reads $AGENT_REVIEW_FILE and writes $AGENT_ANSWER_FILE',
      ).conflicts(['exec', 'preset']),
    )
    .option('--directory <path>', 'where clones and worktrees are kept', '.signalbox/work')
    .option('--capacity <n>', 'how many tasks at a time', readCapacity, 1)
    .option('--once', 'do one task, then end')
    .option(
      '--rotate <n>',
      'give the agent a fresh HOME after n tasks; 1: each attempt has its own',
      readRotation,
    )
    .option('--home <folder>', 'what a fresh HOME starts with, such as a login')
    .option('--stall <minutes>', 'without a sign of work for so long, stop heartbeats', readMinutes, 10)
    .option('--checkpoint <minutes>', 'save unfinished work at Signalbox this often', readMinutes, 5)
    .addOption(new Option('--log-format <format>', 'lines instead of the table').choices(['pretty', 'json']))
    .addOption(untilInputEnds())
    .action(startWorker);
}
