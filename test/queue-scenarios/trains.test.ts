/** Scenarios of the acceptance suite about candidates that hold several entries, by their numbers. */
import { describe, expect, test } from 'vitest';
import { checks, kinds, landCandidate, makeCandidate, pull } from '../core/lane-driver.ts';
import {
  buildOf,
  conclude,
  ejections,
  enqueue,
  finish,
  freeze,
  issuesOf,
  landedIn,
  queued,
  running,
  thaw,
} from './queue-lane.ts';

describe('landing', () => {
  test('Q1: approved and green, the base moves to the exact tested commit', () => {
    const lane = queued(1);
    conclude(lane, buildOf(lane, 1), 'success');
    landCandidate(lane);
    expect(lane.state.landings).toMatchObject([
      { sha: 'candidate-1', testedSha: 'candidate-1', exact: true },
    ]);
    expect(lane.state.baseSha).toBe('candidate-1');
  });

  test('Q2: of two, the second never lands from the raw base: it is tested with the first or after it', () => {
    const lane = queued(2);
    finish(lane, () => true);
    expect(landedIn(lane)).toEqual([1, 2]);
    for (const { build } of lane.state.landings) {
      const tested = lane.state.builds[build];
      if (tested?.baseSha === 'base-0') expect(issuesOf(tested)[0]).toBe(1);
    }
  });

  test('Q27: an outsider moves the base, the candidate is rebuilt on it and nobody is blamed', () => {
    const lane = queued(1);
    conclude(lane, buildOf(lane, 1), 'success');
    const facts = lane.see({ kind: 'landing', build: 1, result: { kind: 'base-is', sha: 'outside' } });
    expect(ejections(facts)).toEqual([]);
    expect(buildOf(lane, 1)).toMatchObject({ baseSha: 'outside' });
    finish(lane, () => true);
    expect(landedIn(lane)).toEqual([1]);
  });

  test('Q41: of a green candidate one member leaves: nothing untested lands, the rest is built again', () => {
    const lane = queued(3, { builds: 1 });
    const [all] = running(lane);
    freeze(lane);
    if (all) conclude(lane, all, 'success');
    lane.see(pull(lane.task(2), { headSha: 'another' }));
    const facts = finish(lane, () => true);
    expect(kinds(facts)).not.toContain('landing-decided');
    thaw(lane);
    finish(lane, () => true);
    expect(landedIn(lane).sort()).toEqual([1, 3]);
    for (const { entries } of lane.state.landings) expect(entries.map(({ issue }) => issue)).not.toContain(2);
  });
});

describe('failures', () => {
  test('Q3: the middle of three fails, the others land', () => {
    const lane = queued(3);
    const facts = finish(lane, (issues) => !issues.includes(2));
    expect(landedIn(lane).sort()).toEqual([1, 3]);
    expect(ejections(facts)).toMatchObject([{ issue: 2, code: 'checks-failed' }]);
  });

  test('Q4: the head fails, all behind land without it', () => {
    const lane = queued(4);
    finish(lane, (issues) => !issues.includes(1));
    expect(landedIn(lane).sort()).toEqual([2, 3, 4]);
  });

  test('Q5: two fail at the head, the survivors land', () => {
    const lane = queued(4);
    finish(lane, (issues) => !issues.includes(1) && !issues.includes(2));
    expect(landedIn(lane).sort()).toEqual([3, 4]);
  });

  test('Q6: a successor that fails only with its failing predecessor stays and lands', () => {
    const lane = queued(2);
    const facts = finish(lane, (issues) => !issues.includes(1));
    expect(ejections(facts).map(({ issue }) => issue)).toEqual([1]);
    expect(landedIn(lane)).toEqual([2]);
  });

  test('Q8: a batch of four with one culprit: three land', () => {
    const lane = queued(4, { builds: 2 });
    finish(lane, (issues) => !issues.includes(3));
    expect(landedIn(lane).sort()).toEqual([1, 2, 4]);
  });

  test('Q9: two culprits in different halves are both found', () => {
    const lane = queued(8, { builds: 2 });
    const facts = finish(lane, (issues) => !issues.includes(2) && !issues.includes(7));
    expect(
      ejections(facts)
        .map(({ issue }) => issue)
        .sort(),
    ).toEqual([2, 7]);
    expect(landedIn(lane)).toHaveLength(6);
  });

  test('Q10: a pair that fails only together never lands from the same stale base', () => {
    const lane = queued(2);
    const facts = finish(lane, (issues) => {
      const sum = new Set([...landedIn(lane), ...issues]);
      return !(sum.has(1) && sum.has(2));
    });
    expect(landedIn(lane)).toHaveLength(1);
    expect(ejections(facts)).toHaveLength(1);
  });

  test('Q11: a batch that runs into the deadline is tried again and blames nobody', () => {
    const lane = queued(3, { builds: 1, check_timeout: '10m' });
    makeCandidate(lane);
    const [before] = running(lane);
    const facts = lane.pass(600_000);
    expect(kinds(facts)).toContain('build-interrupted');
    expect(ejections(facts)).toEqual([]);
    const [after] = running(lane);
    expect(after && issuesOf(after)).toEqual(before && issuesOf(before));
  });

  test('Q44: a check that the runner cancelled is an interruption: tried again, no blame', () => {
    const lane = queued(1);
    const facts = conclude(lane, buildOf(lane, 1), 'cancelled');
    expect(kinds(facts)).toContain('build-interrupted');
    expect(ejections(facts)).toEqual([]);
    finish(lane, () => true);
    expect(landedIn(lane)).toEqual([1]);
  });

  test('Q45: a flake that a later pass refutes is counted as one, and the entry lands', () => {
    const lane = queued(1);
    conclude(lane, buildOf(lane, 1), 'failure');
    finish(lane, () => true);
    expect(landedIn(lane)).toEqual([1]);
    expect(lane.state.queue.history.flakes).toMatchObject({ events: 1 });
  });

  test('Q46: retries are spent: it leaves with the number of attempts and the failed checks', () => {
    const lane = queued(1, { flake_retries: 2 });
    const [ejection] = ejections(finish(lane, () => false));
    expect(ejection?.kind === 'entry-ejected' && ejection.evidence?.builds.length).toBeGreaterThan(1);
    expect(ejection).toMatchObject({ evidence: { attemptsLeft: 0 } });
  });
});

describe('order and news', () => {
  test('Q13: a high priority goes next, what runs goes on', () => {
    const lane = queued(2, { policy: 'serial' });
    const [first] = running(lane);
    enqueue(lane, 9, ['priority:high']);
    expect(running(lane)).toMatchObject([{ number: first?.number }]);
    if (first) conclude(lane, first, 'success');
    landCandidate(lane);
    expect(running(lane).flatMap(issuesOf)).toEqual([9]);
  });

  test('Q16 Q17: news that only the build finds, or the landing, counts as well: nothing lands, nobody is blamed', () => {
    const news = { moved: { headSha: 'pushed' }, closed: { open: false } };
    for (const change of Object.values(news)) {
      const lane = queued(2, { policy: 'serial' });
      const first = buildOf(lane, 1).number;
      const outdated = { kind: 'outdated' as const, issues: [1] };
      const facts = lane.see(
        { kind: 'candidate', build: first, result: outdated },
        pull(lane.task(1), change),
      );
      expect(lane.state.builds[first]).toMatchObject({
        state: 'abandoned',
        reason: '#101 is not as approved any more',
      });
      expect(running(lane).flatMap(issuesOf)).toEqual([2]);
      expect(ejections(facts).filter(({ code }) => code !== 'pull-closed')).toEqual([]);

      const late = queued(2, { policy: 'serial' });
      conclude(late, buildOf(late, 1), 'success');
      late.see({ kind: 'landing', build: 1, result: outdated }, pull(late.task(1), change));
      expect(late.task(1).entry).toBeNull();
      expect(running(late).flatMap(issuesOf)).toEqual([2]);
      finish(late, () => true);
      expect(landedIn(late)).toEqual([2]);
    }
  });

  test('Q15 Q16: a push to an approved PR ends its builds, whoever tells of it, and the queue goes on', () => {
    const lane = queued(2, { policy: 'serial' });
    lane.see(pull(lane.task(1), { headSha: 'pushed' }));
    expect(lane.task(1)).toMatchObject({ state: 'in-review', entry: null });
    expect(running(lane).flatMap(issuesOf)).toEqual([2]);
  });

  test('Q17: a PR that was merged or closed by hand is dropped', () => {
    const lane = queued(2, { policy: 'serial' });
    lane.see(pull(lane.task(1), { open: false, merged: true }));
    expect(lane.task(1).state).toBe('completed');
    expect(running(lane).flatMap(issuesOf)).toEqual([2]);
  });

  test('Q23: news that comes twice, or late, changes nothing', () => {
    const lane = queued(2);
    const [build] = running(lane);
    if (build) makeCandidate(lane, build.number);
    const sha = lane.state.builds[build?.number ?? 0]?.sha ?? '';
    lane.see(checks(sha, 'success'));
    const after = lane.state;
    lane.see(checks(sha, 'success'));
    lane.see(checks(sha, 'failure'));
    expect(lane.state).toEqual(after);
  });

  test('Q30 Q31: a conflict with the base sends back, one with an entry ahead holds', () => {
    const lane = queued(2, { builds: 1 });
    const [both] = running(lane);
    const conflict = (build: number, issues: number[]) =>
      lane.see({ kind: 'candidate', build, result: { kind: 'conflict', issue: 2, with: issues } });
    expect(ejections(conflict(both?.number ?? 0, [1]))).toEqual([]);
    conclude(lane, buildOf(lane, 1), 'success');
    landCandidate(lane);
    const [ejection] = ejections(conflict(buildOf(lane, 2).number, []));
    expect(ejection).toMatchObject({ issue: 2, code: 'conflict' });
    expect(ejection?.reason).toContain('#101');
  });

  test('Q50: whoever saw too many landings go by is served first', () => {
    const lane = queued(1, { policy: 'serial', starvation: 2 });
    enqueue(lane, 2, ['priority:low']);
    let next = 10;
    while (!landedIn(lane).includes(2) && next < 20) {
      enqueue(lane, next, ['priority:high']);
      const [build] = running(lane);
      if (build) conclude(lane, build, 'success');
      landCandidate(lane);
      next += 1;
    }
    expect(landedIn(lane).indexOf(2)).toBeLessThanOrEqual(3);
  });
});
