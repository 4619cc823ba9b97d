/**
 * `/retry`: a new attempt in fresh context, from a clean branch (what the branch held is kept beside it); or, where the
 * queue has ejected this commit, a new build of it, which counts as this person's approval. On a task that waits it ends
 * the pause before the next attempt.
 */
import { isEnlisted } from '../lane/enlisted.ts';
import type { FactBody } from '../lane/facts.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { closeBreakers } from '../task/breaker.ts';
import { allows } from '../task/lifecycle.ts';
import { approve } from './approve.ts';
import { type Answer, accept, type CommandRule, refuse, type Typed } from './command.ts';

/** The ejection has taken the approvals back, so whoever wants a new build vouches for the commit again. */
function rebuild(state: LaneState, task: Task, typed: Typed<'retry'>): Answer {
  const command = { name: 'approve' as const, sha: null };
  const asked: FactBody = { kind: 'rebuild-asked', issue: task.issue, by: typed.by };
  if (approve.on === 'lane') return refuse('it cannot be approved');
  const approved = approve.run(state, task, { ...typed, command });
  return approved.outcome === 'done' ? accept([asked, ...approved.facts]) : approved;
}

export const retry: CommandRule<'retry'> = {
  needs: 'write',
  on: 'pull',
  run: (state, task, typed) => {
    const { issue, pull } = task;
    const { by } = typed;
    if (mayBeLanding(state, issue)) return refuse('it is landing at this moment');
    if (task.state === 'in-review' && pull !== null && pull.headSha === task.ejectedHead) {
      return rebuild(state, task, typed);
    }
    if (isEnlisted(task)) return refuse('no agent works on it: push to its branch, then type `/approve`');
    if (!allows(task.state, 'resumed')) {
      const instead = task.entry === null ? '' : ': its entry is in the queue already';
      return refuse(`the task is ${task.state}${instead}`);
    }
    const afresh = task.state !== 'waiting';
    return accept([{ kind: 'resumed', issue, by, guidance: null, afresh }, ...closeBreakers(state, by)]);
  },
};
