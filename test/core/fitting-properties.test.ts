/** Random lives of two tasks in the same files: what comes back, what falls behind, who is asked, and what replays. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../src/core/lane/decide.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import { assertReturned, assertUpdates } from './fitting-invariants.ts';
import {
  approve,
  checks,
  command,
  issue,
  judge,
  type LaneDriver,
  makeCandidate,
  openLane,
  openWork,
  policy,
  pull,
} from './lane-driver.ts';

const actions = [
  'work',
  'enter',
  'enter',
  'red',
  'conflict',
  'approve',
  'green',
  'red',
  'conflict',
  'base',
  'rebase',
  'merge',
  'clash',
] as const;
const rare = ['fail', 'resume', 'push', 'retry', 'hold', 'unhold', 'red-head'] as const;
const number = fc.integer({ min: 1, max: 2 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom(...actions), issue: number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom(...rare), issue: number }) },
);
type Action = { do: (typeof actions)[number] | (typeof rare)[number]; issue: number };

const seen = { returned: 0, asked: 0, updates: 0, misfits: 0, voided: 0, landed: 0 };
let serial = 0;

function speak(lane: LaneDriver, number: number, word: { kind: 'done'; head: string } | 'fail'): void {
  const { attempt } = lane.task(number);
  const about = {
    kind: 'agent' as const,
    issue: number,
    attempt: attempt?.number ?? 0,
    fence: attempt?.fence ?? 0,
  };
  lane.see({ ...about, word: { kind: 'claimed', claimId: `claim-${about.fence}`, worker: 'w-1' } });
  if (word !== 'fail') lane.see(pull(lane.task(number), { headSha: word.head, draft: false }));
  lane.see({
    ...about,
    word: word === 'fail' ? { kind: 'failed', class: 'semantic', message: 'it cannot be done' } : word,
  });
}

/** What becomes of the oldest build that runs. */
function build(lane: LaneDriver, what: 'green' | 'red' | 'conflict'): void {
  const running = Object.values(lane.state.builds).find(
    ({ state }) => state === 'preparing' || state === 'testing',
  );
  if (!running) return;
  if (running.state === 'preparing' && what === 'conflict') {
    const [last] = running.entries.slice(-1);
    const result = { kind: 'conflict' as const, issue: last?.issue ?? 0, with: [] };
    lane.see({ kind: 'candidate', build: running.number, result });
    return;
  }
  if (running.state === 'preparing') makeCandidate(lane, running.number);
  const { sha, tree, state } = lane.state.builds[running.number] ?? {};
  if (state === 'testing') lane.see(checks(sha ?? '', what === 'green' ? 'success' : 'failure'));
  if (lane.state.builds[running.number]?.state !== 'landing') return;
  const result = { kind: 'landed' as const, sha: sha ?? '', tree: tree ?? '', blobs: { 'src/a.js': 'x' } };
  lane.see({ kind: 'landing', build: running.number, result });
}

function update(lane: LaneDriver, isClash: boolean): void {
  if (!lane.pending.some(({ effect }) => effect.kind === 'update-branch')) return;
  const effect = lane.take('update-branch');
  if (effect?.kind !== 'update-branch') return;
  serial += 1;
  const { issue: of, headSha, baseSha } = effect;
  const result = isClash
    ? { kind: 'conflict' as const }
    : { kind: 'updated' as const, sha: `merge-${serial}` };
  lane.see({ kind: 'branch-update', issue: of, headSha, baseSha, result });
  if (lane.task(of).pull?.headSha === `merge-${serial}`) judge(lane, of);
}

function act(lane: LaneDriver, action: Action): void {
  const { issue: number } = action;
  const task = lane.task(number);
  serial += 1;
  const isOpen = task.pull?.open === true;
  switch (action.do) {
    case 'work':
    case 'enter':
    case 'fail':
      if (task.state === 'waiting') lane.pass(61_000);
      if (lane.task(number).state !== 'assigned') return;
      openWork(lane, number);
      speak(lane, number, action.do === 'fail' ? 'fail' : { kind: 'done', head: `head-${serial}` });
      if (action.do !== 'fail') judge(lane, number);
      if (action.do === 'enter') lane.see(approve(100 + number));
      return;
    case 'approve':
      if (isOpen) lane.see(approve(100 + number));
      return;
    case 'green':
    case 'red':
    case 'conflict':
      build(lane, action.do);
      return;
    case 'base':
      lane.see({ kind: 'base', sha: `base-${serial}`, paths: ['src/a.js'] });
      return;
    case 'merge':
    case 'clash':
      update(lane, action.do === 'clash');
      return;
    case 'push':
      if (isOpen) lane.see(pull(task, { headSha: `push-${serial}` }));
      return;
    case 'red-head':
      if (task.pull) lane.see(checks(task.pull.headSha, 'failure'));
      return;
    case 'resume':
      lane.see(command(number, { index: 0, name: 'resume', guidance: 'A' }));
      return;
    case 'hold':
      lane.see(command(number, { index: 0, name: 'hold', why: null }));
      return;
    case 'rebase':
    case 'retry':
    case 'unhold':
      lane.see(command(number, { index: 0, name: action.do }));
      return;
    default:
      action.do satisfies never;
  }
}

function openTwo(update_branches: string, returns: number): LaneDriver {
  const lane = openLane();
  lane.presence = [{ agent: 'local', worker: 'w-1', seenAt: lane.at }];
  lane.see(
    policy({
      schedule: { grace: '0s', mode: 'branches' },
      agents: { local: { via: 'pull', capacity: 9 } },
      limits: { returns, backoff: ['1s'], breaker: { agent: 99, repository: 99 } },
      queue: { flake_retries: 0, update_branches },
    }),
  );
  lane.watch = (step) => {
    assertUpdates(step);
    let state = step.before;
    for (const fact of step.facts) {
      if (fact.kind === 'attempt-ended' && fact.end === 'ejected') {
        seen.returned += 1;
        assertReturned(state, fact.issue);
      }
      if (fact.kind === 'escalated') seen.asked += 1;
      if (fact.kind === 'branch-updated') seen.updates += 1;
      if (fact.kind === 'update-conflicted') seen.misfits += 1;
      if (fact.kind === 'approval-voided') seen.voided += 1;
      if (fact.kind === 'landed') seen.landed += 1;
      state = fold(state, fact);
    }
    if (!isDeepStrictEqual(state, step.after)) throw new Error('I7: the facts do not make the step');
    const told = step.effects.filter(({ kind }) => kind === 'notify');
    const about = told.flatMap((effect) =>
      effect.kind === 'notify' && 'issue' in effect.fact ? [effect.fact.issue] : [],
    );
    if (new Set(about).size !== about.length) throw new Error('one thing was told twice');
    if (decide(lane.snapshot, lane.at).facts.length > 0) throw new Error('decided again');
  };
  lane.see(issue(1, {}), issue(2, {}));
  lane.pass(1_000);
  for (const { a, b } of lane.state.collisions) lane.see({ kind: 'collision-announced', a, b });
  return lane;
}

test('work comes back as often as the policy says, branches move only when nobody minds, and all of it replays', {
  timeout: 60_000,
}, () => {
  fc.assert(
    fc.property(
      fc.constantFrom('never', 'before-review', 'before-queue'),
      fc.integer({ min: 0, max: 3 }),
      fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }),
      (when, returns, steps) => {
        const lane = openTwo(when, returns);
        for (const each of steps) {
          lane.presence = [{ agent: 'local', worker: 'w-1', seenAt: lane.at }];
          act(lane, each);
        }
        expect(lane.journal.reduce(fold, emptyLane)).toEqual(lane.state);
      },
    ),
    { numRuns: 500 },
  );
  // Without these it would be true of a lane to which nothing happens.
  expect(seen.returned).toBeGreaterThan(100);
  expect(seen.asked).toBeGreaterThan(50);
  expect(seen.updates).toBeGreaterThan(40);
  expect(seen.misfits).toBeGreaterThan(40);
  expect(seen.voided).toBeGreaterThan(20);
  expect(seen.landed).toBeGreaterThan(50);
});
