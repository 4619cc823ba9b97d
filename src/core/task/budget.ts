/**
 * Budgets: minutes of an agent's time, tokens and dollars, for an attempt, a task, an agent's day and a repository's
 * day (UTC). Tokens and dollars are what agents report; minutes are counted by the ledger's clock.
 *
 * `limits.minutes`, `tokens` and `usd` bound each attempt. A budget in the issue bounds the whole task instead, and so
 * does `limits.task`. A person's answer starts the task's budget afresh.
 */
import type { FactBody } from '../lane/facts.ts';
import { isAtWork, type LaneState, type Task, tasksAtWork } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import type { Policy } from '../policy.ts';
import { addSpent, nothingSpent, type Spent } from './record.ts';

const kinds = ['minutes', 'tokens', 'usd'] as const;
type Kind = (typeof kinds)[number];

/** From this part of a budget on, people are told once. */
const warnAt = 0.8;

/** One bound, and what of it is used. */
interface BudgetRow {
  scope: 'attempt' | 'task';
  kind: Kind;
  used: number;
  limit: number;
}

/** Whether minutes run: people's own time is nobody's budget. */
function isTimed(task: Task): boolean {
  return isAtWork(task) && task.attempt?.startedAt != null && task.attempt.via !== 'adopt';
}

/** The minutes of the present attempt until now. */
export function minutesAtWork(task: Task, at: string): number {
  const startedAt = task.attempt?.startedAt;
  if (!isTimed(task) || startedAt == null) return 0;
  return Math.max(0, Date.parse(at) - Date.parse(startedAt)) / 60_000;
}

function usedByAttempt(task: Task, at: string): Spent {
  const { attempt } = task;
  return { minutes: minutesAtWork(task, at), tokens: attempt?.tokens ?? 0, usd: attempt?.usd ?? 0 };
}

/** What counts against the task's budget: everything since it was asked for, or since a person answered. */
function usedByTask(task: Task, at: string): Spent {
  const { spent, forgiven } = task.record;
  return {
    minutes: spent.minutes - forgiven.minutes + minutesAtWork(task, at),
    tokens: spent.tokens - forgiven.tokens,
    usd: spent.usd - forgiven.usd,
  };
}

function least(...bounds: (number | null | undefined)[]): number | null {
  const known = bounds.filter((bound) => bound != null);
  return known.length === 0 ? null : Math.min(...known);
}

function rowsOf({ policy }: LaneState, task: Task, at: string): BudgetRow[] {
  const byAttempt = usedByAttempt(task, at);
  const byTask = usedByTask(task, at);
  return kinds.flatMap((kind): BudgetRow[] => {
    const ofTask = least(task.spec.budget[kind], policy.limits.task[kind]);
    const rows: BudgetRow[] = [];
    if (task.spec.budget[kind] === null)
      rows.push({ scope: 'attempt', kind, used: byAttempt[kind], limit: policy.limits[kind] });
    if (ofTask !== null) rows.push({ scope: 'task', kind, used: byTask[kind], limit: ofTask });
    return rows;
  });
}

const nouns: Record<Kind, string> = { minutes: 'minutes', tokens: 'tokens', usd: 'USD' };

function sayRow({ scope, kind, used, limit }: BudgetRow): string {
  const rounded = kind === 'tokens' ? Math.round(used) : Math.round(used * 100) / 100;
  const whose = scope === 'attempt' ? 'this attempt' : 'the task';
  return `${whose} has used ${rounded} of ${limit} ${nouns[kind]}`;
}

function fullest(rows: readonly BudgetRow[], from: number): BudgetRow | undefined {
  return rows
    .filter((row) => row.used / row.limit >= from)
    .sort((a, b) => b.used / b.limit - a.used / a.limit)[0];
}

/** Attempts that near or have reached the end of a budget, and waiting tasks that have none left. */
export function enforceBudgets(state: LaneState, at: string): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    const { issue, attempt } = task;
    if (task.state !== 'waiting' && !isAtWork(task)) return [];
    const rows = rowsOf(state, task, at).filter((row) => attempt !== null || row.scope === 'task');
    const over = fullest(rows, 1);
    if (over) {
      const context = `${sayRow(over)}, so it was stopped. An answer gives the task its budget afresh.`;
      return [{ kind: 'escalated', issue, escalation: { trigger: 'budget', context, by: 'signalbox' } }];
    }
    const near = fullest(rows, warnAt);
    if (!near || !attempt || attempt.warned || !isAtWork(task)) return [];
    return [{ kind: 'budget-warned', issue, attempt: attempt.number, what: sayRow(near) }];
  });
}

function dayOf(at: string): string {
  return at.slice(0, 10);
}

function midnightBefore(at: string): string {
  return `${dayOf(at)}T00:00:00.000Z`;
}

/** The next midnight by UTC, in milliseconds since the epoch. */
function midnightAfter(at: string): number {
  return Date.parse(midnightBefore(at)) + 86_400_000;
}

/** What one agent, or with null all of them, have used today; attempts under way included. */
export function spentToday(state: LaneState, agent: string | null, at: string): Spent {
  const { day, agents } = state.spending;
  const past = day === dayOf(at) ? agents : {};
  const ended = Object.entries(past)
    .filter(([name]) => agent === null || name === agent)
    .reduce((sum, [, usage]) => addSpent(sum, usage), nothingSpent);
  const midnight = midnightBefore(at);
  const running = tasksAtWork(state.tasks)
    .filter((task) => agent === null || task.attempt?.agent === agent)
    .map((task) => Math.min(minutesAtWork(task, at), (Date.parse(at) - Date.parse(midnight)) / 60_000))
    .reduce((sum, minutes) => sum + minutes, 0);
  return addSpent(ended, { ...nothingSpent, minutes: running });
}

/** Why an agent, or with null the repository, is given nothing more today; null when it may. */
export function dayWait(state: LaneState, agent: string | null, at: string): Wait | null {
  const { agent_day: ofAgent, repository_day: ofRepository } = state.policy.limits;
  const limits = agent === null ? ofRepository : ofAgent;
  if (kinds.every((kind) => limits[kind] === undefined)) return null;
  const spent = spentToday(state, agent, at);
  const over = kinds.find((kind) => spent[kind] >= (limits[kind] ?? Number.POSITIVE_INFINITY));
  if (over === undefined) return null;
  const who = agent ?? 'this repository';
  const what = `${who} has used its ${limits[over]} ${nouns[over]} of today, until midnight UTC`;
  const since = midnightBefore(at);
  const command = `raise \`limits.${agent === null ? 'repository_day' : 'agent_day'}\` in the policy`;
  return { kind: 'budget', what, since, command, next: new Date(midnightAfter(at)).toISOString() };
}

/** Whether anything bounds a day: then what other tasks have used counts too. */
export function isDayBounded({ limits }: Policy): boolean {
  return [...Object.values(limits.agent_day), ...Object.values(limits.repository_day)].some(
    (each) => each !== undefined,
  );
}

/** When time alone next changes what a budget allows, in milliseconds since the epoch. */
export function budgetTimes(state: LaneState, at: string): number[] {
  const ofTasks = Object.values(state.tasks).flatMap((task) =>
    isTimed(task)
      ? rowsOf(state, task, at)
          .filter((row) => row.kind === 'minutes')
          .flatMap(({ used, limit }) =>
            [warnAt, 1].map((part) => Date.parse(at) + Math.ceil((limit * part - used) * 60_000)),
          )
      : [],
  );
  return isDayBounded(state.policy) ? [...ofTasks, midnightAfter(at)] : ofTasks;
}

/** What the present attempt may use: the least that any bound leaves. Null: not bounded. */
export function attemptBudget(state: LaneState, task: Task, at: string): Record<Kind, number | null> {
  const { agent_day: ofAgent, repository_day: ofRepository } = state.policy.limits;
  const agent = task.attempt?.agent ?? null;
  const left = (kind: Kind): number | null => {
    const bounds = rowsOf(state, task, at).map((row) => (row.kind === kind ? row.limit - row.used : null));
    const agentLeft =
      agent === null || ofAgent[kind] === undefined
        ? null
        : ofAgent[kind] - spentToday(state, agent, at)[kind];
    const repositoryLeft =
      ofRepository[kind] === undefined ? null : ofRepository[kind] - spentToday(state, null, at)[kind];
    const bound = least(...bounds, agentLeft, repositoryLeft);
    return bound === null ? null : Math.max(0, bound);
  };
  return { minutes: left('minutes'), tokens: left('tokens'), usd: left('usd') };
}

/** Adds to what an agent has spent on the day of `at`. */
export function spend(state: LaneState, agent: string, usage: Spent, at: string): LaneState {
  const day = dayOf(at);
  const agents = state.spending.day === day ? state.spending.agents : {};
  const sum = addSpent(agents[agent] ?? nothingSpent, usage);
  return { ...state, spending: { day, agents: { ...agents, [agent]: sum } } };
}

/**
 * Whether a heartbeat's usage is worth a fact: when it has grown by a twentieth of its budget. Every heartbeat in the
 * journal would drown the rest.
 */
export function isUsageNews(state: LaneState, task: Task, told: { tokens: number; usd: number }): boolean {
  const { attempt, spec } = task;
  if (!attempt) return false;
  const { limits } = state.policy;
  return (['tokens', 'usd'] as const).some((kind) => {
    const ofDays = [limits.agent_day[kind], limits.repository_day[kind]];
    const limit = least(spec.budget[kind], limits.task[kind], limits[kind], ...ofDays) ?? 0;
    return told[kind] - attempt[kind] >= limit / 20;
  });
}
