import { describe, expect, test } from 'vitest';
import type { Opinion } from '../../../src/core/gate/evidence.ts';
import { gateIsOpen, gateOf } from '../../../src/core/gate/gate.ts';
import { requiredChecks } from '../../../src/core/gate/required-checks.ts';
import type { CheckAction } from '../../../src/core/lane/facts.ts';
import type { Observation, SeenCommand, SeenReview } from '../../../src/core/lane/observation.ts';
import { waitsOf } from '../../../src/core/lane/plan-view.ts';
import type { Verdict } from '../../../src/core/lane/pull-state.ts';
import {
  approve,
  checks,
  command,
  finishWork,
  judge,
  kinds,
  type LaneDriver,
  openLane,
  openWork,
  policy,
  pull,
  request,
} from '../lane-driver.ts';

function reviewed(content: unknown = {}): LaneDriver {
  const lane = openLane();
  lane.see(policy(content));
  request(lane, 1);
  openWork(lane, 1);
  finishWork(lane, 1);
  return lane;
}

function review(by: string, change: Partial<SeenReview> = {}): SeenReview {
  return {
    id: 5,
    by,
    says: 'approved',
    headSha: 'head-1',
    isStale: false,
    permission: 'write',
    owns: [],
    ...change,
  };
}

function reviews(...seen: SeenReview[]): Observation {
  return { kind: 'reviews', issue: 1, headSha: 'head-1', reviews: seen, approvers: [] };
}

const details = (lane: LaneDriver): string[] =>
  gateOf(lane.task(1), lane.state, lane.at)
    .filter(({ state }) => state !== 'ok')
    .map(({ detail }) => detail);

const type = (
  lane: LaneDriver,
  typed: SeenCommand,
  by = 'mary',
  permission: 'write' | 'maintain' = 'maintain',
) => {
  const facts = lane.see(command(101, typed, { by, permission }));
  const decided = facts.find((fact) => fact.kind === 'command-decided');
  return decided?.kind === 'command-decided' ? `${decided.outcome}: ${decided.detail}` : '';
};

/** The same task judged with something else in its verdict. */
function withVerdict(lane: LaneDriver, change: Partial<Verdict>): void {
  const task = lane.task(1);
  const verdict = task.pull?.verdict;
  if (!task.pull || !verdict) throw new Error('not judged');
  const judged = { ...task, pull: { ...task.pull, verdict: { ...verdict, ...change } } };
  lane.state = { ...lane.state, tasks: { ...lane.state.tasks, 1: judged } };
}

describe('approvals', () => {
  test('S24: the login of an agent approves nothing, whatever it may write', () => {
    const agents = { hands: { via: 'adopt' }, robo: { via: 'assign', login: 'Robo-Account' } };
    const lane = reviewed({ agents });
    const typed = { index: 0, name: 'approve', sha: null } as const;
    expect(type(lane, typed, 'robo-account')).toContain('agents approve nothing');
    lane.see(reviews(review('robo-account')));
    expect(lane.task(1).approvals).toEqual([]);
    expect(type(lane, typed, 'walt')).toMatch(/^done/u);
  });

  test('as many people as the policy asks for, each once', () => {
    const lane = reviewed({ gate: { approvals: 2 } });
    lane.see(approve(101, { by: 'rita' }));
    lane.see(approve(101, { by: 'RITA' }));
    expect(details(lane)).toEqual(['1 of 2: by RITA']);
    lane.see(approve(101, { by: 'walt' }));
    expect(lane.task(1).entry).not.toBeNull();
  });

  test('taking one back leaves the others; taking back what was not given is refused', () => {
    const lane = reviewed({ gate: { approvals: 2 } });
    lane.see(approve(101, { by: 'rita' }), approve(101, { by: 'walt' }));
    expect(type(lane, { index: 0, name: 'unapprove' }, 'eve')).toContain('refused: you have not approved');
    expect(type(lane, { index: 0, name: 'unapprove' }, 'walt')).toContain('done');
    expect(lane.task(1)).toMatchObject({ state: 'approved', approvals: [{ by: 'rita' }], entry: null });
    expect(type(lane, { index: 0, name: 'unapprove' }, 'rita')).toContain('done');
    expect(lane.task(1)).toMatchObject({ state: 'in-review', approvals: [] });
  });

  test.each([
    { what: 'S16: a bot', by: 'helper[bot]', content: {}, why: 'a bot' },
    { what: 'the agent', by: 'default', content: {}, why: 'an agent' },
    {
      what: 'the requester, where the policy says so',
      by: 'maria',
      content: { gate: { labeller_may_approve: false } },
      why: 'the person who requested',
    },
  ])('$what does not approve', ({ by, content, why }) => {
    const lane = reviewed(content);
    expect(type(lane, { index: 0, name: 'approve', sha: null }, by)).toContain(why);
    expect(lane.task(1).approvals).toEqual([]);
  });

  test('S24: whoever asked for the work and wrote it needs somebody else, also when that is found out later', () => {
    const lane = reviewed();
    lane.see(approve(101, { by: 'maria' }));
    withVerdict(lane, { authors: ['Maria'] });
    expect(gateIsOpen(lane.task(1), lane.state)).toBe(false);
    expect(details(lane)).toEqual([expect.stringContaining('someone else must approve')]);
    lane.see(approve(101, { by: 'rita' }));
    expect(gateIsOpen(lane.task(1), lane.state)).toBe(true);
  });

  test('an author who did not ask for it counts, unless the policy says otherwise', () => {
    const lane = reviewed();
    withVerdict(lane, { authors: ['walt'] });
    lane.see(approve(101, { by: 'walt' }));
    expect(lane.task(1).entry).not.toBeNull();
    const strict = reviewed({ gate: { author_may_approve: false } });
    withVerdict(strict, { authors: ['walt'] });
    expect(type(strict, { index: 0, name: 'approve', sha: null }, 'walt')).toContain('author of the commits');
  });

  test('one of each group of owners must have approved: by name, or by a team', () => {
    const lane = reviewed();
    withVerdict(lane, {
      owners: [
        { owners: ['@Rita', '@acme/leads'], count: 3, example: 'src/a.js' },
        { owners: ['@acme/docs'], count: 1, example: 'docs/x.md' },
      ],
    });
    lane.see(approve(101, { by: 'rita' }));
    expect(details(lane)).toEqual(['@acme/docs must approve docs/x.md']);
    lane.see(approve(101, { by: 'walt', owns: ['@acme/docs'] }));
    expect(lane.task(1).entry).not.toBeNull();
  });

  test('S21: a branch that was pushed away and back is another branch', () => {
    const lane = reviewed();
    lane.see(approve(101));
    const facts = lane.see(pull(lane.task(1), { forcePushes: 2 }));
    expect(kinds(facts)).toEqual(['force-pushed', 'approval-voided', 'build-abandoned']);
    expect(lane.task(1).lastReason).toContain('away and back');
    expect(lane.see(pull(lane.task(1), { forcePushes: 2 }))).toEqual([]);
    lane.see(approve(101));
    expect(lane.task(1).entry).not.toBeNull();
  });

  test('F32: a pull request that goes to another branch leaves the queue, and comes back by a new approval', () => {
    const lane = reviewed();
    lane.see(approve(101));
    lane.see(pull(lane.task(1), { base: 'release' }));
    expect(lane.task(1)).toMatchObject({ state: 'in-review', entry: null });
    expect(details(lane)).toContain('goes to release instead of main');
    lane.see(approve(101));
    expect(lane.task(1).entry).toBeNull();
    lane.see(pull(lane.task(1), { base: 'main' }));
    lane.see(approve(101));
    expect(lane.task(1).entry).not.toBeNull();
  });
});

describe('reviews on GitHub', () => {
  test('approve like the command does, once', () => {
    const lane = reviewed();
    expect(kinds(lane.see(reviews(review('rita'))))).toEqual(['approved', 'queue-entered', 'build-started']);
    expect(lane.see(reviews(review('rita')))).toEqual([]);
    type(lane, { index: 0, name: 'unapprove' }, 'rita');
    expect(lane.see(reviews(review('rita')))).toEqual([]);
    expect(kinds(lane.see(reviews(review('rita', { id: 6 }))))).toContain('approved');
  });

  test.each<{ what: string; change: Partial<SeenReview> }>([
    { what: 'of another commit', change: { headSha: 'old' } },
    { what: 'from before a force-push', change: { isStale: true } },
    { what: 'S11: by somebody who may only read', change: { permission: 'read' } },
    { what: 'that was dismissed', change: { says: 'dismissed' } },
  ])('one $what approves nothing', ({ change }) => {
    const lane = reviewed();
    expect(lane.see(reviews(review('rita', change)))).toEqual([]);
  });

  test('asking for changes withholds, and throws out of the queue', () => {
    const lane = reviewed();
    lane.see(approve(101, { by: 'walt' }));
    const facts = lane.see(reviews(review('rita', { says: 'changes-requested' })));
    expect(kinds(facts)).toEqual(['objections-changed', 'entry-ejected', 'build-abandoned']);
    expect(lane.task(1).lastReason).toBe('rita asks for changes');
    lane.see(approve(101, { by: 'walt' }));
    expect(lane.task(1).entry).toBeNull();
    lane.see(reviews(review('rita', { id: 6 })));
    expect(lane.task(1).entry).not.toBeNull();
  });

  test('asking for changes needs the right to write', () => {
    const lane = reviewed();
    expect(lane.see(reviews(review('eve', { says: 'changes-requested', permission: 'read' })))).toEqual([]);
  });

  test('S25: a dismissed review takes its approval along', () => {
    const lane = reviewed();
    lane.see(reviews(review('rita')));
    lane.see(reviews(review('rita', { says: 'dismissed' })));
    expect(lane.task(1)).toMatchObject({
      state: 'in-review',
      entry: null,
      lastReason: 'the review of rita was dismissed',
    });
  });

  test('S25: so does a lost permission, of a command too', () => {
    const lane = reviewed();
    lane.see(approve(101, { by: 'rita' }));
    const lost: Observation = {
      kind: 'reviews',
      issue: 1,
      headSha: 'head-1',
      reviews: [],
      approvers: [{ by: 'rita', permission: 'read', owns: [] }],
    };
    lane.see(lost);
    expect(lane.task(1)).toMatchObject({
      state: 'in-review',
      lastReason: 'rita may no longer write to this repository',
    });
  });
});

describe('/override', () => {
  const typed = (rule: string): SeenCommand => ({ index: 0, name: 'override', rule, why: 'agreed' });

  test('accepts one rule at one head and version, by a maintainer', () => {
    const lane = reviewed();
    const changes = [{ path: 'lib/x', change: 'modified' as const, mode: '120000' }];
    lane.see({ kind: 'diff', issue: 1, headSha: 'head-1', baseSha: 'base-0', changes });
    lane.see(approve(101));
    expect(details(lane)).toEqual(['2 findings']);
    expect(type(lane, typed('size'))).toBe(
      'refused: the rule size does not stand against this commit; what stands against it: scope, files',
    );
    expect(type(lane, typed('scope'), 'walt', 'write')).toBe('denied: maintain');
    expect(type(lane, typed('scope'))).toBe('done: scope');
    expect(details(lane)).toEqual(['1 finding']);
    expect(type(lane, typed('files'))).toBe('done: files');
    expect(lane.task(1).entry).not.toBeNull();
    lane.see(pull(lane.task(1), { headSha: 'head-2' }));
    expect(lane.task(1).pull?.gate.overrides).toEqual([]);
  });
});

describe('required checks', () => {
  const byGitHub = (lane: LaneDriver, ...found: { name: string; app: number | null }[]) =>
    lane.see({ kind: 'required-checks', checks: found });

  test('are the policy’s and the branch’s, without our own, pinned by either', () => {
    const lane = reviewed({ gate: { checks: ['ci', 'lint'], apps: { lint: 'my-linter', ci: 'ignored' } } });
    byGitHub(
      lane,
      { name: 'ci', app: 15368 },
      { name: 'build', app: null },
      { name: 'signalbox/arbiter', app: 7 },
    );
    expect(requiredChecks(lane.state)).toEqual([
      { name: 'ci', app: 15368 },
      { name: 'lint', app: 'my-linter' },
      { name: 'build', app: null },
    ]);
    expect(
      byGitHub(
        lane,
        { name: 'ci', app: 15368 },
        { name: 'build', app: null },
        { name: 'signalbox/arbiter', app: 7 },
      ),
    ).toEqual([]);
    lane.see(approve(101));
    expect(lane.task(1).entry).toBeNull();
  });

  test('S28: neutral and skipped are no proof, unless the policy says so', () => {
    const lane = reviewed();
    lane.see(checks('head-1', 'neutral'), approve(101));
    expect(details(lane)).toEqual(['neutral is not proof']);
    const lenient = reviewed({ gate: { neutral_counts: true } });
    lenient.see(checks('head-1', 'neutral'), approve(101));
    expect(lenient.task(1).entry).not.toBeNull();
  });

  test('S29: one that turns red after the entry ejects it', () => {
    const lane = reviewed();
    lane.see(approve(101));
    lane.see(checks('head-1', 'failure'));
    expect(lane.task(1)).toMatchObject({ state: 'in-review', entry: null });
  });

  test.each([
    { others: [], app: null, guess: 'nothing has reported at all' },
    { others: ['CI / test'], app: null, guess: 'may be called CI / test now' },
    { others: ['docs'], app: null, guess: 'other checks did report' },
    { others: ['ci'], app: 9, guess: 'another App than 9' },
  ])('one that stays away is explained after a while: $guess', ({ others, app, guess }) => {
    const lane = reviewed();
    byGitHub(lane, { name: 'ci', app });
    lane.see({ kind: 'checks', sha: 'head-1', checks: [], others });
    const facts = () => waitsOf(lane.snapshot, lane.task(1), lane.at).map(({ what }) => what);
    expect(facts()).toContain('ci has not reported on this commit');
    let wakeAt: string | null = null;
    lane.watch = (step) => {
      wakeAt = step.wakeAt;
    };
    lane.pass(1_000);
    expect(Date.parse(wakeAt ?? '') - lane.now).toBeLessThanOrEqual(600_000);
    lane.pass(600_000);
    expect(facts().join()).toContain(guess);
  });
});

describe('a second opinion', () => {
  const opinion = (change: Partial<Opinion>): Observation => ({
    kind: 'opinion',
    issue: 1,
    opinion: { headSha: 'head-1', version: 1, verdict: 'pass', by: 'llm m', summary: 'fine', ...change },
  });
  const asked = (): LaneDriver => {
    const lane = reviewed({ arbiter: { second_opinion: 'llm' } });
    lane.see(approve(101));
    return lane;
  };

  test('is waited for where the policy asks for it', () => {
    expect(details(asked())).toEqual(['has not been given on this commit']);
  });

  test.each<{ verdict: Opinion['verdict']; queued: boolean }>([
    { verdict: 'pass', queued: true },
    { verdict: 'none', queued: true },
    { verdict: 'withhold', queued: false },
  ])('$verdict: in the queue $queued', ({ verdict, queued }) => {
    const lane = asked();
    lane.see(opinion({ verdict }));
    expect(lane.task(1).entry !== null).toBe(queued);
  });

  test('can only withhold: nothing it says opens what the rules hold back', () => {
    const lane = asked();
    const changes = [{ path: 'lib/x', change: 'modified' as const, mode: '100644' }];
    lane.see({ kind: 'diff', issue: 1, headSha: 'head-1', baseSha: 'base-0', changes }, opinion({}));
    expect(lane.task(1).entry).toBeNull();
  });

  test('about another head is none', () => {
    const lane = asked();
    lane.see(opinion({ headSha: 'old' }));
    expect(lane.task(1).entry).toBeNull();
  });

  test('a named check gives it by its conclusion', () => {
    const lane = reviewed({ arbiter: { second_opinion: 'check:reviewer' } });
    lane.see(approve(101));
    expect(details(lane)).toEqual(['reviewer has not reported on this commit']);
    const both = (conclusion: 'success' | 'failure' | 'neutral'): Observation => ({
      kind: 'checks',
      sha: 'head-1',
      checks: [
        { name: 'ci', conclusion: 'success', url: null },
        { name: 'reviewer', conclusion, url: null },
      ],
    });
    lane.see(both('failure'));
    expect(details(lane)).toEqual(['reviewer: failure']);
    lane.see(both('neutral'));
    expect(lane.task(1).entry).not.toBeNull();
  });
});

describe('the buttons', () => {
  const press = (action: CheckAction, by: string, permission: 'read' | 'write'): Observation => ({
    kind: 'action',
    headSha: 'head-1',
    action,
    by,
    permission,
  });

  test('Retry has the head judged again, for those who may write', () => {
    const lane = reviewed();
    expect(lane.see(press('retry', 'eve', 'read'))).toMatchObject([
      { kind: 'action-requested', outcome: 'denied' },
    ]);
    expect(lane.task(1).pull?.verdict).not.toBeNull();
    lane.see(press('retry', 'walt', 'write'));
    expect(lane.task(1).pull?.verdict).toBeNull();
    judge(lane, 1);
    expect(lane.task(1).pull?.verdict).not.toBeNull();
  });

  test('each is answered once on a head, so that nobody floods the pull request', () => {
    const lane = reviewed();
    expect(lane.see(press('explain', 'eve', 'read'))).toHaveLength(1);
    expect(lane.see(press('explain', 'rita', 'read'))).toEqual([]);
    lane.pass(1);
    expect(lane.see(press('retry', 'eve', 'read'))).toHaveLength(1);
    expect(lane.see(press('retry', 'Eve', 'read'))).toEqual([]);
    const notices = lane.effects.filter(({ effect }) => effect.kind === 'notify');
    expect(notices).toHaveLength(2);
  });

  test('on a head that is gone nothing happens', () => {
    const lane = reviewed();
    lane.see(pull(lane.task(1), { headSha: 'head-2' }));
    expect(lane.see(press('retry', 'walt', 'write'))).toEqual([]);
  });
});
