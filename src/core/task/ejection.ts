/**
 * Ejections: work that did not fit. The queue ejects what fails or conflicts with what has landed; a branch that git
 * cannot bring up to date is the same to its agent. Most are given back to the agent with all that is known; the same
 * one twice, or too many, are a person's to decide.
 */
import { findRed } from '../gate/required-checks.ts';
import type { Fact, FactBody } from '../lane/facts.ts';
import type { CheckResult } from '../lane/pull-state.ts';
import type { BuildEntry } from '../lane/queue-state.ts';
import type { LaneState, Task } from '../lane/state.ts';
import type { Policy } from '../policy.ts';
import type { AfterEjection, Ejection, EjectionEvidence, OtherWork, TestedIn } from './ejection-record.ts';
import { mostRemembered } from './record.ts';
import { attemptsAllowed } from './retry.ts';

type Of<K extends Fact['kind']> = Extract<Fact, { kind: K }>;
type Cause = Pick<Ejection, 'code' | 'evidence'>;

/** More of each than anybody reads; the facts of a lane stay small. */
const mostOthers = 5;
const mostTested = 10;
const mostChecks = 20;

function isReturnable(code: string): code is Ejection['code'] {
  return code === 'checks-failed' || code === 'conflict';
}

function share<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.some((one) => b.includes(one));
}

function opponentsOf({ evidence }: Cause): number[] {
  return (evidence.others ?? []).map(({ pull }) => pull);
}

/** Whether one ejection says the same as another: the same check failed, or it met the same other work again. */
export function isSameEjection(a: Cause, b: Cause): boolean {
  if (a.code !== b.code) return false;
  const [others, met] = [opponentsOf(a), opponentsOf(b)];
  if (share(others, met)) return true;
  if (a.code === 'checks-failed') {
    const names = (cause: Cause) => cause.evidence.checks.map(({ name }) => name);
    return share(names(a), names(b));
  }
  const [here, there] = [a.evidence.paths ?? [], b.evidence.paths ?? []];
  return share(here, there) || (others.length + met.length === 0 && here.length + there.length === 0);
}

/** Those of this version that nobody has answered; only they count. */
function countedOf({ record, version }: Task): Ejection[] {
  return record.ejections.filter((each) => !each.isForgiven && each.version === version);
}

function follow(policy: Policy, task: Task, earlier: readonly Ejection[], cause: Cause): AfterEjection {
  const via = task.attempt?.via;
  // Somebody else's branch is theirs to mend, and without an attempt nobody is known who could.
  if (policy.limits.returns === 0 || (via !== 'pull' && via !== 'dispatch')) return 'author';
  if (earlier.some((each) => isSameEjection(each, cause))) return 'person';
  const isSpent = earlier.length >= policy.limits.returns || attemptsLeft(policy, task) === 0;
  return isSpent ? 'person' : 'agent';
}

/** How many attempts the task has left, the present one not among them. */
function attemptsLeft(policy: Policy, task: Task): number {
  return Math.max(0, attemptsAllowed(policy, task) - task.record.used - 1);
}

/** The fact that an entry leaves the queue, with what will follow. */
export function ejectFact(
  { policy }: LaneState,
  task: Task,
  { code, reason, evidence }: Pick<Of<'entry-ejected'>, 'code' | 'reason' | 'evidence'>,
): FactBody {
  const about = { kind: 'entry-ejected' as const, issue: task.issue, code, reason };
  if (!evidence) return { ...about, after: 'author' };
  const earlier = countedOf(task);
  const known = bounded(evidence);
  const after = isReturnable(code) ? follow(policy, task, earlier, { code, evidence: known }) : 'author';
  const left = Math.min(policy.limits.returns - earlier.length, attemptsLeft(policy, task));
  return { ...about, after, evidence: { ...known, attemptsLeft: after === 'agent' ? left : 0 } };
}

function bounded(evidence: EjectionEvidence): EjectionEvidence {
  const { checks, tested = [], others = [], paths = [] } = evidence;
  return {
    ...evidence,
    checks: checks.slice(0, mostChecks),
    tested: tested.slice(-mostTested),
    others: others.slice(-mostOthers),
    paths: paths.slice(0, mostChecks),
  };
}

/** The fact that a branch cannot be brought up to date, with what will follow. */
export function conflictFact(
  { policy }: LaneState,
  task: Task,
  { reason, others, paths }: { reason: string; others: OtherWork[]; paths: string[] },
): FactBody {
  const about = { kind: 'update-conflicted' as const, issue: task.issue, reason };
  const none = { builds: [], checks: [], peers: [], odds: null, attemptsLeft: 0 };
  const evidence = bounded({ ...none, others, paths });
  const earlier = countedOf(task);
  const isTaken = task.state === 'in-review' || task.state === 'approved';
  const after = isTaken ? follow(policy, task, earlier, { code: 'conflict', evidence }) : 'author';
  const left = Math.min(policy.limits.returns - earlier.length, attemptsLeft(policy, task));
  return { ...about, after, evidence: { ...evidence, attemptsLeft: after === 'agent' ? left : 0 } };
}

/** An ejection as the task remembers it. */
export function noteEjection(
  task: Task,
  fact: Of<'entry-ejected'> | Of<'update-conflicted'>,
): Task['record'] {
  const { record, pull, attempt, version } = task;
  const { reason, evidence, at } = fact;
  const code = fact.kind === 'update-conflicted' ? 'conflict' : fact.code;
  // Journals older than this rule say nothing of what follows.
  if (!isReturnable(code) || !evidence || fact.after === undefined) return record;
  const ejection: Ejection = {
    code,
    reason,
    evidence,
    at,
    version,
    attempt: attempt?.number ?? null,
    headSha: pull?.headSha ?? '',
    isSettled: false,
    isForgiven: false,
  };
  return { ...record, ejections: [...record.ejections, ejection].slice(-mostRemembered) };
}

/** What was to follow has followed. `isForgiven`: a person has answered, and counting starts afresh. */
export function settleEjections(ejections: readonly Ejection[], isForgiven = false): Ejection[] {
  return ejections.map((each) => ({
    ...each,
    isSettled: true,
    isForgiven: each.isForgiven || isForgiven,
  }));
}

/** The ejection that the task's next attempt is about, or the present one: the last of this version. */
export function ejectionOf({ record, version }: Task): Ejection | null {
  const last = record.ejections.at(-1);
  return last?.version === version ? last : null;
}

const mostNamed = 10;

function naming(checks: readonly CheckResult[]): string {
  const named = checks.slice(0, mostNamed).map(({ name, conclusion }) => `${name} (${conclusion})`);
  return named.length === 0 ? '' : ` What failed: ${[...new Set(named)].join(', ')}.`;
}

/** What a person is asked when an ejection is not given back to the agent. */
function question(task: Task, { code, reason, evidence }: Ejection, isSame: boolean): FactBody {
  const met = opponentsOf({ code, evidence }).map((pull) => `#${pull}`);
  const what = code === 'conflict' ? 'its changes conflict' : 'it failed in CI';
  const how = isSame ? `For the second time, and for the same reason, ${what}` : `Once more, ${what}`;
  const who = met.length === 0 ? '' : ` What landed meanwhile: ${met.join(', ')}.`;
  const other = met.length === 0 ? 'the base branch' : met.join(', ');
  const escalation = {
    trigger: code === 'conflict' ? 'conflict' : 'ejected',
    context: `${how}: ${reason}.${naming(evidence.checks)}${who}`,
    by: 'signalbox',
    options: [
      `Keep this work and make it fit ${other}.`,
      `Leave out what does not fit ${other}, and say so in the summary.`,
    ],
  };
  return { kind: 'escalated', issue: task.issue, escalation };
}

/** The next head fails a check that the last one failed: that is the same again, and needs no run in the queue. */
function failsAgain(state: LaneState, task: Task): FactBody[] {
  const last = ejectionOf(task);
  const red = findRed(state, task.pull?.checks ?? []);
  const via = task.attempt?.via;
  const isAgents = (via === 'pull' || via === 'dispatch') && state.policy.limits.returns > 0;
  if (task.state !== 'in-review' || !isAgents || !red || last?.code !== 'checks-failed') return [];
  const isNext = last.isSettled && !last.isForgiven && last.headSha !== task.pull?.headSha;
  if (!isNext || !last.evidence.checks.some(({ name }) => name === red.name)) return [];
  const reason = `the check ${red.name} ended with ${red.conclusion} on the new head as well`;
  return [question(task, { ...last, reason, evidence: { ...last.evidence, checks: [red] } }, true)];
}

/** Work that has come back and that nobody has taken up: its agent gets it again, or a person decides. */
export function answerEjections(state: LaneState): FactBody[] {
  const { policy, tasks } = state;
  return Object.values(tasks).flatMap((task): FactBody[] => {
    const last = ejectionOf(task);
    const isDone = task.state === 'in-review' || (task.state === 'approved' && task.entry === null);
    const isOpen = isDone && task.pull?.open && task.pull.headSha === last?.headSha;
    if (!isOpen || last.isSettled || last.isForgiven) return failsAgain(state, task);
    const earlier = countedOf(task).slice(0, -1);
    const after = follow(policy, task, earlier, last);
    if (after === 'author') return [];
    const isSame = earlier.some((each) => isSameEjection(each, last));
    if (after === 'person') return [question(task, last, isSame)];
    const attempt = task.attempt?.number ?? task.attempts;
    return [{ kind: 'attempt-ended', issue: task.issue, attempt, end: 'ejected', reason: last.reason }];
  });
}

/** Work that landed while an attempt was made: newest last. */
export function landedSince({ landings, tasks }: LaneState, task: Task): (OtherWork & { paths: string[] })[] {
  const since = task.attempt?.assignedAt ?? task.entry?.enteredAt ?? task.since;
  return landings
    .filter(({ at }) => at >= since)
    .flatMap(({ entries, blobs }) =>
      entries
        .filter(({ issue }) => issue !== task.issue)
        .map((entry) => ({
          ...otherWork(entry),
          paths: tasks[entry.issue]?.pull?.verdict?.touched ?? Object.keys(blobs ?? {}),
        })),
    );
}

export function otherWork({ issue, pull, headSha }: BuildEntry): OtherWork {
  return { issue, pull, headSha };
}

/** The builds that an entry was part of and that have a verdict, oldest first, as evidence. */
export function testedIn(state: LaneState, order: number): TestedIn[] {
  return Object.values(state.builds).flatMap((build): TestedIn[] => {
    const { number, baseSha, sha, tree, entries } = build;
    const outcome = build.state === 'failed' ? 'failed' : build.state === 'passed' ? 'passed' : null;
    if (outcome === null || !entries.some((entry) => entry.order === order)) return [];
    const company = entries.filter((entry) => entry.order !== order).map(({ pull }) => pull);
    return [{ build: number, outcome, baseSha, sha, tree, with: company }];
  });
}
