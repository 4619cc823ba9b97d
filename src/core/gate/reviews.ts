/**
 * What GitHub's reviews and permissions amount to. A review that approves counts once, for the head it was written
 * about; one that asks for changes withholds until it is taken back; an approver who may not write any more loses
 * the approval.
 */
import { isDeepStrictEqual } from 'node:util';
import { isEnlisted } from '../lane/enlisted.ts';
import type { FactBody } from '../lane/facts.ts';
import type { Observation, Permission, SeenReview } from '../lane/observation.ts';
import type { Approval } from '../lane/pull-state.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { approvalRefusal } from './approving.ts';
import { isSameLogin } from './fold-gate.ts';

type Seen = Extract<Observation, { kind: 'reviews' }>;

const writing: ReadonlySet<Permission> = new Set(['write', 'maintain', 'admin']);

function objectionsIn(reviews: readonly SeenReview[]) {
  return reviews
    .filter(({ says, permission }) => says === 'changes-requested' && writing.has(permission))
    .map(({ by, id }) => ({ by, review: id }))
    .sort((a, b) => a.review - b.review);
}

/** Why an approval that still speaks about the head does not count any more, or null. */
function endOf(approval: Approval, { reviews, approvers }: Seen): string | null {
  const { by, source } = approval;
  if (source === 'policy') return null;
  const person = approvers.find((each) => isSameLogin(each.by, by));
  if (person && !writing.has(person.permission)) return `${by} may no longer write to this repository`;
  const latest = reviews.find((review) => isSameLogin(review.by, by));
  if (latest?.says === 'changes-requested') return `${by} asks for changes now`;
  if (source !== 'review') return null;
  return latest?.says === 'approved' ? null : `the review of ${by} was dismissed`;
}

function approvalBy(state: LaneState, task: Task, review: SeenReview): FactBody[] {
  const { pull, issue, version } = task;
  if (review.says !== 'approved' || review.isStale || review.headSha !== pull?.headSha) return [];
  if (!writing.has(review.permission) || pull.gate.spentReviews.includes(review.id)) return [];
  if (approvalRefusal(state, task, review.by) !== null) return [];
  // Where no task asked for the work, only somebody's `/approve` says that it is to land; reviews count beside it.
  if (isEnlisted(task) && task.approvals.length === 0) return [];
  return [
    {
      kind: 'approved',
      issue,
      headSha: review.headSha,
      version,
      policyHash: state.policyHash,
      by: review.by,
      source: 'review',
      review: review.id,
      owns: review.owns,
    },
  ];
}

/** The facts that the reviews of a PR, and the permissions of those who approved it, amount to. */
export function interpretReviews(state: LaneState, seen: Seen): FactBody[] {
  const task = state.tasks[seen.issue];
  if (!task?.pull?.open || task.pull.headSha !== seen.headSha || mayBeLanding(state, seen.issue)) return [];
  const { issue } = seen;
  const facts: FactBody[] = [];
  const objections = objectionsIn(seen.reviews);
  if (!isDeepStrictEqual(objections, task.pull.gate.objections))
    facts.push({ kind: 'objections-changed', issue, objections });
  for (const approval of task.approvals) {
    const reason = endOf(approval, seen);
    const owns = seen.approvers.find((each) => isSameLogin(each.by, approval.by))?.owns;
    if (reason !== null) facts.push({ kind: 'approval-voided', issue, reason, by: approval.by });
    else if (owns && !isDeepStrictEqual(owns, approval.owns))
      facts.push({ kind: 'approver-checked', issue, by: approval.by, owns });
  }
  const inOrder = [...seen.reviews].sort((a, b) => a.id - b.id);
  return [...facts, ...inOrder.flatMap((review) => approvalBy(state, task, review))];
}
