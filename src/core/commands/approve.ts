/** `/approve [sha]`: approves this head at this version under this policy; the queue takes it when the gate holds. */

import { approvalRefusal } from '../gate/approving.ts';
import { type LaneState, mayGoOn, type Suspension, type Task } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { stageOf } from '../task/split.ts';
import { acceptVersion, adjustSpec } from '../task/versions.ts';
import { type Answer, accept, type CommandRule, refuse } from './command.ts';

/** Under the issue of an edited text, the word is about the text: it accepts exactly what is there now. */
function acceptText(
  state: LaneState,
  task: Task,
  suspension: Suspension,
  by: string,
  hash: string | null,
): Answer {
  const { pending, why } = suspension;
  if (!mayGoOn(task)) return refuse(`the task is ${task.state}`);
  if (pending === null)
    return refuse(`the text cannot be taken as it is now: ${why ?? 'edit the issue again'}`);
  if (hash !== null && !pending.hash.startsWith(hash.toLowerCase())) {
    return refuse(`the text is now ${pending.hash.slice(0, 12)}: read it, then approve again`);
  }
  if (mayBeLanding(state, task.issue)) return refuse('it is landing at this moment');
  const facts = acceptVersion(state, task, {
    spec: adjustSpec(pending.spec, task.adjust),
    adjust: task.adjust,
    writtenHash: pending.hash,
    hidden: pending.hidden,
    by,
    how: 'approval',
    textAt: suspension.textAt,
  });
  return accept(facts, String(task.version + 1));
}

/** GitHub tells the time of a comment to the second. */
const secondMs = 1_000;

/** Under the issue of a task with a plan, the word is about the plan that was there when it was written. */
function acceptPlan({ issue, state, split }: Task, by: string, writtenAt: string): Answer {
  if (state !== 'waiting' || split === null) return refuse(`the task is ${state}`);
  if (Date.parse(writtenAt) + secondMs <= Date.parse(split.at)) {
    return refuse('this was written before the plan that is proposed now: read it, then approve again');
  }
  return accept([{ kind: 'split-accepted', issue, by }]);
}

export const approve: CommandRule<'approve'> = {
  needs: 'write',
  on: 'any-pull',
  run: (state, task, { command: { sha }, by, under, owns, writtenAt }) => {
    const { pull, suspension } = task;
    if (suspension && under === task.issue) return acceptText(state, task, suspension, by, sha);
    if (suspension) {
      return refuse(`the text of #${task.issue} was edited: read it, and approve it there first`);
    }
    if (under === task.issue && stageOf(state.policy, task) === 'proposed')
      return acceptPlan(task, by, writtenAt);
    if (!pull?.open) return refuse('there is no open pull request to approve yet');
    if (sha !== null && !pull.headSha.startsWith(sha.toLowerCase())) {
      return refuse(`the head commit is now ${pull.headSha.slice(0, 12)}: look at it, then approve again`);
    }
    const problem = approvalRefusal(state, task, by);
    if (problem) return refuse(problem);
    const { headSha } = pull;
    const { issue, version } = task;
    const bound = { headSha, version, policyHash: state.policyHash };
    return accept([{ kind: 'approved', issue, ...bound, by, owns }], headSha);
  },
};
