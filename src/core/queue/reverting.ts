/** Taking back what has landed: which commits that is, and what has landed since that may rest on it. */

import { approvalRefusal } from '../gate/approving.ts';
import type { FactBody } from '../lane/facts.ts';
import { enlistPull } from '../lane/fold-task.ts';
import type { Observation } from '../lane/observation.ts';
import { type LaneState, prerequisitesOf, type Task } from '../lane/state.ts';
import { allows } from '../task/lifecycle.ts';
import { overlap } from '../task/patterns.ts';

/** A PR that landed, and the base branch right before and right after it. */
export interface LandedPull {
  pull: number;
  issue: number;
  title: string;
  before: string;
  after: string;
  /** Whether these commits are known to be its own: false where the sum was put together at landing. */
  exact: boolean;
  /** What landed since and may rest on it, oldest first. */
  dependants: Dependant[];
}

export interface Dependant {
  pull: number;
  /** It names the reverted one as a prerequisite. */
  depends: boolean;
  /** Files that both change. */
  paths: string[];
}

const mostPaths = 20;
export const mostDependants = 50;

/** Which of what landed later depends on a task, or changes the same files. A diff that is not known is not compared. */
export function dependantsOf(reverted: Task | undefined, later: readonly Task[]): Dependant[] {
  const touched = reverted?.pull?.verdict?.touched ?? [];
  return later
    .flatMap((task): Dependant[] => {
      if (!task.pull) return [];
      const depends = reverted !== undefined && prerequisitesOf(task).includes(reverted.issue);
      const paths = overlap(task.pull.verdict?.touched ?? [], touched).slice(0, mostPaths);
      return depends || paths.length > 0 ? [{ pull: task.pull.number, depends, paths }] : [];
    })
    .slice(0, mostDependants);
}

type Seen = Extract<Observation, { kind: 'revert' }>;

/** The PR that takes a landing back has been opened, or could not be: whoever asked for it is told either way. */
export function interpretRevert(state: LaneState, { asked, result }: Seen): FactBody[] {
  const { under, landed, by } = asked;
  const reverts = landed.pull;
  if (result.kind === 'failed') return [{ kind: 'revert-failed', under, reverts, why: result.why }];
  const { number: issue, ...offered } = result.offered;
  const before = state.tasks[issue];
  const isNew = allows(before?.state ?? 'absent', 'pull-enlisted');
  const enlisted = { kind: 'pull-enlisted' as const, issue, offered, by };
  const task = isNew ? enlistPull(before, { ...enlisted, at: asked.at }) : before;
  if (!task?.pull) return [];
  const refusal = approvalRefusal(state, task, by);
  const { headSha } = task.pull;
  const { version } = task;
  const why = `/revert #${reverts}`;
  const isApproved = task.approvals.some((approval) => approval.by === by);
  return [
    ...(isNew ? [enlisted] : []),
    // The rule guards against taking back by mistake what has landed; here somebody has asked for just that.
    ...(headSha === offered.headSha
      ? [
          {
            kind: 'rule-overridden' as const,
            issue,
            override: { rule: 'reversal', why, by, headSha, version },
          },
        ]
      : []),
    ...(refusal === null && !isApproved
      ? [{ kind: 'approved' as const, issue, headSha, version, policyHash: state.policyHash, by }]
      : []),
    { kind: 'revert-opened', under, reverts, pull: issue, dependants: landed.dependants, refusal },
  ];
}
