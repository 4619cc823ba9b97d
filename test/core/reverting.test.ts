import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/core/lane/facts.ts';
import type { Observation } from '../../src/core/lane/observation.ts';
import { replayJournal } from '../../src/core/lane/replay.ts';
import { dependantsOf, type LandedPull } from '../../src/core/queue/reverting.ts';
import { task } from '../protocol/scene.ts';
import { activeBuild, checks, command, kinds, type LaneDriver, openLane, policy } from './lane-driver.ts';

const landed: LandedPull = {
  pull: 57,
  issue: 5,
  title: 'Count',
  before: 'before-57',
  after: 'after-57',
  exact: true,
  dependants: [],
};

function ask(lane: LaneDriver, change: Partial<Extract<Observation, { kind: 'command' }>> = {}): Fact[] {
  return lane.see(command(3, { index: 0, name: 'revert', pull: 57 }, { landed, ...change }));
}

function asked(lane: LaneDriver) {
  const effect = lane.take('open-revert');
  if (effect?.kind !== 'open-revert') throw new Error('nothing was asked');
  return effect.asked;
}

const offered = {
  number: 60,
  title: 'Revert "Count" (#57)',
  author: 'signalbox[bot]',
  headSha: 'reverted',
  draft: false,
  correlationId: 'c-60',
};

function judge(lane: LaneDriver): void {
  const changes = [{ path: 'src/a.js', change: 'modified' as const, mode: '100644' as const }];
  lane.see({ kind: 'diff', issue: 60, headSha: 'reverted', baseSha: 'base-0', changes });
  lane.see(checks('reverted', 'success'));
}

describe('/revert', () => {
  test('has the PR opened, enlists it approved by whoever asked, and tells so', () => {
    const lane = openLane();
    expect(kinds(ask(lane))).toEqual(['revert-asked', 'command-decided']);
    const facts = lane.see({ kind: 'revert', asked: asked(lane), result: { kind: 'opened', offered } });
    expect(kinds(facts)).toEqual(['pull-enlisted', 'rule-overridden', 'approved', 'revert-opened']);
    expect(facts.at(-1)).toMatchObject({ reverts: 57, pull: 60, under: 3, refusal: null });
    judge(lane);
    expect(activeBuild(lane).entries).toMatchObject([{ pull: 60 }]);
    expect(lane.pending.map(({ effect }) => effect.kind)).toContain('notify');
    expect(replayJournal(lane.journal.map((fact, index) => ({ seq: index + 1, fact })))).toEqual(lane.state);
  });

  test('asked for twice, it is enlisted once, and the second word is one more approval', () => {
    const lane = openLane();
    lane.see(policy({ gate: { approvals: 2 } }));
    ask(lane);
    lane.see({ kind: 'revert', asked: asked(lane), result: { kind: 'opened', offered } });
    ask(lane, { by: 'mary' });
    const facts = lane.see({ kind: 'revert', asked: asked(lane), result: { kind: 'opened', offered } });
    expect(kinds(facts)).not.toContain('pull-enlisted');
    expect(lane.task(60).approvals.map(({ by }) => by)).toEqual(['mary', 'rita']);
  });

  test('with what people have pushed on top, nothing of the arbiter is accepted unasked', () => {
    const lane = openLane();
    ask(lane);
    lane.see({ kind: 'revert', asked: asked(lane), result: { kind: 'opened', offered } });
    lane.see({
      kind: 'pull',
      issue: 60,
      seen: { number: 60, headSha: 'more', draft: false, open: true, merged: false, mergeCommitSha: null },
    });
    ask(lane, { by: 'mary' });
    const facts = lane.see({ kind: 'revert', asked: asked(lane), result: { kind: 'opened', offered } });
    expect(kinds(facts)).not.toContain('rule-overridden');
    expect(lane.task(60).pull?.gate.overrides).toEqual([]);
  });

  test('a failure is told where it was asked, and leaves nothing', () => {
    const lane = openLane();
    ask(lane);
    const why = 'git cannot take #57 out of main';
    const facts = lane.see({ kind: 'revert', asked: asked(lane), result: { kind: 'failed', why } });
    expect(facts).toMatchObject([{ kind: 'revert-failed', under: 3, reverts: 57, why }]);
    expect(lane.state.tasks).toEqual({});
    expect(lane.pending.map(({ effect }) => effect)).toContainEqual(
      expect.objectContaining({ kind: 'notify', under: 3 }),
    );
  });

  test.each([
    { why: 'what has not landed here', change: { landed: undefined }, says: 'has not landed on main' },
    {
      why: 'what landed untested',
      change: { landed: { ...landed, exact: false } },
      says: 'put together untested',
    },
  ])('of $why is refused', ({ change, says }) => {
    const lane = openLane();
    const given = change.landed;
    const typed = command(3, { index: 0, name: 'revert', pull: 57 }, given ? { landed: given } : {});
    expect(lane.see(typed)).toMatchObject([
      { kind: 'command-decided', outcome: 'refused', detail: expect.stringContaining(says) },
    ]);
  });
});

test('what landed later and depends on it, or changes the same files, is named with why', () => {
  const { pull } = task();
  if (!pull) throw new Error('the scene has a PR');
  const verdict = {
    headSha: pull.headSha,
    baseSha: 'b',
    version: 1,
    policyHash: 'p',
    findings: [],
    authors: [],
    owners: [],
  };
  const { spec } = task();
  const of = (issue: number, touched: string[], dependsOn: number[] = []) =>
    task({
      issue,
      spec: { ...spec, dependsOn },
      pull: { ...pull, number: issue + 100, verdict: { ...verdict, touched } },
    });
  const reverted = of(5, ['src/a.js', 'src/b.js']);
  const later = [of(6, ['src/c.js']), of(7, ['src/b.js', 'src/c.js']), of(8, ['docs/x.md'], [5])];
  expect(dependantsOf(reverted, later)).toEqual([
    { pull: 107, depends: false, paths: ['src/b.js'] },
    { pull: 108, depends: true, paths: [] },
  ]);
  expect(dependantsOf(undefined, later)).toEqual([]);
});
