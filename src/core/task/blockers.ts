/** Everything that keeps a waiting task from starting, as data: people are shown it, and it decides. */
import type { LaneState, Snapshot, Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import { atWork } from './agents.ts';
import { isBetween } from './collisions.ts';
import { overlap } from './patterns.ts';
import { openPrerequisites } from './prerequisites.ts';
import { graceEnds } from './ready.ts';

/** Tasks that hold claims overlapping with what this task owns. */
function holders(state: LaneState, task: Task): { task: Task; paths: string[] }[] {
  return Object.values(state.tasks)
    .filter((other) => other.issue !== task.issue && other.claims.length > 0)
    .map((other) => ({ task: other, paths: overlap(task.spec.owns, other.claims) }))
    .filter(({ paths }) => paths.length > 0);
}

/** Tasks that want the same files, come before this one and wait for nothing but the end of their grace period. */
function soonToStart(state: LaneState, task: Task, at: string): { task: Task; paths: string[] }[] {
  return Object.values(state.tasks)
    .filter((other) => other.state === 'waiting' && other.issue < task.issue && !other.held)
    .filter(
      (other) => graceEnds(state, other) > Date.parse(at) && openPrerequisites(state, other).length === 0,
    )
    .map((other) => ({ task: other, paths: overlap(task.spec.owns, other.spec.owns) }))
    .filter(({ paths }) => paths.length > 0);
}

/** Everything that keeps a waiting task from starting, except the want of a free agent. */
export function blockers({ state, hasUnreadIssues }: Snapshot, task: Task, at: string): Wait[] {
  const waits: Wait[] = [];
  const since = task.since;
  if (state.baseSha === null) {
    waits.push({ kind: 'base', what: `the branch ${state.base} has no commit yet`, since, command: null });
  }
  if (task.held) {
    waits.push({
      kind: 'hold',
      what: 'the label agent-hold is set',
      since,
      command: 'remove the label `agent-hold`',
    });
  }
  if (graceEnds(state, task) > Date.parse(at)) {
    const until = new Date(graceEnds(state, task)).toISOString();
    waits.push({ kind: 'grace', what: `time for late edits, until ${until}`, since, command: null });
  }
  if (hasUnreadIssues) {
    waits.push({ kind: 'announcement', what: 'other issues are being read first', since, command: null });
  }
  waits.push(...openPrerequisites(state, task));
  for (const { task: other, paths } of soonToStart(state, task, at)) {
    const what = `#${other.issue} goes first with ${paths.join(', ')}`;
    waits.push({ kind: 'overlap', what, since, command: null });
  }
  for (const holder of holders(state, task)) {
    const what = `#${holder.task.issue} owns ${holder.paths.join(', ')}`;
    waits.push({ kind: 'overlap', what, since: holder.task.since, command: null });
  }
  const unannounced = state.collisions.filter((c) => isBetween(c, task.issue) && c.announcedAt === null);
  if (unannounced.length > 0) {
    waits.push({ kind: 'announcement', what: 'its collisions are being announced', since, command: null });
  }
  const running = atWork(state).length;
  if (running >= state.policy.limits.running) {
    waits.push({ kind: 'limit', what: `${running} tasks are running, the limit`, since, command: null });
  }
  return waits;
}
