/**
 * Ownership: which paths a task claims, when, and when it gives them back. A claim is exclusive, and the database
 * refuses a second one (I3). A shared joint (`ownership.shared`: a manifest, a route table) has one writer at a time
 * too, but nobody waits for it before the first change to it: it is claimed when a diff touches it.
 */
import { isEnlisted } from '../lane/enlisted.ts';
import type { FactBody } from '../lane/facts.ts';
import type { LaneState, Spec, Task, TaskState } from '../lane/state.ts';
import type { Policy } from '../policy.ts';
import { covers, overlap } from './patterns.ts';

const holding: ReadonlySet<TaskState> = new Set([
  'assigned',
  'working',
  'in-review',
  'approved',
  'escalated',
]);

/** The shared joint that a path, or everything a pattern matches, is part of; undefined when there is none. */
export function jointOf(policy: Policy, pattern: string): string | undefined {
  return policy.ownership.shared.find((joint) => covers(joint, pattern));
}

function withoutJoints(policy: Policy, owns: readonly string[]): readonly string[] {
  if (policy.schedule.mode === 'branches') return [];
  const rest = owns.filter((pattern) => jointOf(policy, pattern) === undefined);
  return rest.length > 0 ? rest : owns;
}

/** Asked for every task in every decision, and always the same for one policy and one specification. */
const firstClaims = new WeakMap<readonly string[], { policy: Policy; claims: readonly string[] }>();

/** What a task claims before it starts: what it owns without the joints, or those if it owns nothing else. */
export function claimsAtStart(policy: Policy, { owns }: Pick<Spec, 'owns'>): readonly string[] {
  const known = firstClaims.get(owns);
  if (known?.policy === policy) return known.claims;
  const claims = withoutJoints(policy, owns);
  firstClaims.set(owns, { policy, claims });
  return claims;
}

/** The claims that a task has only because its diff touches something. */
export function extraClaims(policy: Policy, task: Pick<Task, 'spec' | 'claims'>): string[] {
  const first = new Set(claimsAtStart(policy, task.spec));
  return task.claims.filter((path) => !first.has(path));
}

/** Whether the task is under way and has claims that it could have more of. */
export function holdsClaims(task: Task): boolean {
  return holding.has(task.state) && task.claims.length > 0;
}

/**
 * What nobody else may claim because of this task: its claims. One that has started while the policy asked for no
 * claims holds what it owns.
 */
export function heldBy(task: Task): string[] {
  if (!holding.has(task.state)) return [];
  if (task.claims.length > 0) return task.claims;
  if (task.attempt?.job === 'plan') return [];
  // What was escalated before it started owns nothing.
  return task.state === 'escalated' ? [] : task.spec.owns;
}

/**
 * Whether what the task wants to land is its own: what was escalated before it started has no claims. A PR that no task
 * owns never has any: people may change every file.
 */
export function ownsItsFiles({ policy }: LaneState, task: Task): boolean {
  if (isEnlisted(task)) return true;
  return task.claims.length > 0 || policy.schedule.mode === 'branches' || heldBy(task).length > 0;
}

/** The paths that a task may change as things stand. Where nobody claims anything, joints are everybody's. */
export function mayChange({ ownership, schedule }: Policy, task: Task): string[] {
  if (isEnlisted(task)) return ['**'];
  if (schedule.mode === 'branches')
    return ownership.outside === 'expand' ? ['**'] : [...task.spec.owns, ...ownership.shared, ...task.claims];
  return task.claims.length > 0 ? task.claims : task.spec.owns;
}

/** What of the task's declared paths or claims is protected by the policy: a person must look at that. */
export function protectedPathsOf(policy: Policy, task: Pick<Task, 'spec' | 'claims'>): string[] {
  const declared = task.spec.ownsDeclared ? task.spec.owns : [];
  const claimed = task.claims.filter((path) => path !== '**');
  return overlap([...new Set([...declared, ...claimed])], policy.ownership.protected);
}

function whyReleased(task: Task): string {
  if (task.state === 'completed') return 'the task is completed';
  return (
    task.lastReason ?? (task.state === 'waiting' ? 'its attempt has ended' : `the task is ${task.state}`)
  );
}

/** Claims of tasks that are not under way any more are given back, and it is said. */
export function releaseClaims(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] =>
    task.claims.length === 0 || holding.has(task.state)
      ? []
      : [
          {
            kind: 'claims-released',
            issue: task.issue,
            paths: task.claims,
            reason: whyReleased(task),
          },
        ],
  );
}
