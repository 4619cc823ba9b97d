/**
 * No sequence of pushes, approvals, dismissals, reruns, edits and version bumps leaves a PR gated open on a head, a
 * version or a policy that was not approved. Who has approved what is kept here a second time, by other means: by
 * what people did, and not by what the gate made of it.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gateIsOpen } from '../../../src/core/gate/gate.ts';
import type { Fact } from '../../../src/core/lane/facts.ts';
import type { Observation, Permission, SeenReview } from '../../../src/core/lane/observation.ts';
import type { LaneState } from '../../../src/core/lane/state.ts';
import { mayBeLanding } from '../../../src/core/queue/may-be-landing.ts';
import {
  approve,
  checks,
  command,
  finishWork,
  issue,
  LaneDriver,
  openLane,
  openWork,
  policy,
  pull,
  request,
} from '../lane-driver.ts';

const people = ['rita', 'walt', 'maria'] as const;
const policies = [{}, { gate: { approvals: 2 } }, { gate: { labeller_may_approve: false } }];

const person = fc.constantFrom(...people);
const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('approve' as const), by: person }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('review' as const),
      by: person,
      says: fc.constantFrom('approved' as const, 'approved' as const, 'changes-requested' as const),
      old: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('dismiss' as const), by: person }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unapprove' as const), by: person }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('right' as const), by: person, may: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('push' as const), back: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('away-and-back' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('checks' as const),
      is: fc.constantFrom('success' as const, 'failure' as const, 'pending' as const, 'neutral' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('edit' as const),
      owns: fc.constantFrom('src/a.js', 'src/b.js', 'src/**'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('policy' as const), which: fc.nat(policies.length - 1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('retarget' as const), base: fc.constantFrom('main', 'release') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('judge' as const), ok: fc.boolean() }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

/** Task 1 in review; every history starts from here. */
const start: LaneState = (() => {
  const lane = openLane();
  request(lane, 1);
  openWork(lane, 1);
  finishWork(lane, 1);
  return lane.state;
})();
const startedAt = Date.parse('2026-01-02T00:00:00.000Z');

let opened = 0;
let doubled = 0;

class Telling {
  readonly lane = new LaneDriver();
  /** Whose approval is in force, and whether a review gave it. */
  readonly live = new Map<string, 'command' | 'review'>();
  readonly reviews = new Map<string, SeenReview>();
  readonly rights = new Map<string, Permission>();
  readonly used = new Set<number>();
  heads = ['head-1'];
  pushes = 0;
  base = 'main';
  needed = 1;
  ci = 'success';
  /** What the arbiter was content with last: head, version, policy. */
  content: string | null = null;
  serial = 1;

  constructor() {
    this.lane.state = start;
    this.lane.now = startedAt;
    this.content = this.subject;
  }

  /** What would land if it landed now. */
  get subject(): string {
    return `${this.head} ${this.lane.task(1).version} ${this.lane.state.policyHash}`;
  }

  get head(): string {
    return this.heads.at(-1) ?? '';
  }

  right(by: string): Permission {
    return this.rights.get(by) ?? 'write';
  }

  /** What is true of the head, the version or the policy has ended, and with it every approval. */
  end(): void {
    this.live.clear();
  }

  tell(...observations: Observation[]): Fact[] {
    const facts = this.lane.see(...observations);
    for (const fact of facts) {
      if (fact.kind === 'entry-ejected' || fact.kind === 'version-accepted' || fact.kind === 'policy-read')
        this.end();
    }
    return facts;
  }

  /** What a look at the pull request shows: its head, then what people think of it. */
  look(): void {
    const task = this.lane.task(1);
    const before = {
      head: task.pull?.headSha,
      pushes: task.pull?.gate.forcePushes,
      retargeted: task.pull?.gate.retargeted,
    };
    this.tell(pull(task, { headSha: this.head, draft: false, base: this.base, forcePushes: this.pushes }));
    const after = this.lane.task(1).pull;
    if (before.head !== after?.headSha || before.pushes !== after?.gate.forcePushes) this.end();
    if (before.head !== after?.headSha) {
      this.ci = 'none';
      this.content = null;
    }
    if (before.retargeted !== after?.gate.retargeted && this.base !== 'main') this.end();
    const reviews = [...this.reviews.values()].map((review) => ({
      ...review,
      permission: this.right(review.by),
    }));
    const approvers = this.lane
      .task(1)
      .approvals.map(({ by }) => ({ by, permission: this.right(by), owns: [] }));
    const landing = mayBeLanding(this.lane.state, 1);
    this.tell({ kind: 'reviews', issue: 1, headSha: this.head, reviews, approvers });
    if (landing) return;
    for (const review of reviews.sort((a, b) => a.id - b.id)) this.hear(review);
    for (const by of this.live.keys()) if (this.right(by) !== 'write') this.live.delete(by);
  }

  hear({ id, by, says, headSha, isStale }: SeenReview): void {
    if (says !== 'approved' && this.live.get(by) === 'review') this.live.delete(by);
    if (says === 'changes-requested') this.live.delete(by);
    if (says !== 'approved' || isStale || headSha !== this.head || this.used.has(id)) return;
    // Whether it was taken up is the gate's to say; that it was written about this head, and once, is ours.
    const taken = this.lane.task(1).approvals.some((each) => each.review === id);
    if (!taken) return;
    this.used.add(id);
    if (this.right(by) === 'write' && this.base === 'main') this.live.set(by, 'review');
  }

  act(action: Action): void {
    this.lane.now += 1_000;
    const { lane } = this;
    switch (action.do) {
      case 'approve': {
        const facts = this.tell(approve(101, { by: action.by, permission: this.right(action.by) }));
        const done = facts.some((fact) => fact.kind === 'command-decided' && fact.outcome === 'done');
        if (done && this.right(action.by) === 'write') this.live.set(action.by, 'command');
        return;
      }
      case 'unapprove': {
        const facts = this.tell(command(101, { index: 0, name: 'unapprove' }, { by: action.by }));
        if (facts.some((fact) => fact.kind === 'command-decided' && fact.outcome === 'done'))
          this.live.delete(action.by);
        return;
      }
      case 'review': {
        this.serial += 1;
        const headSha = action.old ? (this.heads[0] ?? '') : this.head;
        const said = { id: this.serial, by: action.by, says: action.says, headSha, owns: [] };
        this.reviews.set(action.by, { ...said, isStale: false, permission: 'write' });
        this.look();
        return;
      }
      case 'dismiss': {
        const review = this.reviews.get(action.by);
        if (review) this.reviews.set(action.by, { ...review, says: 'dismissed' });
        this.look();
        return;
      }
      case 'right':
        this.rights.set(action.by, action.may ? 'write' : 'read');
        this.look();
        return;
      case 'push':
        this.serial += 1;
        this.heads.push(action.back ? (this.heads.at(-2) ?? this.head) : `head-${this.serial}`);
        if (action.back && this.heads.length > 2) this.pushes += 1;
        for (const [by, review] of this.reviews)
          this.reviews.set(by, { ...review, isStale: action.back || review.isStale });
        this.look();
        return;
      case 'away-and-back':
        this.pushes += 1;
        for (const [by, review] of this.reviews) this.reviews.set(by, { ...review, isStale: true });
        this.look();
        return;
      case 'checks':
        this.ci = action.is;
        this.tell(checks(this.head, action.is));
        return;
      case 'judge':
        this.judge(action.ok);
        return;
      case 'settle':
        this.ci = 'success';
        this.tell(checks(this.head, 'success'));
        this.judge(true);
        return;
      case 'edit': {
        const at = new Date(lane.now).toISOString();
        this.tell(
          issue(1, {
            spec: { owns: [action.owns] },
            edits: [{ by: { login: 'maria', permission: 'write' }, at }],
          }),
        );
        return;
      }
      case 'policy': {
        this.tell(policy(policies[action.which]));
        this.needed = lane.state.policy.gate.approvals;
        return;
      }
      case 'retarget':
        this.base = action.base;
        this.look();
        return;
      default:
        action satisfies never;
    }
  }

  judge(ok: boolean): void {
    const own = this.lane.task(1).spec.owns[0]?.replace('**', 'x.js') ?? '';
    const path = ok ? own : 'elsewhere/x';
    const change = { path, change: 'modified' as const, mode: '100644' };
    this.tell({ kind: 'diff', issue: 1, headSha: this.head, baseSha: 'base-0', changes: [change] });
    this.content = ok ? this.subject : null;
  }

  /** What would have to be true for the gate to be open. */
  assert(): void {
    const { state } = this.lane;
    const task = this.lane.task(1);
    const testing = Object.values(state.builds).some(
      (build) => build.state === 'preparing' || build.state === 'testing',
    );
    if (!gateIsOpen(task, state) && !testing) return;
    opened += 1;
    if (this.needed > 1) doubled += 1;
    const counting = [...this.live.keys()].filter(
      (by) => state.policy.gate.labeller_may_approve || by !== task.requestedBy,
    );
    const objecting = [...this.reviews.values()].filter(
      (each) => each.says === 'changes-requested' && this.right(each.by) === 'write',
    );
    expect({
      head: task.pull?.headSha,
      enough: counting.length >= this.needed,
      objecting,
      ci: this.ci,
      judged: this.content,
      base: this.base,
    }).toEqual({
      head: this.head,
      enough: true,
      objecting: [],
      ci: 'success',
      judged: this.subject,
      base: 'main',
    });
  }
}

test('the gate is only ever open on what was approved', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 3, maxLength: 14 }), (actions) => {
      const telling = new Telling();
      for (const each of actions) {
        telling.act(each);
        telling.assert();
      }
    }),
    { numRuns: 20_000 },
  );
  // Without these the property would be true of a gate that never opens.
  expect(opened).toBeGreaterThan(5_000);
  expect(doubled).toBeGreaterThan(100);
});
