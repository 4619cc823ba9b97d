/** What becomes of work that did not fit: it is given back with what is known, and the same twice is a person's. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/core/lane/facts.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import { ejectionOf, isSameEjection } from '../../src/core/task/ejection.ts';
import type { Ejection } from '../../src/core/task/ejection-record.ts';
import {
  activeBuild,
  approve,
  checks,
  command,
  issue,
  judge,
  kinds,
  type LaneDriver,
  makeCandidate,
  openLane,
  openWork,
  policy,
  pull,
  queueTask,
  request,
} from './lane-driver.ts';

function staff(lane: LaneDriver): void {
  lane.presence = [{ agent: 'default', worker: 'w-1', seenAt: lane.at }];
}

/** A lane with a worker; one red run is enough, and there are no pauses between attempts. */
function staffed(content: { limits?: object; agents?: object } = {}): LaneDriver {
  const lane = openLane();
  staff(lane);
  lane.see(
    policy({ ...content, queue: { flake_retries: 0 }, limits: { backoff: ['0s'], ...content.limits } }),
  );
  return lane;
}

/** The worker takes the attempt, pushes, reports, and a person approves: the entry's candidate is being made. */
function enter(lane: LaneDriver, number: number, headSha: string): void {
  openWork(lane, number);
  const { attempt } = lane.task(number);
  const about = {
    kind: 'agent' as const,
    issue: number,
    attempt: attempt?.number ?? 0,
    fence: attempt?.fence ?? 0,
  };
  lane.see({ ...about, word: { kind: 'claimed', claimId: `claim-${headSha}`, worker: 'w-1' } });
  lane.see(pull(lane.task(number), { headSha, draft: false }));
  lane.see({ ...about, word: { kind: 'done', head: headSha } });
  judge(lane, number);
  lane.see(approve(100 + number));
}

function start(lane: LaneDriver, number = 1): void {
  request(lane, number, number === 1 ? {} : { spec: { owns: [`src/${number}.js`] } });
  enter(lane, number, `head-${number}-1`);
}

function failInCi(lane: LaneDriver): Fact[] {
  makeCandidate(lane);
  return lane.see(checks(activeBuild(lane).sha ?? '', 'failure'));
}

function conflictWithBase(lane: LaneDriver, number = 1): Fact[] {
  const build = activeBuild(lane).number;
  return lane.see({ kind: 'candidate', build, result: { kind: 'conflict', issue: number, with: [] } });
}

const ways: [string, (lane: LaneDriver) => Fact[]][] = [
  ['checks-failed', failInCi],
  ['conflict', conflictWithBase],
];

function land(lane: LaneDriver): void {
  makeCandidate(lane);
  const { number, sha, tree } = activeBuild(lane);
  lane.see(checks(sha ?? '', 'success'));
  const blobs = { 'src/a.js': 'blob' };
  const result = { kind: 'landed' as const, sha: sha ?? '', tree: tree ?? '', blobs };
  lane.see({ kind: 'landing', build: number, result });
}

describe('work that came back', () => {
  test.each(ways)('%s: its agent gets it again, on the branch as it is', (code, eject) => {
    const lane = staffed();
    start(lane);
    const facts = eject(lane);
    const ejected = facts.find((fact) => fact.kind === 'entry-ejected');
    expect(ejected).toMatchObject({ code, after: 'agent', evidence: { attemptsLeft: 2 } });
    expect(kinds(facts)).toEqual(
      expect.arrayContaining(['entry-ejected', 'attempt-ended', 'claims-released', 'task-assigned']),
    );
    expect(kinds(facts)).not.toContain('late-work-found');
    expect(lane.task(1)).toMatchObject({ state: 'assigned', record: { used: 1, afresh: false } });
    expect(ejectionOf(lane.task(1))).toMatchObject({
      code,
      attempt: 1,
      headSha: 'head-1-1',
      isSettled: true,
    });
    // One comment, and it tells that nothing is to be done.
    expect(lane.pending.filter(({ effect }) => effect.kind === 'notify')).toHaveLength(1);
    expect(lane.journal.reduce(fold, emptyLane)).toEqual(lane.state);
  });

  test.each(ways)(
    '%s: the same twice is a person’s to decide, in one comment with ways on',
    (code, eject) => {
      const lane = staffed();
      start(lane);
      eject(lane);
      enter(lane, 1, 'head-1-2');
      const before = lane.pending.length;
      const facts = eject(lane);
      expect(facts.find((fact) => fact.kind === 'entry-ejected')).toMatchObject({ code, after: 'person' });
      expect(lane.task(1)).toMatchObject({ state: 'escalated', escalation: { from: 'in-review' } });
      expect(lane.task(1).escalation?.options).toHaveLength(2);
      expect(lane.task(1).escalation?.context).toContain('For the second time');
      const told = lane.pending.slice(before).filter(({ effect }) => effect.kind === 'notify');
      expect(told.map(({ effect }) => effect.kind === 'notify' && effect.fact.kind)).toEqual(['escalated']);
    },
  );

  test('another reason is not the same, and too many are a person’s all the same', () => {
    const lane = staffed();
    start(lane);
    failInCi(lane);
    enter(lane, 1, 'head-1-2');
    conflictWithBase(lane);
    expect(lane.task(1).state).toBe('assigned');
    enter(lane, 1, 'head-1-3');
    failInCi(lane);
    expect(lane.task(1).state).toBe('escalated');
  });

  test.each([0, 1, 2])('a policy with %i returns gives work back so often', (returns) => {
    const lane = staffed({ limits: { returns } });
    start(lane);
    const ends = [failInCi, conflictWithBase].map((eject, index) => {
      if (lane.task(1).state === 'assigned') enter(lane, 1, `head-1-${index + 2}`);
      if (lane.task(1).entry !== null) eject(lane);
      return lane.task(1).state;
    });
    const expected = {
      0: ['in-review', 'in-review'],
      1: ['assigned', 'escalated'],
      2: ['assigned', 'assigned'],
    };
    expect(ends).toEqual(expected[returns as 0 | 1 | 2]);
  });

  test('without an attempt left nobody starts', () => {
    const lane = staffed({ limits: { attempts: 1 } });
    start(lane);
    failInCi(lane);
    expect(lane.task(1).state).toBe('escalated');
  });

  test('where people do the work it stays in review, and says what to do', () => {
    const lane = openLane();
    queueTask(lane, 1);
    const facts = conflictWithBase(lane);
    expect(facts.find((fact) => fact.kind === 'entry-ejected')).toMatchObject({ after: 'author' });
    expect(lane.task(1).state).toBe('in-review');
  });

  test('a person’s answer starts the count afresh, and the next attempt still learns of it', () => {
    const lane = staffed();
    start(lane);
    failInCi(lane);
    enter(lane, 1, 'head-1-2');
    failInCi(lane);
    lane.see(command(1, { index: 0, name: 'resume', guidance: 'A' }));
    expect(ejectionOf(lane.task(1))).toMatchObject({ code: 'checks-failed', isForgiven: true });
    enter(lane, 1, 'head-1-3');
    failInCi(lane);
    expect(lane.task(1).state).toBe('assigned');
  });

  test('is nothing to the next version of the task', () => {
    const lane = staffed();
    start(lane);
    failInCi(lane);
    lane.see(
      issue(1, {
        spec: { requirements: 'Something else.' },
        edits: [{ by: { login: 'maria', permission: 'write' }, at: '2026-01-01T12:00:00Z' }],
      }),
    );
    expect(lane.task(1).version).toBe(2);
    expect(ejectionOf(lane.task(1))).toBeNull();
  });

  test('an attempt that fails to mend it leaves the work where it is', () => {
    const lane = staffed();
    start(lane);
    failInCi(lane);
    openWork(lane, 1);
    const { attempt } = lane.task(1);
    const about = {
      kind: 'agent' as const,
      issue: 1,
      attempt: attempt?.number ?? 0,
      fence: attempt?.fence ?? 0,
    };
    lane.see({ ...about, word: { kind: 'claimed', claimId: 'two', worker: 'w-1' } });
    const facts = lane.see({ ...about, word: { kind: 'failed', class: 'semantic', message: 'I cannot' } });
    expect(kinds(facts)).not.toContain('late-work-found');
    expect(lane.task(1)).toMatchObject({ pull: { headSha: 'head-1-1' }, record: { afresh: false } });
  });

  test('what landed while it was made is named as what it may not agree with', () => {
    const lane = staffed();
    start(lane, 1);
    request(lane, 2, { spec: { owns: ['src/2.js'] } });
    expect(lane.task(2).state).toBe('assigned');
    land(lane);
    enter(lane, 2, 'head-2-1');
    const evidence = failInCi(lane).find((fact) => fact.kind === 'entry-ejected')?.evidence;
    expect(evidence?.others).toEqual([{ issue: 1, pull: 101, headSha: 'head-1-1' }]);
    expect(evidence?.tested).toMatchObject([
      { outcome: 'failed', sha: 'candidate-2', tree: 'tree-2', with: [] },
    ]);
  });
});

describe('sameness', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 2 });
  const cause = fc.record({
    code: fc.constantFrom('checks-failed' as const, 'conflict' as const),
    evidence: fc.record({
      builds: fc.constant<number[]>([]),
      checks: numbers.map((names) =>
        names.map((name) => ({ name: `c${name}`, conclusion: 'failure' as const, url: null })),
      ),
      peers: fc.constant<number[]>([]),
      odds: fc.constant(null),
      attemptsLeft: fc.constant(0),
      others: numbers.map((pulls) => pulls.map((each) => ({ issue: each, pull: each, headSha: 'h' }))),
      paths: numbers.map((paths) => paths.map((path) => `src/${path}.js`)),
    }),
  });

  test('does not depend on the order, and needs something in common', () => {
    fc.assert(
      fc.property(cause, cause, (a: Pick<Ejection, 'code' | 'evidence'>, b) => {
        expect(isSameEjection(a, b)).toBe(isSameEjection(b, a));
        if (a.code !== b.code) expect(isSameEjection(a, b)).toBe(false);
      }),
    );
  });

  test('is met by the same failed check, the same other work, or the same files', () => {
    const of = (code: Ejection['code'], more: object) => ({
      code,
      evidence: { builds: [], checks: [], peers: [], odds: null, attemptsLeft: 0, ...more },
    });
    const ci = { checks: [{ name: 'ci', conclusion: 'failure' as const, url: null }] };
    const lint = { checks: [{ name: 'lint', conclusion: 'failure' as const, url: null }] };
    const met = (pull: number) => ({ others: [{ issue: pull, pull, headSha: 'h' }] });
    expect(isSameEjection(of('checks-failed', ci), of('checks-failed', ci))).toBe(true);
    expect(isSameEjection(of('checks-failed', ci), of('checks-failed', lint))).toBe(false);
    expect(
      isSameEjection(of('checks-failed', { ...ci, ...met(7) }), of('checks-failed', { ...lint, ...met(7) })),
    ).toBe(true);
    expect(isSameEjection(of('conflict', met(7)), of('conflict', met(8)))).toBe(false);
    expect(isSameEjection(of('conflict', {}), of('conflict', {}))).toBe(true);
    expect(isSameEjection(of('conflict', { paths: ['a'] }), of('conflict', { paths: ['a', 'b'] }))).toBe(
      true,
    );
    expect(isSameEjection(of('conflict', { paths: ['a'] }), of('conflict', { paths: ['b'] }))).toBe(false);
  });
});
