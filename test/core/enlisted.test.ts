import { describe, expect, test } from 'vitest';
import { isEnlisted, type OfferedPull } from '../../src/core/lane/enlisted.ts';
import type { Observation, SeenCommand } from '../../src/core/lane/observation.ts';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import { replayJournal } from '../../src/core/lane/replay.ts';
import { overviewOf } from '../../src/core/task/overview.ts';
import {
  activeBuild,
  checks,
  command,
  kinds,
  type LaneDriver,
  land,
  makeCandidate,
  openLane,
  openWork,
  policy,
  pull,
  queueTask,
  request,
} from './lane-driver.ts';

const offered: OfferedPull = {
  number: 7,
  title: 'By hand',
  author: 'walt',
  headSha: 'hand-1',
  draft: false,
  correlationId: 'c-7',
};

const typed = (name: string, rest: object = {}): SeenCommand =>
  ({ index: 0, name, ...rest }) as unknown as SeenCommand;

function say(seen: SeenCommand, change: Partial<Extract<Observation, { kind: 'command' }>> = {}) {
  return command(7, seen, { offered, ...change });
}

const approval = typed('approve', { sha: null });

/** The arbiter and CI are content with what the PR changes. */
function judge(lane: LaneDriver, paths: readonly string[] = ['src/a.js'], headSha = 'hand-1'): void {
  lane.see({
    kind: 'diff',
    issue: 7,
    headSha,
    baseSha: 'base-0',
    changes: paths.map((path) => ({ path, change: 'modified' as const, mode: '100644' as const })),
  });
  lane.see(checks(headSha, 'success'));
}

function enlisted(): LaneDriver {
  const lane = openLane();
  lane.see(say(approval));
  judge(lane);
  return lane;
}

const decided = (facts: ReturnType<LaneDriver['see']>) =>
  facts.flatMap((fact) => (fact.kind === 'command-decided' ? [fact] : []));

describe('/approve on a pull request that no task owns', () => {
  test('brings it to the queue under its own number, and it lands as any other', () => {
    const lane = openLane();
    expect(kinds(lane.see(say(approval)))).toEqual(['pull-enlisted', 'approved', 'command-decided']);
    expect(isEnlisted(lane.task(7))).toBe(true);
    expect(lane.task(7)).toMatchObject({ state: 'approved', claims: [], requestedBy: 'walt' });
    judge(lane);
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 7, pull: 7, headSha: 'hand-1' }]);
    land(lane);
    expect(lane.task(7).state).toBe('completed');
    expect(lane.pending.map(({ effect }) => effect.kind)).not.toContain('close-issue');
    expect(replayJournal(lane.journal.map((fact, index) => ({ seq: index + 1, fact })))).toEqual(lane.state);
  });

  test.each([
    { why: 'its author', change: { by: 'Walt' }, says: 'their own pull request' },
    { why: 'a bot', change: { by: 'helper[bot]' }, says: 'a bot approves nothing' },
    { why: 'a draft', change: { offered: { ...offered, draft: true } }, says: 'it is a draft' },
    { why: 'no PR at all', change: { offered: undefined }, says: 'not a task' },
  ])('is refused for $why, and leaves no trace', ({ change, says }) => {
    const lane = openLane();
    const { offered: given, ...rest } = { offered, ...change };
    const [answer] = decided(
      lane.see(command(7, approval, { ...rest, ...(given ? { offered: given } : {}) })),
    );
    expect(answer).toMatchObject({ outcome: 'refused', detail: expect.stringContaining(says) });
    expect(lane.state.tasks).toEqual({});
  });

  test('by somebody who may not write is denied, and leaves no trace', () => {
    const lane = openLane();
    expect(decided(lane.see(say(approval, { permission: 'read' })))).toMatchObject([{ outcome: 'denied' }]);
    expect(lane.state.tasks).toEqual({});
  });

  test('by its author is enough where the policy asks for no approval; nothing else starts it there', () => {
    const lane = openLane();
    lane.see(policy({ gate: { approvals: 0 } }));
    lane.see(say(typed('try', { pulls: [] })));
    expect(lane.state.tasks[7]?.approvals ?? []).toEqual([]);
    lane.see(say(approval, { by: 'walt' }));
    judge(lane);
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 7 }]);
  });

  test('touches files that a task owns without waiting for it, and takes none from it', () => {
    const lane = openLane();
    request(lane, 1, { spec: { owns: ['src/**'] } });
    openWork(lane, 1);
    lane.see(say(approval));
    judge(lane);
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 7 }]);
    expect(lane.task(1).claims).toEqual(['src/**']);
    expect(overviewOf(lane.state, lane.at).underWay.map(({ issue }) => issue)).toEqual([1]);
  });

  test('a diff that is not known in full overlaps with everything in the queue', () => {
    const lane = openLane();
    lane.see(say(approval));
    judge(
      lane,
      Array.from({ length: 600 }, (_, index) => `docs/${index}.md`),
    );
    lane.see(command(7, typed('override', { rule: 'size', why: 'generated' }), { permission: 'admin' }));
    expect(lane.task(7).entry?.paths).toEqual(['**']);
  });
});

describe('a pull request in the queue that no task owns', () => {
  test('loses its approval with a new head, and /approve brings it back', () => {
    const lane = enlisted();
    lane.see(pull(lane.task(7), { headSha: 'hand-2' }));
    expect(lane.task(7)).toMatchObject({ state: 'in-review', approvals: [], entry: null });
    lane.see(say(approval));
    judge(lane, ['src/a.js'], 'hand-2');
    expect(lane.task(7).entry?.headSha).toBe('hand-2');
  });

  test('that is closed is over without a question; opened again, /approve brings it back', () => {
    const lane = enlisted();
    makeCandidate(lane);
    lane.see(pull(lane.task(7), { open: false }));
    expect(lane.task(7)).toMatchObject({ state: 'cancelled', entry: null, escalation: null });
    lane.see(say(approval));
    judge(lane);
    expect(lane.task(7)).toMatchObject({ state: 'approved', version: 1 });
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 7 }]);
  });

  test('leaves with /cancel, and stays open', () => {
    const lane = enlisted();
    lane.see(command(7, typed('cancel')));
    expect(lane.task(7).state).toBe('cancelled');
    expect(lane.pending.map(({ effect }) => effect.kind)).not.toContain('close-pull');
  });

  test('a review alone approves nothing; beside an /approve it counts', () => {
    const lane = openLane();
    lane.see(policy({ gate: { approvals: 2 } }));
    lane.see(say(approval));
    judge(lane);
    expect(lane.task(7).entry).toBeNull();
    const reviews = (by: string): Observation => ({
      kind: 'reviews',
      issue: 7,
      headSha: 'hand-1',
      approvers: [],
      reviews: [
        { id: 1, by, says: 'approved', headSha: 'hand-1', isStale: false, permission: 'write', owns: [] },
      ],
    });
    lane.see(command(7, typed('unapprove')));
    lane.see(reviews('mary'));
    expect(lane.task(7).approvals).toEqual([]);
    lane.see(say(approval));
    lane.see(reviews('mary'));
    expect(
      lane
        .task(7)
        .approvals.map(({ by }) => by)
        .sort(),
    ).toEqual(['mary', 'rita']);
    expect(lane.task(7).entry).not.toBeNull();
  });

  test.each(['own', 'disown', 'escalate', 'resume', 'assign-agent'])(
    '/%s is refused with a reason',
    (name) => {
      const lane = enlisted();
      const args = { paths: ['src/**'], why: 'so', guidance: 'go', agent: 'default' };
      expect(decided(lane.see(command(7, typed(name, args))))).toMatchObject([
        { outcome: 'refused', detail: expect.stringContaining('no task owns this pull request') },
      ]);
    },
  );

  test('/retry starts no attempt', () => {
    const lane = enlisted();
    expect(decided(lane.see(command(7, typed('retry'))))).toMatchObject([{ outcome: 'refused' }]);
    expect(lane.task(7).state).toBe('approved');
  });

  test('lands after what /depends names, and owns nothing after it', () => {
    const lane = enlisted();
    request(lane, 1);
    lane.see(command(7, typed('depends', { issues: [{ repo: null, number: 1 }] })));
    expect(lane.task(7).spec).toMatchObject({ owns: [], dependsOn: [1] });
    lane.see(say(approval));
    judge(lane);
    expect(waitsOf(lane.snapshot, lane.task(7), lane.at)).toMatchObject([{ kind: 'dependency' }]);
  });

  test('is sent back, not escalated, when GitHub refuses its candidate', () => {
    const lane = enlisted();
    const { number } = activeBuild(lane);
    const message = 'the branch may not be made';
    lane.see({ kind: 'effect-refused', effect: 'make-candidate', issue: null, build: number, message });
    expect(lane.task(7)).toMatchObject({ state: 'in-review', entry: null, escalation: null });
    expect(lane.task(7).lastReason).toContain(message);
  });

  test('/rebase merges the base into its branch, and its approvals end with that; never in a fork', () => {
    const lane = openLane();
    lane.see(say(approval, { offered: { ...offered, branch: 'by-hand' } }));
    expect(decided(lane.see(command(7, typed('rebase'))))).toMatchObject([{ outcome: 'done' }]);
    const effect = lane.take('update-branch');
    expect(effect).toMatchObject({ branch: 'by-hand', headSha: 'hand-1', baseSha: 'base-0' });
    const result = { kind: 'updated' as const, sha: 'hand-2' };
    lane.see({ kind: 'branch-update', issue: 7, headSha: 'hand-1', baseSha: 'base-0', result });
    expect(lane.task(7)).toMatchObject({ state: 'in-review', approvals: [], pull: { headSha: 'hand-2' } });
    const fork = openLane();
    fork.see(say(approval));
    const [answer] = decided(fork.see(command(7, typed('rebase'))));
    expect(answer).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining('another repository'),
    });
  });

  test('becomes a draft: it waits, and says for what', () => {
    const lane = enlisted();
    lane.see(pull(lane.task(7), { draft: true }));
    expect(waitsOf(lane.snapshot, lane.task(7), lane.at)).toMatchObject([
      { kind: 'human', what: 'pull request is a draft', command: 'mark it ready for review' },
    ]);
    expect(lane.pending.map(({ effect }) => effect.kind)).not.toContain('mark-ready');
    lane.see(pull(lane.task(7), { draft: false }));
    expect(activeBuild(lane).entries).toMatchObject([{ issue: 7 }]);
  });

  test('is queued beside tasks', () => {
    const lane = enlisted();
    queueTask(lane, 1, { spec: { owns: ['src/b.js'] } });
    expect(lane.task(1).entry).not.toBeNull();
    expect(lane.task(7).entry).not.toBeNull();
  });
});
