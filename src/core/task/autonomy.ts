/**
 * Autonomy: how much of a person a change needs. Each path of the diff gets the strictest level among the rules that
 * match it, or the default; the strictest path decides for the task. Risk makes it stricter still: protected paths and
 * complex tasks need a person, and what the arbiter warns about is never out of the loop.
 */
import { gateOf } from '../gate/gate.ts';
import { isEnlisted } from '../lane/enlisted.ts';
import type { FactBody } from '../lane/facts.ts';
import type { LaneState, Task } from '../lane/state.ts';
import type { Policy } from '../policy.ts';
import { protectedPathsOf } from './ownership.ts';
import { matches } from './patterns.ts';
import { type Grace, isComplex } from './record.ts';

export type Level = Policy['autonomy']['default'];

/** From the strictest to the freest. */
const levels: readonly Level[] = ['in-the-loop', 'on-the-loop', 'out-of-the-loop'];

export interface Autonomy {
  level: Level;
  /** What decided, for people. */
  why: string;
}

function stricter(a: Autonomy, b: Autonomy): Autonomy {
  return levels.indexOf(b.level) < levels.indexOf(a.level) ? b : a;
}

function levelOfPath({ autonomy }: Policy, labels: readonly string[], path: string): Autonomy {
  const found = autonomy.rules
    .filter((rule) => rule.labels.length === 0 || rule.labels.some((label) => labels.includes(label)))
    .filter((rule) => matches(rule.paths, path))
    .map(({ level }): Autonomy => ({ level, why: `a rule for ${path} says ${level}` }));
  const [first, ...rest] = found;
  return first
    ? rest.reduce(stricter, first)
    : { level: autonomy.default, why: `the policy's default is ${autonomy.default}` };
}

/** How much of a person the present head of a task needs. A diff that is not known needs one. */
export function autonomyOf(task: Task, { policy }: LaneState): Autonomy {
  const verdict = task.pull?.verdict;
  const isOfHead = verdict?.headSha === task.pull?.headSha && verdict?.version === task.version;
  if (!verdict?.touched || !isOfHead) return { level: 'in-the-loop', why: 'its diff is not known yet' };
  // The branch as it was opened: what it will change is still to come.
  if (verdict.touched.length === 0) return { level: 'in-the-loop', why: 'it changes nothing yet' };
  if (isComplex(task)) return { level: 'in-the-loop', why: 'it was in the human queue twice' };
  const [guarded] = protectedPathsOf(policy, task);
  const risky =
    guarded ??
    verdict.touched.find((path) => matches(policy.ownership.protected, path)) ??
    verdict.findings.find((finding) => finding.rule === 'protected')?.path;
  if (risky != null) return { level: 'in-the-loop', why: `${risky} is protected` };
  const byPath = verdict.touched
    .map((path) => levelOfPath(policy, task.labels, path))
    .reduce(stricter, { level: 'out-of-the-loop', why: 'every path is out of the loop' });
  return verdict.findings.length > 0
    ? stricter(byPath, { level: 'on-the-loop', why: 'the arbiter has remarks' })
    : byPath;
}

/** The grace period of the present head, if it has begun. */
export function graceOf({ record, pull, version }: Task): Grace | null {
  const { grace } = record;
  return grace !== null && grace.headSha === pull?.headSha && grace.version === version ? grace : null;
}

/** What is left to do for a task that nobody needs to approve; nothing for all others. */
function approveAlone(state: LaneState, task: Task, at: string): FactBody[] {
  const { issue, pull, version } = task;
  if (task.state !== 'in-review' || !pull?.open || pull.headSha === task.ejectedHead) return [];
  if (isEnlisted(task)) return [];
  // The work was reported before its push was seen: what is known of the branch is the commit that opened it.
  if (pull.headSha === task.attempt?.openedSha) return [];
  const { level } = autonomyOf(task, state);
  if (level === 'in-the-loop') return [];
  // Owners that the policy asks for, and people who ask for changes, are asked all the same.
  const rest = gateOf(task, state).filter((row) => row.name !== 'approval');
  if (rest.some((row) => row.state !== 'ok')) return [];
  const { headSha } = pull;
  const grace = graceOf(task);
  if (level === 'on-the-loop' && grace === null) {
    const until = new Date(Date.parse(at) + state.policy.autonomy.grace).toISOString();
    return [{ kind: 'grace-started', issue, headSha, version, until }];
  }
  if (level === 'on-the-loop' && grace !== null && grace.until > at) return [];
  const bound = { headSha, version, policyHash: state.policyHash };
  return [{ kind: 'approved', issue, ...bound, by: 'policy', source: 'policy' }];
}

/**
 * Out of the loop, a head that passes the rest of its gate counts as approved at once; on the loop, when the grace
 * period has passed and nobody has held it.
 */
export function approveByAutonomy(state: LaneState, at: string): FactBody[] {
  return Object.values(state.tasks).flatMap((task) => approveAlone(state, task, at));
}
