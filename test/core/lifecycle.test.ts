import { describe, expect, test } from 'vitest';
import { type FactBody, type LifecycleEvent, taskStates } from '../../src/core/lane/facts.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import type { TaskState } from '../../src/core/lane/state.ts';
import { allows, lifecycle, nextState } from '../../src/core/task/lifecycle.ts';
import { foldAll, openLane, request, specOf } from './lane-driver.ts';

type State = TaskState | 'absent';

const states: readonly State[] = ['absent', ...taskStates];
const events: readonly LifecycleEvent[] = [
  'task-requested',
  'pull-enlisted',
  'version-accepted',
  'attempt-superseded',
  'task-assigned',
  'work-started',
  'work-done',
  'split-proposed',
  'attempt-ended',
  'attempts-exhausted',
  'resumed',
  'approved',
  'approval-voided',
  'entry-ejected',
  'escalated',
  'task-completed',
  'parts-completed',
  'task-cancelled',
];

/** Everything that may happen, written down a second time; whatever is not here must be refused. */
const expected: Record<State, Partial<Record<LifecycleEvent, State>>> = {
  absent: { 'task-requested': 'waiting', 'pull-enlisted': 'in-review' },
  waiting: {
    'version-accepted': 'waiting',
    'task-assigned': 'assigned',
    'attempts-exhausted': 'failed',
    resumed: 'waiting',
    escalated: 'escalated',
    'parts-completed': 'completed',
    'task-cancelled': 'cancelled',
  },
  assigned: {
    'version-accepted': 'assigned',
    'attempt-superseded': 'waiting',
    'work-started': 'working',
    'work-done': 'in-review',
    'split-proposed': 'waiting',
    'attempt-ended': 'waiting',
    'attempts-exhausted': 'failed',
    resumed: 'waiting',
    approved: 'approved',
    escalated: 'escalated',
    'task-completed': 'completed',
    'task-cancelled': 'cancelled',
  },
  working: {
    'version-accepted': 'working',
    'attempt-superseded': 'waiting',
    'work-started': 'working',
    'work-done': 'in-review',
    'split-proposed': 'waiting',
    'attempt-ended': 'waiting',
    'attempts-exhausted': 'failed',
    resumed: 'waiting',
    approved: 'approved',
    escalated: 'escalated',
    'task-completed': 'completed',
    'task-cancelled': 'cancelled',
  },
  'in-review': {
    'version-accepted': 'in-review',
    'attempt-superseded': 'waiting',
    'work-done': 'in-review',
    'attempt-ended': 'waiting',
    'attempts-exhausted': 'failed',
    resumed: 'waiting',
    approved: 'approved',
    'approval-voided': 'in-review',
    escalated: 'escalated',
    'task-completed': 'completed',
    'task-cancelled': 'cancelled',
  },
  approved: {
    'version-accepted': 'in-review',
    'work-done': 'approved',
    'attempt-ended': 'waiting',
    'attempts-exhausted': 'failed',
    approved: 'approved',
    'approval-voided': 'in-review',
    'entry-ejected': 'in-review',
    escalated: 'escalated',
    'task-completed': 'completed',
    'task-cancelled': 'cancelled',
  },
  escalated: {
    'version-accepted': 'escalated',
    'task-requested': 'waiting',
    resumed: 'waiting',
    approved: 'approved',
    escalated: 'escalated',
    'task-completed': 'completed',
    'task-cancelled': 'cancelled',
  },
  failed: {
    'version-accepted': 'failed',
    'task-requested': 'waiting',
    resumed: 'waiting',
    'task-completed': 'completed',
    'task-cancelled': 'cancelled',
  },
  completed: {},
  cancelled: { 'task-requested': 'waiting', 'pull-enlisted': 'in-review' },
};

describe('the table of a task’s life', () => {
  test('has every state and every event, and nothing else', () => {
    expect(Object.keys(lifecycle).sort()).toEqual([...states].sort());
    for (const state of states) expect(Object.keys(lifecycle[state]).sort()).toEqual([...events].sort());
  });

  test.each(states.flatMap((state) => events.map((event) => ({ state, event }))))(
    '$state and $event',
    ({ state, event }) => {
      const to = expected[state][event];
      expect(allows(state, event)).toBe(to !== undefined);
      if (to === undefined) expect(() => nextState(state, event)).toThrow(`${state} cannot take ${event}`);
      else expect(nextState(state, event)).toBe(to);
    },
  );

  test('nothing leaves completed', () => {
    for (const event of events) expect(allows('completed', event)).toBe(false);
  });

  test('every state but completed has a way out, and every state can be reached', () => {
    for (const state of states.filter((each) => each !== 'completed')) {
      expect(Object.values(expected[state]).some((to) => to !== state)).toBe(true);
    }
    const reached = new Set<State>(['absent']);
    for (const state of reached) {
      for (const event of events) {
        if (allows(state, event)) reached.add(nextState(state, event));
      }
    }
    expect([...reached].sort()).toEqual([...states].sort());
  });
});

const at = '2026-01-01T00:00:00.000Z';

describe('folding a fact that cannot follow', () => {
  const requested: FactBody = {
    kind: 'task-requested',
    issue: 1,
    spec: specOf(),
    specHash: 'hash',
    blockedBy: [],
    blockedElsewhere: [],
    requestedBy: 'maria',
    labelledAt: null,
    hidden: 0,
    correlationId: 'c-1',
  };

  test.each<FactBody>([
    { kind: 'task-cancelled', issue: 1, reason: 'gone' },
    { kind: 'work-done', issue: 1, attempt: 1, by: 'w' },
    { kind: 'task-held', issue: 1, held: true },
    { kind: 'queue-entered', issue: 1, headSha: 'h' },
    { kind: 'pull-closed', issue: 1, merged: false },
  ])('$kind of a task that does not exist throws', (fact) => {
    expect(() => fold(emptyLane, { ...fact, at })).toThrow('no task for issue #1');
  });

  test.each<FactBody>([
    { kind: 'candidate-made', build: 1, sha: 's', tree: 't' },
    { kind: 'build-passed', build: 1 },
    { kind: 'build-failed', build: 1, reason: 'red' },
    { kind: 'build-abandoned', build: 1, reason: 'moved' },
    {
      kind: 'landed',
      landing: { build: 1, sha: 's', tree: 't', testedSha: 's', testedTree: 't', entries: [] },
    },
  ])('$kind of a build that does not exist throws', (fact) => {
    expect(() => fold(emptyLane, { ...fact, at })).toThrow('no build 1');
  });

  test('a task is not requested twice while it is under way', () => {
    const once = foldAll(emptyLane, [requested]);
    expect(() => foldAll(once, [requested])).toThrow('a task that is waiting cannot take task-requested');
  });

  test('a waiting task is neither approved nor completed', () => {
    const once = foldAll(emptyLane, [requested]);
    const approved: FactBody = {
      kind: 'approved',
      issue: 1,
      headSha: 'h',
      version: 1,
      policyHash: 'p',
      by: 'rita',
    };
    expect(() => foldAll(once, [approved])).toThrow('cannot take approved');
    expect(() => foldAll(once, [{ kind: 'task-completed', issue: 1, sha: 's' }])).toThrow('cannot take');
  });

  test('a task that was cancelled and is asked for again keeps its version, or gets the next one', () => {
    const again = foldAll(emptyLane, [
      requested,
      { kind: 'task-cancelled', issue: 1, reason: 'label removed' },
    ]);
    expect(foldAll(again, [requested]).tasks[1]).toMatchObject({ version: 1, state: 'waiting', attempts: 0 });
    const changed: FactBody = { ...requested, specHash: 'other' };
    expect(foldAll(again, [changed]).tasks[1]).toMatchObject({ version: 2, state: 'waiting' });
  });

  test('fences grow over attempts and over tasks', () => {
    const lane = openLane();
    request(lane, 1);
    request(lane, 2, { spec: { owns: ['src/b.js'] } });
    expect(lane.task(1).attempt?.fence).toBe(1);
    expect(lane.task(2).attempt?.fence).toBe(2);
    expect(lane.state.nextFence).toBe(3);
  });
});
