/**
 * A lane driven in memory: the same interpret → fold → decide as engine/advance, with the ledger's leases, effects
 * and clock kept by hand. No part of Signalbox is replaced; only Postgres and GitHub are left out.
 */
import { decide } from '../../src/core/lane/decide.ts';
import { type Effect, effectKey, effectsOfStep, isStillWanted } from '../../src/core/lane/effects.ts';
import type { Fact, FactBody } from '../../src/core/lane/facts.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import { interpret } from '../../src/core/lane/interpret.ts';
import type { Observation, SeenCommand, SeenIssue, SeenPull } from '../../src/core/lane/observation.ts';
import type { LaneState, Presence, Snapshot, Spec, Task } from '../../src/core/lane/state.ts';
import { PolicyFile, policyHash } from '../../src/core/policy.ts';
import { isActive } from '../../src/core/queue/build-state.ts';
import { hashSpec } from '../../src/core/task/specification.ts';

export interface BookedEffect {
  key: string;
  effect: Effect;
  done: boolean;
}

export interface Step {
  observations: readonly Observation[];
  before: LaneState;
  after: LaneState;
  facts: Fact[];
  effects: Effect[];
  wakeAt: string | null;
}

export class LaneDriver {
  state: LaneState = emptyLane;
  readonly journal: Fact[] = [];
  readonly effects: BookedEffect[] = [];
  presence: Presence[] = [];
  leases: Record<number, string> = {};
  unreadChecks: string[] = [];
  now = Date.parse('2026-01-01T00:00:00.000Z');
  /** Called after every step, with all that it was made of. */
  watch: (step: Step) => void = () => {};

  get at(): string {
    return new Date(this.now).toISOString();
  }

  get snapshot(): Snapshot {
    return {
      state: this.state,
      presence: this.presence,
      leases: this.leases,
      hasUnreadIssues: false,
      unreadChecks: this.unreadChecks,
    };
  }

  task(issue: number): Task {
    const task = this.state.tasks[issue];
    if (!task) throw new Error(`no task #${issue}`);
    return task;
  }

  /** One advance: what was seen is taken in, and what follows is decided. Answers with all facts. */
  see(...observations: Observation[]): Fact[] {
    const before = this.state;
    const { seen, state } = takeIn(before, observations, this.at);
    const decision = decide({ ...this.snapshot, state }, this.at);
    const facts = [...seen, ...decision.facts];
    this.state = decision.state;
    this.journal.push(...facts);
    for (const fact of facts) {
      if (fact.kind !== 'task-assigned') continue;
      delete this.leases[fact.issue];
      const until = this.now + this.state.policy.ownership.lease;
      if (fact.via === 'pull' || fact.via === 'dispatch')
        this.leases[fact.issue] = new Date(until).toISOString();
    }
    const effects = effectsOfStep(before, decision.state, facts);
    for (const effect of effects) this.#book(effect);
    this.watch({ observations, before, after: this.state, facts, effects, wakeAt: decision.wakeAt });
    return facts;
  }

  /** Lets time pass, and the lane look at the clock. */
  pass(ms: number): Fact[] {
    this.now += ms;
    return this.see();
  }

  /** The effects that are booked and not done, oldest first. */
  get pending(): BookedEffect[] {
    return this.effects.filter((booked) => !booked.done);
  }

  /** Takes the oldest pending effect of this kind, as carry-out does; null when it is not wanted any more. */
  take(kind: Effect['kind']): Effect | null {
    const booked = this.pending.find(({ effect }) => effect.kind === kind);
    if (!booked) throw new Error(`no ${kind} is booked`);
    booked.done = true;
    return isStillWanted(booked.effect, this.state) ? booked.effect : null;
  }

  #book(effect: Effect): void {
    const key = effectKey(effect);
    if (!this.effects.some((booked) => booked.key === key)) this.effects.push({ key, effect, done: false });
  }
}

/** What a lane does with observations before it decides. */
export function takeIn(
  before: LaneState,
  observations: readonly Observation[],
  at: string,
): { seen: Fact[]; state: LaneState } {
  const seen: Fact[] = [];
  let state = before;
  for (const observation of observations) {
    for (const body of interpret(state, observation)) {
      const fact: Fact = { ...body, at };
      state = fold(state, fact);
      seen.push(fact);
    }
  }
  return { seen, state };
}

export function foldAll(state: LaneState, facts: readonly FactBody[], at = '2026-01-01T00:00:00.000Z') {
  return facts.reduce<LaneState>((next, fact) => fold(next, { ...fact, at }), state);
}

export function specOf(change: Partial<Spec> = {}): Spec {
  return {
    title: 'Count the tasks',
    requirements: 'Add --count.',
    design: '',
    acceptance: [],
    owns: ['src/a.js'],
    ownsDeclared: true,
    dependsOn: [],
    dependsElsewhere: [],
    budget: { minutes: null, tokens: null, usd: null },
    ...change,
  };
}

export function issueSeen(
  change: Partial<Omit<SeenIssue, 'spec'>> & { spec?: Partial<Spec> } = {},
): SeenIssue {
  const spec = specOf(change.spec);
  return {
    title: spec.title,
    open: true,
    stateReason: null,
    ready: true,
    held: false,
    labelledBy: { login: 'maria', permission: 'write' },
    labelledAt: '2025-12-31T12:00:00Z',
    edits: [],
    author: { login: 'maria', permission: 'write' },
    blockedBy: [],
    labels: [],
    blockedElsewhere: [],
    hidden: 0,
    ...change,
    spec: { kind: 'ok', spec, hash: hashSpec(spec) },
  };
}

export function issue(number: number, change: Parameters<typeof issueSeen>[0] = {}): Observation {
  return { kind: 'issue', issue: number, seen: issueSeen(change), correlationId: `c-${number}` };
}

export function pull(task: Task, change: Partial<SeenPull> = {}): Observation {
  if (!task.pull) throw new Error(`#${task.issue} has no pull request`);
  const { number, headSha, draft, open, merged } = task.pull;
  const seen: SeenPull = { number, headSha, draft, open, merged, mergeCommitSha: null, ...change };
  return { kind: 'pull', issue: task.issue, seen };
}

export function checks(sha: string, conclusion: 'success' | 'failure' | 'pending' | 'neutral'): Observation {
  return { kind: 'checks', sha, checks: [{ name: 'ci', conclusion, url: null }] };
}

let comments = 1000;

export function command(
  under: number,
  typed: SeenCommand,
  change: Partial<Extract<Observation, { kind: 'command' }>> = {},
): Observation {
  comments += 1;
  return {
    kind: 'command',
    comment: comments,
    under,
    command: typed,
    by: 'rita',
    permission: 'write',
    writtenAt: '2026-01-01T00:00:00Z',
    ...change,
  };
}

export function approve(under: number, change: Parameters<typeof command>[2] = {}): Observation {
  return command(under, { index: 0, name: 'approve', sha: null }, change);
}

export function policy(content: unknown): Observation {
  const parsed = PolicyFile.parse(content);
  return { kind: 'policy', reading: { kind: 'accepted', policy: parsed, hash: policyHash(parsed) } };
}

/** A lane that is open, with a base commit. */
export function openLane(): LaneDriver {
  const lane = new LaneDriver();
  lane.see({ kind: 'lane', owner: 'acme', repo: 'demo', base: 'main' }, { kind: 'base', sha: 'base-0' });
  return lane;
}

export const graceMs = 60_000;

/** Requests a task and lets its grace period end; its collisions are announced. */
export function request(
  lane: LaneDriver,
  number: number,
  change: Parameters<typeof issueSeen>[0] = {},
): Fact[] {
  const facts = [...lane.see(issue(number, change)), ...lane.pass(graceMs)];
  for (const { a, b, announcedAt } of lane.state.collisions) {
    if (announcedAt === null) facts.push(...lane.see({ kind: 'collision-announced', a, b }));
  }
  return facts;
}

/** Opens the branch and the PR of an assigned task; PR `100 + issue`. */
export function openWork(lane: LaneDriver, number: number): void {
  const { attempt } = lane.task(number);
  if (!attempt) throw new Error(`#${number} has no attempt`);
  // The branch of an earlier attempt is found again, with the commit that opened it.
  const opened = lane.task(number).record.endings.at(-1)?.openedSha ?? `opened-${number}-${attempt.fence}`;
  lane.see({
    kind: 'branch-opened',
    issue: number,
    attempt: attempt.number,
    fence: attempt.fence,
    sha: opened,
  });
  if (lane.task(number).pull === null) {
    lane.see({ kind: 'pull-opened', issue: number, pull: 100 + number, headSha: opened, draft: true });
  }
}

/** Work arrives: a new head, judged, green and ready for review. */
export function finishWork(lane: LaneDriver, number: number, headSha = `head-${number}`): void {
  lane.see(pull(lane.task(number), { headSha, draft: false }));
  judge(lane, number);
}

/** The arbiter and CI are content with the present head. */
export function judge(lane: LaneDriver, number: number): void {
  const task = lane.task(number);
  const headSha = task.pull?.headSha ?? '';
  const path = task.spec.owns[0]?.replace('/**', '/file.js') ?? '';
  lane.see({
    kind: 'diff',
    issue: number,
    headSha,
    baseSha: 'base-0',
    changes: [{ path, change: 'modified', mode: '100644' }],
  });
  lane.see(checks(headSha, 'success'));
}

/** From nothing to a queued entry whose candidate is being prepared (when no other is active). */
export function queueTask(
  lane: LaneDriver,
  number: number,
  change: Parameters<typeof issueSeen>[0] = {},
): void {
  request(lane, number, change);
  openWork(lane, number);
  finishWork(lane, number);
  lane.see(approve(100 + number));
}

export function activeBuild(lane: LaneDriver) {
  const build = Object.values(lane.state.builds).find(isActive);
  if (!build) throw new Error('no build is active');
  return build;
}

/** What an effect reports that has made a build's candidate. */
export function candidateMade(lane: LaneDriver, number: number): Observation {
  const build = lane.state.builds[number];
  if (!build) throw new Error(`no build ${number}`);
  const sha = `candidate-${number}`;
  const parent = build.parent === null ? [] : (lane.state.builds[build.parent]?.steps ?? []);
  const steps = build.entries.map((_, index) => {
    if (index === build.entries.length - 1) return sha;
    return parent[index] ?? `${sha}-${index}`;
  });
  return { kind: 'candidate', build: number, result: { kind: 'made', sha, tree: `tree-${number}`, steps } };
}

/** The candidate of a build has been made: of the active one, unless said. */
export function makeCandidate(lane: LaneDriver, number = activeBuild(lane).number): Fact[] {
  return lane.see(candidateMade(lane, number));
}

/** The base branch has moved to the candidate that is landing. */
export function landCandidate(lane: LaneDriver): Fact[] {
  const landing = Object.values(lane.state.builds).find((build) => build.state === 'landing');
  if (!landing) throw new Error('nothing is landing');
  const { number } = landing;
  const result = { kind: 'landed' as const, sha: `candidate-${number}`, tree: `tree-${number}` };
  return lane.see({ kind: 'landing', build: number, result });
}

/** From an active build to the landing. */
export function land(lane: LaneDriver): void {
  const { number } = activeBuild(lane);
  makeCandidate(lane, number);
  lane.see(checks(lane.state.builds[number]?.sha ?? '', 'success'));
  landCandidate(lane);
}

export function kinds(facts: readonly FactBody[]): string[] {
  return facts.map((fact) => fact.kind);
}
