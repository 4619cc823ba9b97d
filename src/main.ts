/** The command line. */
import { createReadStream } from 'node:fs';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Logger } from 'pino';
import {
  agentEnvironment,
  ConfigProblem,
  environment,
  type LogConfig,
  readLauncherPipe,
  readLogConfig,
  readServeConfig,
  readStorageConfig,
  readWorkerConfig,
} from './config.ts';
import { type PlotName, plotNames } from './demo/plots/plots.ts';
import { runDemo } from './demo/run-demo.ts';
import {
  createAgentToken,
  describeAgentTokens,
  endAgentToken,
  TokenProblem,
} from './engine/agent-identity.ts';
import { planOfIssues, planOfLedger } from './engine/coordination-plan.ts';
import { readIssues } from './engine/issue-sources.ts';
import { saveBundles } from './engine/late-bundles.ts';
import { reportQueue } from './engine/queue-report.ts';
import { replay } from './engine/replay.ts';
import { renderTokens } from './protocol/agent-token-text.ts';
import { type PlanFormat, planFormats } from './protocol/plan-text.ts';
import { policyLimits, policyPath, readPolicyFile } from './protocol/policy-file.ts';
import { renderValidation } from './protocol/policy-texts.ts';
import { createLog, migrate, serve, withLedger } from './serve.ts';
import type { Preset } from './worker/presets/preset.ts';
import { type PresetName, plainCommand, presets, withArguments } from './worker/presets/presets.ts';
import { openTerminal } from './worker/terminal.ts';
import { runWorker } from './worker/worker.ts';
import type { WorkerEvent } from './worker/worker-event.ts';

/**
 * Resolves when somebody asks the process to end; a second signal ends it at once.
 * @param untilInputEnds also take the end of standard input as the wish: whoever started us is gone then
 */
function untilAsked(untilInputEnds = false): Promise<string> {
  return new Promise((resolve) => {
    const launcher = readLauncherPipe(environment);
    if (launcher !== null) {
      const pipe = new Socket({ fd: launcher }).unref();
      pipe.once('close', () => resolve('the end of its launcher'));
      pipe.once('error', () => resolve('the end of its launcher'));
      pipe.resume();
    }
    if (untilInputEnds) {
      process.stdin.once('end', () => resolve('the end of its input'));
      process.stdin.once('error', () => resolve('the end of its input'));
      process.stdin.resume();
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        resolve(signal);
        process.once(signal, () => process.exit(1));
      });
    }
  });
}

interface ChildOptions {
  untilInputEnds?: boolean;
}

async function runServe(options: ChildOptions): Promise<void> {
  const config = readServeConfig(environment);
  const log = createLog(config.log);
  const asked = untilAsked(options.untilInputEnds);
  const running = await serve(config, log);
  const signal = await asked;
  log.info({ signal }, 'stopping');
  await running.stop();
  if (options.untilInputEnds) process.stdin.destroy();
}

async function runMigrate(): Promise<void> {
  const log = createLog({ ...readLogConfig(environment), level: 'warn' });
  const applied = await migrate(readStorageConfig(environment), log);
  console.log(
    applied.length > 0 ? `applied: ${applied.join(', ')}` : 'nothing to do: the database is up to date',
  );
}

/** Runs a short command on the ledger, also beside a running `signalbox serve`. */
function onLedger<T>(act: Parameters<typeof withLedger<T>>[2]): Promise<T> {
  const log = createLog({ ...readLogConfig(environment), level: 'warn' });
  return withLedger(readStorageConfig(environment), log, act);
}

interface TokenFlags {
  agent: string;
  repository?: string[];
  allRepositories?: boolean;
  expires?: number;
  note: string;
}

async function runTokenCreate(flags: TokenFlags): Promise<void> {
  if ((flags.repository === undefined) === (flags.allRepositories === undefined)) {
    throw new TokenProblem('Name the repositories with --repository, or say --all-repositories.');
  }
  const wish = {
    agent: flags.agent,
    repositories: flags.repository ?? null,
    note: flags.note,
    expiresInSeconds: flags.expires === undefined ? null : flags.expires * 86_400,
  };
  const { id, token } = await onLedger((db) => createAgentToken(db, wish));
  console.error(`Token ${id} for agent ${flags.agent}. It is shown this once:`);
  console.log(token);
}

async function runTokenList(): Promise<void> {
  console.log(renderTokens(await onLedger(describeAgentTokens), new Date()));
}

async function runTokenRevoke(id: string): Promise<void> {
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new TokenProblem(`"${id}" is not the number of a token.`);
  await onLedger((db) => endAgentToken(db, Number(id)));
  console.log(`Token ${id} is good for nothing any more.`);
}

interface WorkerFlags extends ChildOptions {
  exec?: string;
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

async function startWorker(more: string[], flags: WorkerFlags): Promise<void> {
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

interface ReplayFlags {
  issue?: number;
  json?: boolean;
}

async function runReplay(lane: string | undefined, flags: ReplayFlags): Promise<void> {
  const log = createLog({ ...readLogConfig(environment), level: 'warn' });
  const wanted = { lane: lane ?? null, issue: flags.issue ?? null, json: flags.json ?? false };
  const { text, ok } = await withLedger(readStorageConfig(environment), log, (db) => replay(db, wanted));
  console.log(text);
  if (!ok) process.exitCode = 1;
}

interface PlanFlags {
  format: PlanFormat;
  issues?: string;
  policy?: string;
}

/** What is not part of the plan goes to standard error, so that the plan can be piped. */
async function planDryRun(from: string, { format, policy: file }: PlanFlags): Promise<void> {
  const unreadable = (name: string) => (error: unknown) => {
    throw new ConfigProblem(`${name} cannot be read: ${error instanceof Error ? error.message : error}`);
  };
  const text = file === undefined ? null : await readBounded(createReadStream(file)).catch(unreadable(file));
  const policy = readPolicyFile(text);
  if (policy.kind === 'refused') throw new ConfigProblem(`${file} is not a good policy: ${policy.problem}`);
  const name = from === '-' ? 'standard input' : from;
  const reading = await readIssues(from, process.stdin).catch(unreadable(name));
  if (reading.kind === 'refused') throw new ConfigProblem(`${name}: ${reading.problem}`);
  const plan = planOfIssues(policy.policy, reading.issues, format);
  console.log(plan.text);
  for (const remark of plan.remarks) console.error(remark);
  if (!plan.ok) process.exitCode = 1;
}

async function runPlan(lane: string | undefined, flags: PlanFlags): Promise<void> {
  if (flags.issues !== undefined && lane !== undefined)
    throw new ConfigProblem(`${lane} is not looked at with --issues: name one of them`);
  if (flags.issues !== undefined) return planDryRun(flags.issues, flags);
  if (flags.policy !== undefined) throw new ConfigProblem('--policy is for --issues: a lane has its own');
  const log = createLog({ ...readLogConfig(environment), level: 'warn' });
  const { text, ok } = await withLedger(readStorageConfig(environment), log, (db) =>
    planOfLedger(db, lane ?? null, flags.format),
  );
  console.log(text);
  if (!ok) process.exitCode = 1;
}

async function runQueue(lane: string | undefined, flags: { json?: boolean }): Promise<void> {
  const wanted = { lane: lane ?? null, json: flags.json ?? false };
  const { text, ok } = await onLedger((db) => reportQueue(db, wanted));
  console.log(text);
  if (!ok) process.exitCode = 1;
}

async function runBundle(task: string, { to: folder }: { to: string }): Promise<void> {
  const [, owner, repo, issue] = /^([\w.-]+)\/([\w.-]+)#([1-9]\d{0,9})$/.exec(task) ?? [];
  if (!owner || !repo || !issue) throw new ConfigProblem(`"${task}" is not a task: owner/repo#7 is one.`);
  const { text, ok } = await onLedger((db) => saveBundles(db, { owner, repo, issue: Number(issue), folder }));
  console.log(text);
  if (!ok) process.exitCode = 1;
}

function readIssue(text: string): number {
  const number = Number(text.replace(/^#/, ''));
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('an issue number');
  return number;
}

interface DemoFlags {
  story: PlotName;
  exit?: boolean;
  json?: boolean;
  speed: 'fast' | 'slow';
  loseWebhooks?: boolean;
  duplicateWebhooks?: boolean;
  agents?: string;
}

async function startDemo(flags: DemoFlags): Promise<void> {
  process.exitCode = await runDemo(
    {
      exit: flags.exit ?? false,
      json: flags.json ?? false,
      story: flags.story,
      speed: flags.speed,
      loseWebhooks: flags.loseWebhooks ?? false,
      duplicateWebhooks: flags.duplicateWebhooks ?? false,
      agentCommand: flags.agents ?? null,
      path: environment.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    },
    untilAsked(),
  );
}

/** Reads no more than a policy may be long: whatever pours out of a pipe, the rest would not be looked at. */
async function readBounded(input: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > policyLimits.bytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function validate(file: string): Promise<void> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const text = await readBounded(input).catch((error: unknown) => {
    throw new ConfigProblem(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  });
  const reading = readPolicyFile(text);
  console.log(renderValidation(file === '-' ? 'stdin' : file, reading));
  process.exitCode = reading.kind === 'accepted' ? 0 : 1;
}

function readCount(text: string, most: number): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new InvalidArgumentError(`a whole number from 1 to ${most}`);
  return count;
}

const readCapacity = (text: string): number => readCount(text, 64);
const readRotation = (text: string): number => readCount(text, 1_000);

function readMinutes(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0 && minutes <= 1_440)) throw new InvalidArgumentError('a number above 0 and up to 1440');
  return minutes;
}

function readDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3650)
    throw new InvalidArgumentError('a whole number of days, at most 3650');
  return days;
}

/** Tokens of agents. */
function addTokenCommands(program: Command): void {
  const tokens = program.command('agent-token').description('make, list and revoke the tokens of agents');
  tokens
    .command('create')
    .description('make a token for one agent; it is printed once and kept only as a hash')
    .requiredOption('--agent <name>', 'the agent in .github/signalbox.yml')
    .option('--repository <owner/name...>', 'the repositories it is good for')
    .option('--all-repositories', 'good for every repository, also those that are added later')
    .option('--expires <days>', 'when it ends by itself', readDays)
    .option('--note <text>', 'where it is used', '')
    .action(runTokenCreate);
  tokens.command('list').description('list all tokens there have been').action(runTokenList);
  tokens.command('revoke <id>').description('end a token at once').action(runTokenRevoke);
}

/** For programs that start us and must not leave us behind; people have Ctrl-C. */
const untilInputEnds = () => new Option('--until-input-ends', 'end when standard input does').hideHelp();

function commandLine(): Command {
  const program = new Command('signalbox')
    .description(
      'Lets several coding agents work on one repository, and lands what they make through a merge queue.',
    )
    .exitOverride()
    .showSuggestionAfterError();
  program.command('serve').description('run the GitHub App').addOption(untilInputEnds()).action(runServe);
  program.command('migrate').description('bring the database up to date and end').action(runMigrate);
  program
    .command('validate')
    .description(
      'check a policy file: ends with 0 when it is good, 1 when it is not, 2 when it cannot be read',
    )
    .argument('[file]', 'the file, or - for standard input', policyPath)
    .action(validate);
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
  program
    .command('plan')
    .description(
      'who can run beside whom, what collides and on what, and what that is worth: from the ledger, or of issues',
    )
    .argument('[lane]', 'owner/repo, or owner/repo@base; every lane when absent')
    .addOption(new Option('--format <format>', 'how to print it').choices(planFormats).default('table'))
    .option(
      '--issues <from>',
      'a dry run: a JSON array of issues, a folder of Markdown files, or - for stdin',
    )
    .option('--policy <file>', 'the policy of the dry run')
    .action(runPlan);
  program
    .command('queue')
    .description('show who waits in the merge queue, and for what')
    .argument('[lane]', 'owner/repo, or owner/repo@base; every lane when absent')
    .option('--json', 'print one object a lane')
    .action(runQueue);
  program
    .command('bundle')
    .description('save the work that Signalbox keeps of a task, late work too, as git bundles')
    .argument('<task>', 'owner/repo#7')
    .option('--to <folder>', 'where the files go', '.')
    .action(runBundle);
  program
    .command('replay')
    .description('rebuild lanes from their journals and compare with what is stored')
    .argument('[lane]', 'owner/repo, or owner/repo@base; every lane when absent')
    .option('--issue <n>', 'step through one task: every fact, and what it changed', readIssue)
    .option('--json', 'print one object a lane')
    .action(runReplay);
  program
    .command('demo')
    .description('play the whole way once: sandbox GitHub, Signalbox, three agents, CI, dashboard')
    .addOption(
      new Option('--story <name>', 'which story to play')
        .choices(plotNames)
        .default('main' satisfies PlotName),
    )
    .option('--exit', 'end when the story is over instead of staying up')
    .option('--json', 'print one summary object')
    .addOption(
      new Option('--speed <speed>', 'slow makes it watchable').choices(['fast', 'slow']).default('fast'),
    )
    .option('--lose-webhooks', 'drop every webhook: the sweep finds everything, only later')
    .option('--duplicate-webhooks', 'deliver every webhook twice')
    .option('--agents <command>', 'run this shell command as the agents instead of the scripts')
    .action(startDemo);
  addTokenCommands(program);
  return program;
}

/** Exit codes: 0 done, 1 failed, 2 used or configured wrongly. */
async function main(): Promise<void> {
  try {
    await commandLine().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    console.error(`signalbox: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof ConfigProblem ? 2 : 1;
  }
}

await main();
