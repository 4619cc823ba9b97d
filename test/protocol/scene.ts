/** A task and its rows, as the texts see them; each test changes what it is about. */
import { freshEvidence } from '../../src/core/gate/evidence.ts';
import type { GateRow } from '../../src/core/gate/gate.ts';
import type { Spec, Task } from '../../src/core/lane/state.ts';
import type { PlanRow, QueueRow, Wait } from '../../src/core/lane/view.ts';
import { emptyRecord } from '../../src/core/task/record.ts';
import type { CommentExtra } from '../../src/protocol/standing-text.ts';

export const at = '2026-11-20T10:03:27.123Z';
export const head = '0123456789abcdef0123456789abcdef01234567';

export function wait(change: Partial<Wait>): Wait {
  return { kind: 'dependency', what: '#7 is working', since: at, command: null, ...change };
}

export const approvalWait = wait({
  kind: 'approval',
  what: 'nobody has approved this commit',
  command: '/approve',
});

export function planRow(change: Partial<PlanRow> = {}): PlanRow {
  const state = change.state ?? 'waiting';
  return {
    issue: 42,
    title: 'Count the tasks',
    branch: 'agent/42-count-the-tasks',
    owns: ['src/cli.js', 'test/**'],
    dependsOn: [7],
    protectedPaths: [],
    priority: 'normal',
    dependsElsewhere: [],
    agent: 'local',
    worker: 'w1',
    state,
    status: state,
    pull: 50,
    version: 1,
    change: null,
    attempts: 1,
    waitsOn: [],
    reason: null,
    since: at,
    startedAt: at,
    landedAt: null,
    landedAs: null,
    ...change,
  };
}

export function queueRow(change: Partial<QueueRow> = {}): QueueRow {
  return {
    position: 2,
    issue: 42,
    title: 'Count the tasks',
    pull: 50,
    headSha: head,
    status: 'queued',
    build: null,
    enteredAt: at,
    lands: null,
    waitsOn: [],
    ...change,
  };
}

const spec: Spec = {
  title: 'Count the tasks',
  requirements: 'Add `--count`.',
  design: '',
  acceptance: ['prints 0'],
  owns: ['src/cli.js', 'test/**'],
  ownsDeclared: true,
  dependsOn: [7],
  dependsElsewhere: [],
  budget: { minutes: null, tokens: null, usd: null },
};

export function task(change: Partial<Task> = {}): Task {
  return {
    issue: 42,
    title: 'Count the tasks',
    state: 'in-review',
    version: 1,
    spec,
    specHash: 'abc',
    blockedBy: [],
    blockedElsewhere: [],
    labelledAt: null,
    textAt: null,
    writtenHash: 'abc',
    adjust: { own: [], disown: [], depends: [], independent: [] },
    suspension: null,
    change: null,
    branch: 'agent/42-count-the-tasks',
    asked: [],
    hidden: 0,
    requestedBy: 'alice',
    requestedAt: at,
    held: false,
    hold: null,
    dismissedAt: null,
    correlationId: 'c-1',
    attempts: 1,
    attempt: null,
    claims: [],
    labels: [],
    routing: { priority: null, agent: null },
    split: null,
    areas: [],
    pull: {
      number: 50,
      headSha: head,
      draft: false,
      open: true,
      merged: false,
      checks: [{ name: 'ci', conclusion: 'success', url: 'https://ci.example.org/1' }],
      verdict: null,
      gate: freshEvidence(at, { version: 1, spec }),
    },
    approvals: [],
    entry: null,
    ejectedHead: null,
    escalation: null,
    record: emptyRecord,
    lastReason: null,
    since: at,
    startedAt: at,
    landedAt: null,
    landedAs: null,
    ...change,
  };
}

export const gate: GateRow[] = [
  { condition: 'checks', name: 'ci', state: 'ok', detail: 'success' },
  { condition: 'arbiter', name: 'signalbox/arbiter', state: 'ok', detail: 'no findings that fail' },
  { condition: 'approval', name: 'approval', state: 'pending', detail: 'nobody has approved this commit' },
];

export function extra(change: Partial<CommentExtra> = {}): CommentExtra {
  return {
    lane: 'acme/demo@main',
    graph: { nodes: [], edges: [] },
    collisions: [],
    policyProblem: null,
    recent: [],
    correlationId: 'c-1',
    hidden: 0,
    publicUrl: null,
    ...change,
  };
}
