/** What a task remembers of its attempts: how they ended, what they used, what people said, what came too late. */
import type { Behind, Ejection } from './ejection-record.ts';

/**
 * How an attempt ended without its work being done. What each one means for the next attempt is in retry.ts.
 * `lost`: no sign of life; `unclaimed`: no worker took it; `released`: its worker was stopped and gave it back;
 * `superseded`: a person or a new version of the task asked for another one; `planned`: it proposed a split; `ejected`:
 * the work was done and did not fit, and comes back.
 */
export type AttemptEnd =
  | 'semantic'
  | 'lost'
  | 'infra'
  | 'rate-limit'
  | 'unclaimed'
  | 'released'
  | 'superseded'
  | 'planned'
  | 'escalated'
  | 'ejected';

/** What was used: minutes of an agent's time, tokens, US dollars. */
export interface Spent {
  minutes: number;
  tokens: number;
  usd: number;
}

export const nothingSpent: Spent = { minutes: 0, tokens: 0, usd: 0 };

export function addSpent(a: Spent, b: Spent): Spent {
  return { minutes: a.minutes + b.minutes, tokens: a.tokens + b.tokens, usd: a.usd + b.usd };
}

/** One attempt that ended without its work being done. */
export interface AttemptEnding {
  attempt: number;
  fence: number;
  agent: string;
  end: AttemptEnd;
  reason: string;
  at: string;
  /** The last commit that its heartbeats told of; a push of it after this is late. */
  head: string | null;
  branch: string;
  /** The commit that opened the branch, and the base commit under it. */
  openedSha: string | null;
  baseSha: string;
}

/** A person's answer, given with `/resume`. */
export interface Guidance {
  by: string;
  at: string;
  /** What the escalation had asked. */
  question: string;
  answer: string;
}

/** Work of an attempt that had ended, kept on a branch of its own. */
export interface LateWork {
  /** From 1; part of the branch's name. */
  number: number;
  /** The attempt that made it. */
  attempt: number;
  /** The task's branch. */
  branch: string;
  sha: string;
  /** Where the task's branch goes back to, when the work was found on it. */
  to: string;
  /** The fence whose late bundle it is; absent: it was found on the branch. */
  bundle?: number;
  /** When it was kept, or found impossible to keep; null until then. */
  settledAt: string | null;
}

/** The time in which a person can stop a task on the loop before it counts as approved. */
export interface Grace {
  headSha: string;
  version: number;
  until: string;
}

export interface TaskRecord {
  /** Attempts used up since the task was asked for or a person answered. */
  used: number;
  /** Failures of infrastructure in a row. */
  infraInRow: number;
  /** No attempt starts before this time, ISO 8601. */
  notBefore: string | null;
  /** Whether the next attempt starts from a clean branch. */
  afresh: boolean;
  /** The last ones, oldest first. */
  endings: AttemptEnding[];
  /** What all attempts have used. */
  spent: Spent;
  /** What had been used when a person last answered: it counts against no budget. */
  forgiven: Spent;
  /** How often the task came into the human queue. */
  escalations: number;
  /** Answers of people, oldest first. */
  guidance: Guidance[];
  late: LateWork[];
  /** The last ones, oldest first. */
  ejections: Ejection[];
  /** What landed in its files since its branch was last brought up to date; oldest first. */
  behind: Behind[];
  /** Who wants the branch brought up to date. */
  updateAsked: { by: string; at: string } | null;
  grace: Grace | null;
}

export const emptyRecord: TaskRecord = {
  used: 0,
  infraInRow: 0,
  notBefore: null,
  afresh: false,
  endings: [],
  spent: nothingSpent,
  forgiven: nothingSpent,
  escalations: 0,
  guidance: [],
  late: [],
  ejections: [],
  behind: [],
  updateAsked: null,
  grace: null,
};

/** The most that is remembered of each list: enough for a person, and bounded. */
export const mostRemembered = 10;

/** Past the second time in the human queue a task is complex: no attempt of it follows another by itself. */
export function isComplex({ record }: { record: TaskRecord }): boolean {
  return record.escalations >= 2;
}

/** The record that a task asked for anew starts with. What people have to know of the time before stays. */
export function renewRecord(before: TaskRecord | undefined, isSameSpec: boolean): TaskRecord {
  if (!before) return emptyRecord;
  const { spent, late, escalations } = before;
  return { ...emptyRecord, spent, forgiven: spent, late, escalations: isSameSpec ? escalations : 0 };
}
