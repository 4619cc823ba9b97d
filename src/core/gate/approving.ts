/** Whose approval counts, for what, and when it ends. */
import { isEnlisted } from '../lane/enlisted.ts';
import type { FactBody } from '../lane/facts.ts';
import type { Approval, OwnerGroup } from '../lane/pull-state.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { agentLoginOf } from '../task/agent-login.ts';
import { allows } from '../task/lifecycle.ts';
import { ownsItsFiles } from '../task/ownership.ts';
import { isVerdictFor } from './arbiter.ts';
import { isSameLogin } from './fold-gate.ts';

/** Whether the policy has an agent that opens its pull requests under this login. */
function isAgentLogin({ policy }: LaneState, by: string): boolean {
  return Object.keys(policy.agents).some((agent) => {
    const login = agentLoginOf(policy, agent);
    return login !== null && isSameLogin(login, by);
  });
}

/** Why an approval by this person would not count, or null. Whether they may write here is asked of GitHub before. */
export function approverProblem(state: LaneState, task: Task, by: string): string | null {
  const { labeller_may_approve, author_may_approve } = state.policy.gate;
  const isRequester = isSameLogin(by, task.requestedBy);
  const isAuthor = task.pull?.verdict?.authors.some((author) => isSameLogin(author, by)) ?? false;
  if (/\[bot\]$/iu.test(by)) return 'a bot approves nothing';
  // Nobody needs to be asked, so the author's word that it is to land is enough.
  if (isEnlisted(task) && state.policy.gate.approvals === 0) return null;
  if (task.attempt !== null && isSameLogin(by, task.attempt.agent))
    return 'an agent does not approve its own work';
  if (isAgentLogin(state, by))
    return 'the policy names it as the login of an agent, and agents approve nothing';
  if (!labeller_may_approve && isRequester) {
    return 'the policy asks for an approval by someone else than the person who requested the task';
  }
  if (isEnlisted(task) && isRequester) return 'it is their own pull request: someone else must approve it';
  if (isAuthor && isRequester) {
    return 'the person who requested the task wrote these commits too: someone else must approve them';
  }
  if (isAuthor && !author_may_approve) {
    return 'the policy asks for an approval by someone else than the author of the commits';
  }
  return null;
}

/** Why nobody can approve this task as it stands, or null. */
export function approvalRefusal(state: LaneState, task: Task, by: string): string | null {
  const { pull, attempt } = task;
  if (task.suspension) return `the text of #${task.issue} was edited: read it, and approve it there first`;
  if (!pull?.open) return 'there is no open pull request to approve yet';
  if (isEnlisted(task) && pull.draft) return 'it is a draft: mark it ready for review first';
  if (attempt?.openedSha === pull.headSha) return 'the branch has no changes yet';
  if (attempt?.via === 'pull' && (task.state === 'assigned' || task.state === 'working')) {
    return 'the agent is still working: approve when the pull request is ready for review';
  }
  if (!allows(task.state, 'approved')) return `the task is ${task.state}`;
  // An escalated task that was waiting before owns nothing: meanwhile another task may have its paths (I3).
  if (!ownsItsFiles(state, task)) {
    return 'the task does not own its files at present: remove the label `agent-ready` and set it again';
  }
  return approverProblem(state, task, by);
}

/** Why an approval speaks about something else than what would land, or null: same head, version, policy and branch. */
export function endOfApproval(approval: Approval, task: Task, state: LaneState): string | null {
  const { headSha, version, policyHash, epoch, by } = approval;
  const { pull } = task;
  if (headSha !== pull?.headSha)
    return `the head moved from ${headSha.slice(0, 12)} after ${by} had approved it`;
  if (version !== task.version)
    return `the task's version changed after ${by} had approved version ${version}`;
  if (policyHash !== state.policyHash) return `the policy changed after ${by} had approved`;
  if (epoch !== pull.gate.forcePushes)
    return `the branch was force-pushed away and back after ${by} had approved`;
  if (pull.gate.retargeted !== null)
    return `the pull request goes to ${pull.gate.retargeted} instead of ${state.base} now`;
  return null;
}

/** The approvals that count now. That of the policy is none: it only says that nobody needs to be asked. */
export function countingApprovals(task: Task, state: LaneState): Approval[] {
  return task.approvals.filter(
    (approval) =>
      approval.source !== 'policy' &&
      endOfApproval(approval, task, state) === null &&
      approverProblem(state, task, approval.by) === null,
  );
}

function speaksFor(approval: Approval, owner: string): boolean {
  return isSameLogin(owner, `@${approval.by}`) || approval.owns.some((owned) => isSameLogin(owned, owner));
}

/** The groups of owners of which nobody has approved. */
export function openOwnerGroups(task: Task, state: LaneState): OwnerGroup[] {
  const verdict = task.pull?.verdict ?? null;
  if (!isVerdictFor(verdict, task, state.policyHash)) return [];
  const counting = countingApprovals(task, state);
  return verdict.owners.filter(
    ({ owners }) => !owners.some((owner) => counting.some((approval) => speaksFor(approval, owner))),
  );
}

/** Approvals that no longer speak about what would land are taken back, each with its reason. */
export function voidApprovals(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    if (task.state !== 'approved' || mayBeLanding(state, task.issue)) return [];
    const { issue } = task;
    const ended = task.approvals.flatMap((approval) => {
      const reason = endOfApproval(approval, task, state);
      return reason === null ? [] : [{ by: approval.by, reason }];
    });
    const [first] = ended;
    if (!first) return [];
    if (ended.length === task.approvals.length)
      return [{ kind: 'approval-voided', issue, reason: first.reason }];
    return ended.map(({ by, reason }) => ({ kind: 'approval-voided', issue, reason, by }));
  });
}
