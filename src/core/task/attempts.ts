/** Folding what becomes of attempts: their endings into the task, their cost and their luck into the lane. */
import type { Fact } from '../lane/facts.ts';
import { type Attempt, isAtWork, type LaneState, type Task } from '../lane/state.ts';
import type { Policy } from '../policy.ts';
import { countOutcome } from './breaker.ts';
import { minutesAtWork, spend } from './budget.ts';
import { ejectionOf, settleEjections } from './ejection.ts';
import { withAnswer } from './escalation.ts';
import { type AttemptEnd, addSpent, mostRemembered, nothingSpent, type TaskRecord } from './record.ts';
import { backoffMs, consequences } from './retry.ts';

type Of<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

/** What every attempt begins with, besides what the assignment says. */
export const freshAttempt: Pick<
  Attempt,
  | 'openedSha'
  | 'claimId'
  | 'worker'
  | 'runId'
  | 'asked'
  | 'startedAt'
  | 'head'
  | 'movedAt'
  | 'isRunning'
  | 'extendedAt'
  | 'tokens'
  | 'usd'
  | 'warned'
> = {
  openedSha: null,
  claimId: null,
  worker: null,
  runId: null,
  asked: [],
  startedAt: null,
  head: null,
  movedAt: null,
  isRunning: false,
  extendedAt: null,
  tokens: 0,
  usd: 0,
  warned: false,
};

/** The record with the present attempt's ending, and what follows for the next one. */
export function endAttempt(
  task: Task,
  policy: Policy,
  ending: { end: AttemptEnd; reason: string; at: string },
): TaskRecord {
  const { attempt, record } = task;
  const { end, reason, at } = ending;
  const { usesUp, backsOff, afresh } = consequences[end];
  const used = record.used + (usesUp ? 1 : 0);
  const infraInRow = end === 'infra' ? record.infraInRow + 1 : 0;
  const pause = backoffMs(policy, usesUp ? used : infraInRow);
  const made = attempt
    ? [
        {
          attempt: attempt.number,
          fence: attempt.fence,
          agent: attempt.agent,
          end,
          reason,
          at,
          head: attempt.head,
          branch: attempt.branch,
          openedSha: attempt.openedSha,
          baseSha: attempt.baseSha,
        },
      ]
    : [];
  return {
    ...record,
    used,
    infraInRow,
    notBefore: backsOff ? new Date(Date.parse(at) + pause).toISOString() : null,
    // Work that came back was good enough to be approved: it stays, whoever fails to make it fit.
    afresh: record.afresh || (afresh && ejectionOf(task) === null),
    endings: [...record.endings, ...made].slice(-mostRemembered),
    ejections: settleEjections(record.ejections),
    grace: null,
  };
}

/** The record after a person has asked for a new attempt: budget and attempts count from now. */
export function resumeRecord(task: Task, policy: Policy, fact: Of<'resumed'>): TaskRecord {
  const reason = `${fact.by} asked for a new attempt`;
  const record = task.attempt
    ? endAttempt(task, policy, { end: 'superseded', reason, at: fact.at })
    : task.record;
  return {
    ...record,
    used: 0,
    infraInRow: 0,
    notBefore: null,
    afresh: record.afresh || fact.afresh,
    forgiven: record.spent,
    ejections: settleEjections(record.ejections, true),
    guidance: withAnswer(task, fact),
  };
}

/** The record after a new version of the task has ended what was under way: attempts count from now. */
export function supersedeRecord(task: Task, policy: Policy, fact: Of<'attempt-superseded'>): TaskRecord {
  const reason = `it was for version ${fact.version} of the task`;
  const record = endAttempt(task, policy, { end: 'superseded', reason, at: fact.at });
  return { ...record, used: 0, infraInRow: 0, notBefore: null };
}

/** What a heartbeat, a push or a run says about the attempt under way. */
export function notePresent(attempt: Attempt, fact: Fact): Attempt {
  switch (fact.kind) {
    case 'progress-seen':
      return { ...attempt, head: fact.head, movedAt: fact.at };
    case 'run-seen':
      return { ...attempt, isRunning: true };
    case 'lease-extended':
      return { ...attempt, extendedAt: fact.at };
    case 'budget-warned':
      return { ...attempt, warned: true };
    default:
      return { ...attempt, movedAt: fact.at };
  }
}

/** Adds to what the task's attempt, its task and its agent have used. */
function charge(state: LaneState, issue: number, agent: string, minutes: number, fact: Fact): LaneState {
  const task = state.tasks[issue];
  if (!task || minutes === 0) return state;
  const usage = { ...nothingSpent, minutes };
  const record = { ...task.record, spent: addSpent(task.record.spent, usage) };
  return spend({ ...state, tasks: { ...state.tasks, [issue]: { ...task, record } } }, agent, usage, fact.at);
}

/** Spent only grows: a report that says less than one before is taken as no news. */
export function reportUsage(state: LaneState, fact: Of<'usage-reported'>): LaneState {
  const task = state.tasks[fact.issue];
  const attempt = task?.attempt;
  if (!task || attempt?.number !== fact.attempt) return state;
  const tokens = Math.max(attempt.tokens, fact.usage.tokens ?? 0);
  const usd = Math.max(attempt.usd, fact.usage.usd ?? 0);
  const more = { minutes: 0, tokens: tokens - attempt.tokens, usd: usd - attempt.usd };
  const next: Task = {
    ...task,
    attempt: { ...attempt, tokens, usd },
    record: { ...task.record, spent: addSpent(task.record.spent, more) },
  };
  return spend({ ...state, tasks: { ...state.tasks, [fact.issue]: next } }, attempt.agent, more, fact.at);
}

/** What a fact costs and proves: minutes are charged when an attempt stops working, its outcome counts for its agent. */
export function settleAttempt(before: LaneState, after: LaneState, fact: Fact): LaneState {
  if (!('issue' in fact) || fact.issue === null) return after;
  const task = before.tasks[fact.issue];
  const now = after.tasks[fact.issue];
  if (!task?.attempt || !isAtWork(task) || !now) return after;
  if (isAtWork(now) && now.attempt?.fence === task.attempt.fence) return after;
  const { agent } = task.attempt;
  const charged = charge(after, fact.issue, agent, minutesAtWork(task, fact.at), fact);
  if (fact.kind === 'work-done' || fact.kind === 'split-proposed')
    return countOutcome(charged, agent, true, fact.at);
  const isFailure = fact.kind === 'attempt-ended' && consequences[fact.end].countsAgainstAgent;
  return isFailure ? countOutcome(charged, agent, false, fact.at) : charged;
}
