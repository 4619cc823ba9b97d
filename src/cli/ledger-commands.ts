/** Commands that read the ledger, also beside a running `signalbox serve`: replay, plan, queue, bundle. */
import { createReadStream } from 'node:fs';
import { type Command, Option } from 'commander';
import { ConfigProblem } from '../config.ts';
import { planOfIssues, planOfLedger } from '../engine/coordination-plan.ts';
import { readIssues } from '../engine/issue-sources.ts';
import { saveBundles } from '../engine/late-bundles.ts';
import { reportQueue } from '../engine/queue-report.ts';
import { replay } from '../engine/replay.ts';
import { type PlanFormat, planFormats } from '../protocol/plan-text.ts';
import { readPolicyFile } from '../protocol/policy-file.ts';
import { readBounded, readIssue } from './arguments.ts';
import { onLedger } from './on-ledger.ts';

interface ReplayFlags {
  issue?: number;
  json?: boolean;
}

async function runReplay(lane: string | undefined, flags: ReplayFlags): Promise<void> {
  const wanted = { lane: lane ?? null, issue: flags.issue ?? null, json: flags.json ?? false };
  const { text, ok } = await onLedger((db) => replay(db, wanted));
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
  const { text, ok } = await onLedger((db) => planOfLedger(db, lane ?? null, flags.format));
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

/** What the ledger can be asked. */
export function addLedgerCommands(program: Command): void {
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
}
