/** `/approve [sha]`: approves this head at this version under this policy; the queue takes it when the gate holds. */

import type { LaneState, Task } from '../lane/state.ts';
import { allows } from '../task/lifecycle.ts';
import { accept, type CommandRule, refuse } from './command.ts';

/** Why this person's approval would not count, or null. */
function approverProblem(state: LaneState, task: Task, by: string): string | null {
  if (!state.policy.gate.labeller_may_approve && by === task.requestedBy) {
    return 'the policy asks for an approval by someone else than the person who requested the task';
  }
  return null;
}

export const approve: CommandRule<'approve'> = {
  needs: 'write',
  on: 'task',
  run: (state, task, { command: { sha }, by }) => {
    const { pull, attempt } = task;
    if (!pull?.open) return refuse('there is no open pull request to approve yet');
    if (sha !== null && !pull.headSha.startsWith(sha.toLowerCase())) {
      return refuse(`the head commit is now ${pull.headSha.slice(0, 12)}: look at it, then approve again`);
    }
    if (attempt?.openedSha === pull.headSha) return refuse('the branch has no changes yet');
    if (attempt?.via === 'pull' && (task.state === 'assigned' || task.state === 'working')) {
      return refuse('the agent is still working: approve when the pull request is ready for review');
    }
    if (!allows(task.state, 'approved')) return refuse(`the task is ${task.state}`);
    // An escalated task that was waiting before owns nothing: meanwhile another task may have its paths (I3).
    if (task.claims.length === 0) {
      return refuse(
        'the task does not own its files at present: remove the label `agent-ready` and set it again',
      );
    }
    const problem = approverProblem(state, task, by);
    if (problem) return refuse(problem);
    const { headSha } = pull;
    const { issue, version } = task;
    const bound = { headSha, version, policyHash: state.policyHash };
    return accept([{ kind: 'approved', issue, ...bound, by }], headSha);
  },
};
