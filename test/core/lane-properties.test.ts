/**
 * The invariants of design §5 as far as the core alone can hold them, over random histories. The world remembers by
 * itself what the lane was told, so that the gate is judged by somebody else than the gate.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/core/lane/decide.ts';
import { effectKey, wantedEffects } from '../../src/core/lane/effects.ts';
import type { Fact } from '../../src/core/lane/facts.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import { holdsFence, interpret } from '../../src/core/lane/interpret.ts';
import type { Observation } from '../../src/core/lane/observation.ts';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import { isLive, type LaneState, prerequisitesOf, type Task } from '../../src/core/lane/state.ts';
import { mayChange } from '../../src/core/task/ownership.ts';
import { matches, overlap } from '../../src/core/task/patterns.ts';
import { lives, playLife } from './attempt-histories.ts';
import { assertReturned, assertUpdates } from './fitting-invariants.ts';
import type { Step } from './lane-driver.ts';
import { type Action, goodLuck, histories, World } from './lane-histories.ts';

const seen = {
  landings: 0,
  assignments: 0,
  ejections: 0,
  stale: 0,
  expiries: 0,
  extensions: 0,
  outside: 0,
  escalations: 0,
  repeats: 0,
  failures: 0,
  pauses: 0,
  late: 0,
  latePushes: 0,
  alone: 0,
  warnings: 0,
  answers: 0,
  expansions: 0,
  releases: 0,
  withheld: 0,
  builds: 0,
  overlaps: 0,
};

function fail(invariant: string, what: string): never {
  throw new Error(`${invariant}: ${what}`);
}

function activeBuilds(state: LaneState) {
  return Object.values(state.builds).filter((build) =>
    ['preparing', 'testing', 'landing'].includes(build.state),
  );
}

function runningBuilds(state: LaneState) {
  return activeBuilds(state).filter((build) => build.state !== 'landing');
}

/** Prerequisites land before what needs them, or with it (I5). */
function assertOrder(state: LaneState, entries: readonly { issue: number }[], issue: number): void {
  const issues = entries.map((entry) => entry.issue);
  for (const number of prerequisitesOf(state.tasks[issue] as Task)) {
    const done = (state.tasks[number]?.state ?? state.prerequisites[number]) === 'completed';
    const before = issues.indexOf(number);
    const isGivenUp = state.prerequisites[number] === 'completed';
    if (!done && !isGivenUp && (before < 0 || before > issues.indexOf(issue)))
      fail('I5', `#${issue} goes before #${number}`);
  }
}

/** The gate of one entry, from what the world was told and not from what the gate says. */
function assertGate(
  world: World,
  state: LaneState,
  facts: readonly Fact[],
  entry: { issue: number; headSha: string },
): void {
  const task = state.tasks[entry.issue];
  if (!task) fail('I2', `#${entry.issue} is no task`);
  const told = world.checks.get(entry.headSha);
  for (const name of state.policy.gate.checks) {
    if (told?.get(name) !== 'success') fail('I2', `${name} is not green on ${entry.headSha}`);
  }
  const touched = world.diffs.get(`${entry.issue}:${entry.headSha}`);
  if (!touched?.every((path) => matches(mayChange(state.policy, task), path)))
    fail('I2', `the diff of ${entry.headSha} was not judged well`);
  const approvals = facts.filter((fact) => fact.kind === 'approved' && fact.issue === entry.issue);
  const last = approvals.at(-1);
  // Another person's approval may end without this one.
  const ends = (fact: Fact): boolean =>
    fact.kind === 'task-requested' ||
    fact.kind === 'escalated' ||
    (fact.kind === 'approval-voided' &&
      (fact.by === undefined || (last?.kind === 'approved' && fact.by === last.by)));
  const ended = facts.findLastIndex((fact) => ends(fact) && 'issue' in fact && fact.issue === entry.issue);
  if (last?.kind !== 'approved' || facts.indexOf(last) < ended) fail('I2', 'no approval in force');
  const bound = { headSha: last.headSha, version: last.version, policyHash: last.policyHash };
  const landing = { headSha: entry.headSha, version: task.version, policyHash: state.policyHash };
  if (!isDeepStrictEqual(bound, landing)) fail('I2', 'the approval is for something else');
  if (last.by === 'policy' && state.policy.gate.approvals > 0) assertAutonomy(world, state, task, touched);
  if (task.held || task.hold) fail('I2', 'the task is held');
}

/** What the one policy of the histories that lets changes approve themselves says, in other words than the core's. */
function assertAutonomy(world: World, state: LaneState, task: Task, touched: readonly string[]): void {
  if (state.policy.autonomy.default !== 'on-the-loop') fail('I2', 'nobody approved');
  if (task.record.escalations > 1) fail('I2', 'a complex task approved itself');
  if (touched.some((path) => path.startsWith('lib/') || path === 'src/b.js'))
    fail('I2', `nobody approved ${touched.join(', ')}`);
  if (touched.every((path) => path.startsWith('docs/'))) return;
  const began = world.lane.journal.find(
    (fact) =>
      fact.kind === 'grace-started' && fact.issue === task.issue && fact.headSha === task.pull?.headSha,
  );
  if (!began || Date.parse(world.lane.at) - Date.parse(began.at) < 600_000)
    fail('I2', 'approved before its grace period had passed');
}

/** Whether a candidate with this task has passed, and may be on its way. */
function isLanding(state: LaneState, issue: number): boolean {
  return activeBuilds(state).some((build) => build.flight?.entries.some((entry) => entry.issue === issue));
}

/** Nothing starts in a pause, past a budget of the day, or for a task whose attempts are used up. */
function assertMayStart(before: LaneState, fact: Extract<Fact, { kind: 'task-assigned' }>): void {
  const { record } = before.tasks[fact.issue] as Task;
  if (record.notBefore !== null && record.notBefore > fact.at) fail('retry', 'started within its pause');
  if (record.used >= before.policy.limits.attempts) fail('retry', 'one attempt too many');
  if (record.escalations > 1 && record.used > 0) fail('retry', 'a complex task was tried again by itself');
  if (record.late.some((work) => work.settledAt === null && work.sha === fact.baseSha))
    fail('I8', 'started from late work');
  for (const name of ['', fact.agent]) {
    const until = before.health[name]?.pausedUntil ?? null;
    if (until !== null && until > fact.at) fail('breaker', `"${name}" was given work in its pause`);
  }
  const { agent_day: ofAgent, repository_day: ofRepository } = before.policy.limits;
  const today = before.spending.day === fact.at.slice(0, 10) ? before.spending.agents : {};
  if ((today[fact.agent]?.usd ?? 0) >= (ofAgent.usd ?? Number.POSITIVE_INFINITY))
    fail('budget', 'an agent past its day was given work');
  const minutes = Object.values(today).reduce((sum, usage) => sum + usage.minutes, 0);
  if (minutes >= (ofRepository.minutes ?? Number.POSITIVE_INFINITY))
    fail('budget', 'work started past the day of the repository');
}

function assertFact(world: World, step: Step, before: LaneState, fact: Fact, facts: readonly Fact[]): void {
  switch (fact.kind) {
    case 'task-assigned': {
      seen.assignments += 1;
      for (const number of prerequisitesOf(before.tasks[fact.issue] as Task)) {
        const completed = (before.tasks[number]?.state ?? before.prerequisites[number]) === 'completed';
        if (!completed || number === fact.issue) fail('I5', `#${fact.issue} started before #${number}`);
      }
      if (fact.fence !== before.nextFence) fail('I8', 'a fence was used twice');
      assertMayStart(before, fact);
      if (fact.claims.length === 0 && before.policy.schedule.mode !== 'branches')
        fail('I3', `#${fact.issue} started without claims`);
      return;
    }
    case 'build-started':
      seen.builds += 1;
      if (fact.baseSha !== before.baseSha) fail('I1', 'a candidate of an old base was started');
      if (new Set(fact.entries.map(({ issue }) => issue)).size !== fact.entries.length)
        fail('I4', 'an entry twice in one candidate');
      // Asked for by a person, beside the queue's own, and never lands.
      if (fact.purpose === 'try') return;
      if (runningBuilds(before).length >= before.policy.queue.builds) fail('budget', 'a build too many');
      for (const entry of fact.entries) {
        assertGate(world, before, facts, entry);
        assertOrder(before, fact.entries, entry.issue);
      }
      return;
    case 'build-passed': {
      const told = world.checks.get(before.builds[fact.build]?.sha ?? '');
      for (const name of before.policy.gate.checks) {
        if (told?.get(name) !== 'success') fail('I1', `${name} was not green on the candidate`);
      }
      return;
    }
    case 'landing-decided': {
      const build = before.builds[fact.build];
      if (build?.purpose === 'try') fail('I2', 'a try is to land');
      const { before: from, entries, exact } = fact.flight;
      if (build?.state !== 'passed') fail('I1', 'a candidate that has not passed is to land');
      if (before.frozen) fail('I2', 'a candidate was sent on its way while landings were frozen');
      if (activeBuilds(before).some(({ state }) => state === 'landing')) fail('I4', 'two are landing');
      if (from !== before.baseSha) fail('I1', 'it is to land on a base that is not there');
      if (entries.length === 0) fail('I4', 'nothing is to land');
      if (!exact) {
        if (before.policy.queue.policy !== 'trust-ownership') fail('I1', 'an untested sum is to land');
      } else if (from !== build.baseSha && !build.steps.includes(from)) {
        fail('I1', `the candidate does not go on from ${from}`);
      }
      for (const entry of entries) {
        assertGate(world, before, facts, entry);
        assertOrder(before, entries, entry.issue);
      }
      return;
    }
    case 'landed': {
      seen.landings += 1;
      const build = before.builds[fact.landing.build];
      if (build?.state !== 'landing') fail('I1', 'landed without having been sent');
      if (fact.landing.sha !== build.sha || fact.landing.tree !== build.tree)
        fail('I1', 'landed something else');
      return;
    }
    case 'claims-expanded':
      seen.expansions += 1;
      return;
    case 'claims-released':
      seen.releases += 1;
      return;
    case 'entry-ejected':
      seen.ejections += 1;
      if (isLanding(before, fact.issue)) fail('I2', 'an entry that may be landing was ejected');
      return;
    case 'build-abandoned': {
      // Only the effect that moves the base branch knows what became of a candidate that has passed.
      const told = step.observations.some((each) => each.kind === 'landing' && each.build === fact.build);
      if (before.builds[fact.build]?.state === 'landing' && !told) fail('I4', 'a landing was abandoned');
      return;
    }
    case 'approval-voided':
      if (isLanding(before, fact.issue)) fail('I2', 'an approval was taken back under a landing');
      return;
    case 'arbiter-judged':
      if (fact.verdict.findings.some((finding) => finding.rule === 'held')) seen.withheld += 1;
      return;
    case 'attempt-ended':
      if (fact.reason.startsWith('no sign of life')) seen.expiries += 1;
      if (fact.end === 'ejected') assertReturned(before, fact.issue);
      return;
    case 'escalated':
      seen.escalations += 1;
      return;
    case 'base-overlapped':
      seen.overlaps += 1;
      return;
    case 'lease-extended':
      seen.extensions += 1;
      return;
    case 'escalation-repeated':
      seen.repeats += 1;
      if (fact.times > 2) fail('escalation', 'people were told more than twice again');
      return;
    case 'attempts-exhausted':
      seen.failures += 1;
      return;
    case 'resumed':
      seen.answers += 1;
      return;
    case 'agent-paused':
      seen.pauses += 1;
      return;
    case 'late-work-found':
      seen.late += 1;
      return;
    case 'approved':
      if (fact.by === 'policy' && before.policy.gate.approvals > 0) seen.alone += 1;
      return;
    case 'budget-warned':
      seen.warnings += 1;
      if (before.tasks[fact.issue]?.attempt?.warned) fail('budget', 'warned twice');
      return;
    case 'base-moved':
      if (fact.by === 'outside') seen.outside += 1;
      return;
    default:
  }
}

function assertState(world: World, state: LaneState): void {
  const tasks = Object.values(state.tasks);
  for (const [index, one] of tasks.entries()) {
    for (const other of tasks.slice(index + 1)) {
      const shared = overlap(one.claims, other.claims);
      if (shared.length > 0) fail('I3', `#${one.issue} and #${other.issue} both own ${shared.join(', ')}`);
    }
    const mayHold = ['assigned', 'working', 'in-review', 'approved', 'escalated'].includes(one.state);
    if (!mayHold && one.claims.length > 0) fail('I3', `#${one.issue} is ${one.state} and owns something`);
    if (one.entry && one.state !== 'approved') fail('I2', `#${one.issue} is queued and ${one.state}`);
    if (isLive(one) && waitsOf(world.lane.snapshot, one, world.lane.at).length === 0)
      fail('I6', `#${one.issue} is ${one.state} and waits without saying for what`);
  }
  const known = new Set([...world.outside, ...state.landings.map((landing) => landing.sha)]);
  if (state.baseSha !== null && !known.has(state.baseSha))
    fail('I1', `nobody moved the base to ${state.baseSha}`);
  const keys = wantedEffects(state).map(effectKey);
  if (new Set(keys).size !== keys.length) fail('I4', `an effect is wanted twice: ${keys.join(' ')}`);
  const landed = state.landings.flatMap((landing) => landing.entries.map((entry) => entry.issue));
  if (new Set(landed).size !== landed.length) fail('I4', 'a task landed twice');
}

function assertStep(world: World, step: Step): void {
  assertUpdates(step);
  let state = step.before;
  const earlier = world.lane.journal.slice(0, world.lane.journal.length - step.facts.length);
  for (const [index, fact] of step.facts.entries()) {
    assertFact(world, step, state, fact, [...earlier, ...step.facts.slice(0, index + 1)]);
    state = fold(state, fact);
  }
  if (!isDeepStrictEqual(state, step.after)) fail('I7', 'the facts do not make the step');
  assertState(world, step.after);
  const again = decide(world.lane.snapshot, world.lane.at);
  if (again.facts.length > 0)
    fail('rest', `decided again: ${again.facts.map((fact) => fact.kind).join(', ')}`);
  for (const observation of step.observations) {
    if (observation.kind === 'pull') assertLatePush(step, observation);
    if (observation.kind !== 'agent') continue;
    const { issue, attempt, fence } = observation;
    if (holdsFence(step.before.tasks[issue], attempt, fence)) continue;
    seen.stale += 1;
    if (interpret(step.before, observation).length > 0) fail('I8', 'a stale fence had an effect');
  }
}

/** A push of an ended attempt is kept, and changes nothing else of the lane (I8). */
function assertLatePush(step: Step, { issue, seen: pull }: Extract<Observation, { kind: 'pull' }>): void {
  const task = step.before.tasks[issue];
  if (!task?.pull?.open || !pull?.open || pull.number !== task.pull.number) return;
  const sha = pull.headSha;
  const ended = task.record.endings.some((ending) => ending.head === sha);
  const isKept = task.record.late.some((work) => work.sha === sha && work.settledAt !== null);
  if (!ended || isKept || task.attempt?.head === sha || task.pull.headSha === sha) return;
  seen.latePushes += 1;
  if (step.facts.some((fact) => fact.kind === 'head-moved' && fact.issue === issue))
    fail('I8', 'a push of an ended attempt moved the head');
  if (!step.after.tasks[issue]?.record.late.some((work) => work.sha === sha))
    fail('I8', 'late work was not kept');
}

function assertWhole(world: World): void {
  const { journal, state } = world.lane;
  const replayed = journal.reduce<LaneState>(fold, emptyLane);
  if (!isDeepStrictEqual(replayed, state)) fail('I7', 'the journal gives another state');
  const completed = journal.filter((fact) => fact.kind === 'task-completed').map((fact) => fact.issue);
  if (new Set(completed).size !== completed.length) fail('I4', 'a task was completed twice');
}

function play(actions: readonly Action[]): World {
  const world = new World();
  world.lane.watch = (step) => assertStep(world, step);
  world.open();
  for (const action of actions) world.act(action);
  assertWhole(world);
  return world;
}

/** Why a task may rest for ever when everything works: a person, or another task, has the next word. */
function mayRest(world: World, task: Task): boolean {
  if (!isLive(task) || task.state === 'escalated') return true;
  if (task.held || task.hold || task.suspension) return true;
  const waits = waitsOf(world.lane.snapshot, task, world.lane.at).map((wait) => wait.kind);
  if (task.state !== 'waiting' && waits.includes('overlap')) return true;
  // A new version may name prerequisites that its task did not have when it started.
  if (task.state === 'in-review' || task.state === 'approved')
    return waits.every((kind) => kind === 'dependency');
  return (
    task.state === 'waiting' &&
    waits.every((kind) => ['dependency', 'overlap', 'agent', 'limit'].includes(kind))
  );
}

/** GitHub, CI, the agents and the reviewers all do their part from now on. */
function goodWeather(world: World): void {
  const { lane } = world;
  world.tell({ kind: 'prerequisite', issue: 9, state: 'completed' });
  world.type(1, 'unfreeze');
  for (let round = 0; round < 60; round++) {
    for (let count = 0; lane.pending.length > 0 && count < 50; count++) world.carry(goodLuck);
    // Nothing is booked any more: now CI has its turn.
    world.carry(goodLuck);
    for (const task of Object.values(lane.state.tasks)) {
      const isForPeople = task.suspension !== null;
      if (task.pull?.open && task.state !== 'completed' && !isForPeople) world.progress(task.issue);
    }
    lane.presence = [
      { agent: 'default', worker: 'w-1', seenAt: lane.at },
      { agent: 'local', worker: 'w-1', seenAt: lane.at },
    ];
    lane.pass(10_000);
  }
}

describe('any life of a task', () => {
  test('keeps the invariants after every step, and tries, pauses and asks as the policy says', {
    timeout: 240_000,
  }, () => {
    fc.assert(
      fc.property(lives(9), (life) => {
        const world = new World();
        world.lane.watch = (step) => assertStep(world, step);
        playLife(world, life);
        assertWhole(world);
      }),
      { numRuns: 20_000 },
    );
    expect(seen.expiries).toBeGreaterThan(500);
    expect(seen.extensions).toBeGreaterThan(300);
    expect(seen.failures).toBeGreaterThan(100);
    expect(seen.repeats).toBeGreaterThan(500);
    expect(seen.pauses).toBeGreaterThan(500);
    expect(seen.latePushes).toBeGreaterThan(100);
    expect(seen.answers).toBeGreaterThan(500);
    expect(seen.warnings).toBeGreaterThan(50);
    expect(seen.alone).toBeGreaterThan(50);
  });
});

describe('any history of a lane', () => {
  test('keeps the invariants after every step', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(histories(140), (actions) => {
        play(actions);
      }),
      { numRuns: 1_500 },
    );
    // Without these the property would be true of a lane that never does anything.
    expect(seen.assignments).toBeGreaterThan(1_000);
    expect(seen.landings).toBeGreaterThan(100);
    expect(seen.ejections).toBeGreaterThan(20);
    expect(seen.stale).toBeGreaterThan(100);
    expect(seen.expiries).toBeGreaterThan(20);
    expect(seen.outside).toBeGreaterThan(500);
    expect(seen.escalations).toBeGreaterThan(200);
    expect(seen.expansions).toBeGreaterThan(100);
    expect(seen.releases).toBeGreaterThan(500);
    expect(seen.withheld).toBeGreaterThan(20);
    expect(seen.builds).toBeGreaterThan(500);
    expect(seen.overlaps).toBeGreaterThan(100);
  });

  test('ends well when the faults stop: nothing rests but what a person or another task holds up', {
    timeout: 120_000,
  }, () => {
    let landings = 0;
    fc.assert(
      fc.property(histories(60), (actions) => {
        const world = play(actions);
        goodWeather(world);
        const stuck = Object.values(world.lane.state.tasks).filter((task) => !mayRest(world, task));
        landings += world.lane.state.landings.length;
        expect(
          stuck.map((task) => [task.issue, task.state, waitsOf(world.lane.snapshot, task, world.lane.at)]),
        ).toEqual([]);
      }),
      { numRuns: 600 },
    );
    expect(landings).toBeGreaterThan(100);
  });
});
