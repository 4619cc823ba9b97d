/** A lane as a busy repository has it, made of facts, and the one thing that then happens in it. */
import { decide } from '../../src/core/lane/decide.ts';
import type { Fact, FactBody } from '../../src/core/lane/facts.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import type { Observation } from '../../src/core/lane/observation.ts';
import type { LaneState, Snapshot, Spec, Task } from '../../src/core/lane/state.ts';
import { PolicyFile, policyHash } from '../../src/core/policy.ts';
import { hashSpec } from '../../src/core/task/specification.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
export const now = new Date(start + 86_400_000).toISOString();
const earlier = new Date(start).toISOString();

const policy = PolicyFile.parse({ limits: { running: 3, in_review: 5 } });

/** One file of its own each, one directory in ten shared with a neighbour, one task in ten waits for another. */
function specOf(issue: number): Spec {
  const area = `src/area-${issue % 97}`;
  const owns = [`${area}/module-${issue}/**`, `test/${issue}.test.ts`];
  if (issue % 10 === 0) owns.push(`${area}/common-${Math.floor(issue / 20)}.ts`, 'package.json');
  return {
    title: `Task ${issue}`,
    requirements: 'What is to be done, in a few sentences, as people write it in an issue.',
    design: '',
    acceptance: ['The test suite is green'],
    owns: owns.sort(),
    ownsDeclared: true,
    dependsOn: issue % 10 === 5 ? [issue - 1] : [],
    dependsElsewhere: [],
    budget: { minutes: 45, tokens: null, usd: null },
  };
}

function requested(issue: number): FactBody {
  const spec = specOf(issue);
  return {
    kind: 'task-requested',
    issue,
    spec,
    specHash: hashSpec(spec),
    blockedBy: [],
    blockedElsewhere: [],
    requestedBy: 'maria',
    labelledAt: earlier,
    hidden: 0,
    correlationId: `c-${issue}`,
  };
}

/** Folds many facts with one copy of the tasks and not one for each; the result is the same. */
function foldMany(state: LaneState, facts: readonly Fact[]): LaneState {
  const tasks: Record<number, Task> = {};
  const empty = { ...state, tasks: {} };
  for (const fact of facts) Object.assign(tasks, fold(empty, fact).tasks);
  return { ...state, tasks: { ...state.tasks, ...tasks } };
}

function snapshotOf(state: LaneState): Snapshot {
  return { state, presence: [], leases: {}, hasUnreadIssues: false, unreadChecks: [] };
}

/** All collisions announced, three tasks at work, everything else waiting: at rest. */
export function busyLane(open: number): Snapshot {
  const at = (body: FactBody): Fact => ({ ...body, at: earlier });
  const opening: FactBody[] = [
    { kind: 'lane-opened', owner: 'acme', repo: 'bench', base: 'main' },
    { kind: 'base-moved', sha: 'base-0', by: 'first-sight' },
    { kind: 'policy-read', policy, hash: policyHash(policy) },
  ];
  const opened = opening.map(at).reduce(fold, emptyLane);
  const issues = Array.from({ length: open }, (_, index) => index + 1);
  const asked = foldMany(opened, issues.map(requested).map(at));
  const foreseen = decide(snapshotOf(asked), earlier).state;
  const told = {
    ...foreseen,
    collisions: foreseen.collisions.map((collision) => ({ ...collision, announcedAt: earlier })),
  };
  return snapshotOf(decide(snapshotOf(told), now).state);
}

/** A task that is at work is given up: its issue loses the label. */
export function givenUp(state: LaneState): Observation {
  const task = Object.values(state.tasks).find((each) => each.state === 'assigned');
  if (!task) throw new Error('nothing is at work');
  return { kind: 'issue', issue: task.issue, seen: null, correlationId: 'c' };
}
