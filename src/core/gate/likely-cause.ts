/** Why a required check may never report, guessed from what else is known; for people, after a while (F24, F25). */
import { distance } from 'fastest-levenshtein';
import { checkNames } from '../ids.ts';
import type { LaneState, Task } from '../lane/state.ts';
import type { RequiredCheck } from './evidence.ts';

const ours: ReadonlySet<string> = new Set(Object.values(checkNames));

/** When a missing check of the task is to be explained; null when none is missing. */
export function explainsAt(task: Task, state: LaneState, missing: readonly string[]): number | null {
  const unreported = missing.some((name) => !task.pull?.checks.some((check) => check.name === name));
  if (!task.pull?.open || !unreported) return null;
  return Date.parse(task.pull.gate.headAt) + state.policy.gate.report_timeout;
}

function looksAlike(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return a.includes(b) || b.includes(a) || distance(a, b) <= 2;
}

function guess(task: Task, { name, app }: RequiredCheck): string {
  const others = (task.pull?.gate.otherChecks ?? []).filter((other) => !ours.has(other));
  const same = others.find((other) => other === name);
  if (same !== undefined && app !== null)
    return `a check of that name was reported by another App than ${app}, which the rules ask for`;
  const alike = others.find((other) => looksAlike(other, name));
  if (alike !== undefined)
    return `it may be called ${alike} now: name that in the policy or in the branch's rules`;
  if (others.length > 0 || (task.pull?.checks.length ?? 0) > 0)
    return 'other checks did report: its workflow may leave out these paths or branches';
  return 'nothing has reported at all: CI may not run on pushes to this branch, or wait for somebody to allow it';
}

/** The sentence about a check that has not reported for too long; null before that. */
export function likelyCause(task: Task, state: LaneState, check: RequiredCheck, at: string): string | null {
  const due = explainsAt(task, state, [check.name]);
  if (due === null || Date.parse(at) < due) return null;
  return `has never reported on this commit; ${guess(task, check)}`;
}
