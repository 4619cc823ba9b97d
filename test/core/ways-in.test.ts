/** Agents that Signalbox does not run itself: workflow runs, and whoever opens a pull request of their own. */
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../src/core/lane/observation.ts';
import { issue, LaneDriver, policy } from './lane-driver.ts';

type Way = 'dispatch' | 'adopt' | 'assign';

/** A lane whose only agent works this way, with task #1 given to it. */
function openLane(via: Way): LaneDriver {
  const lane = new LaneDriver();
  lane.see({ kind: 'lane', owner: 'acme', repo: 'shop', base: 'main' }, { kind: 'base', sha: 'base-0' });
  lane.see(policy({ schedule: { grace: '0s' }, agents: { ada: { via, capacity: 5 } } }));
  lane.see(issue(1));
  return lane;
}

const present = (lane: LaneDriver) => {
  const { number: attempt = 0, fence = 0 } = lane.task(1).attempt ?? {};
  return { issue: 1, attempt, fence };
};

/** Carries out what opens the task's branch and its PR #10. */
function openWork(lane: LaneDriver): void {
  lane.take('open-branch');
  lane.see({ kind: 'branch-opened', ...present(lane), sha: 'opened' });
  lane.take('open-pull');
  lane.see({ kind: 'pull-opened', issue: 1, pull: 10, headSha: 'opened', draft: true });
}

const kinds = (lane: LaneDriver) => lane.pending.map(({ effect }) => effect.kind);
const pull = (number: number, headSha: string, draft = true): Observation => ({
  kind: 'pull',
  issue: 1,
  seen: { number, headSha, draft, open: true, merged: false, mergeCommitSha: null },
});

describe('a workflow run', () => {
  function dispatched(): LaneDriver {
    const lane = openLane('dispatch');
    openWork(lane);
    expect(lane.take('dispatch-workflow')).toMatchObject({ workflow: 'agent-ada.yml' });
    lane.see({ kind: 'run-dispatched', ...present(lane), run: 77 });
    return lane;
  }

  test('is wanted once the branch and the pull request are there, and written down for its attempt only', () => {
    const lane = openLane('dispatch');
    expect(kinds(lane)).not.toContain('dispatch-workflow');
    openWork(lane);
    const { issue: number, attempt, fence } = present(lane);
    expect(lane.see({ kind: 'run-dispatched', issue: number, attempt, fence: fence + 1, run: 1 })).toEqual(
      [],
    );
    lane.see({ kind: 'run-dispatched', issue: number, attempt, fence, run: 2 });
    expect(lane.see({ kind: 'run-dispatched', issue: number, attempt, fence, run: 3 })).toEqual([]);
    expect(lane.task(1).attempt?.runId).toBe(2);
    expect(lane.take('dispatch-workflow')).toBeNull();
  });

  test.each(['failure', 'success', 'cancelled', 'gone'])(
    'that ends (%s) without a report has failed',
    (conclusion) => {
      const lane = dispatched();
      const [seen] = lane.see({ kind: 'run', issue: 1, run: 77, conclusion: null });
      expect(seen).toMatchObject({ kind: 'run-seen' });
      expect(lane.see({ kind: 'run', issue: 1, run: 77, conclusion: null })).toEqual([]);
      expect(lane.see({ kind: 'run', issue: 1, run: 78, conclusion })).toEqual([]);
      lane.see({ kind: 'run', issue: 1, run: 77, conclusion });
      const ended = lane.journal.find((fact) => fact.kind === 'attempt-ended');
      expect(ended).toMatchObject({ reason: expect.stringContaining(`run 77 ended (${conclusion})`) });
    },
  );

  test('that ends after its report has said all there was', () => {
    const lane = dispatched();
    lane.see({ kind: 'agent', ...present(lane), word: { kind: 'done', head: 'work' } });
    expect(lane.see({ kind: 'run', issue: 1, run: 77, conclusion: 'success' })).toEqual([]);
    expect(lane.task(1).state).toBe('in-review');
    expect(kinds(lane)).not.toContain('cancel-run');
  });

  test('is cancelled, once, when its attempt has ended in whatever way', () => {
    const lane = dispatched();
    lane.see(issue(1, { ready: false }));
    expect(lane.pending.map(({ key }) => key)).toContain('cancel-run:1:1');
    expect(lane.take('cancel-run')).toMatchObject({ run: 77 });
    lane.see();
    expect(kinds(lane)).not.toContain('cancel-run');
  });

  test('counts its minutes from when it has begun, whatever it says; past its budget it is cancelled', () => {
    const lane = dispatched();
    const seen = { kind: 'run' as const, issue: 1, run: 77, conclusion: null };
    lane.see({ ...seen, hasBegun: false });
    // Waiting for a runner costs nothing.
    lane.now += 2 * 3_600_000;
    lane.leases[1] = '2027-01-01T00:00:00.000Z';
    expect(lane.see({ ...seen, hasBegun: true })).toMatchObject([{ kind: 'work-started', worker: null }]);
    expect(lane.see({ ...seen, hasBegun: true })).toEqual([]);
    lane.see({
      kind: 'agent',
      ...present(lane),
      word: { kind: 'claimed', claimId: 'run-77', worker: 'run 77' },
    });
    expect(lane.task(1).attempt).toMatchObject({ worker: 'run 77', startedAt: lane.at });
    lane.pass(44 * 60_000);
    expect(lane.task(1).state).toBe('working');
    lane.pass(60_000);
    expect(lane.task(1)).toMatchObject({ state: 'escalated', escalation: { trigger: 'budget' } });
    expect(lane.take('cancel-run')).toMatchObject({ run: 77 });
  });

  test.each([{ usd: 6 }, { tokens: 3_000_000 }])(
    'that tells of %j is over its budget and cancelled',
    (usage) => {
      const lane = dispatched();
      lane.see({ kind: 'agent', ...present(lane), word: { kind: 'heartbeat', head: null, usage } });
      expect(lane.task(1)).toMatchObject({ state: 'escalated', escalation: { trigger: 'budget' } });
      expect(lane.take('cancel-run')).toMatchObject({ run: 77 });
    },
  );

  test('whose report tells what it has used is charged for it', () => {
    const lane = dispatched();
    const word = { kind: 'done' as const, head: 'work', usage: { tokens: 1_000, usd: 2 } };
    lane.see({ kind: 'agent', ...present(lane), word });
    expect(lane.task(1).record.spent).toMatchObject({ tokens: 1_000, usd: 2 });
    expect(lane.state.spending.agents.ada).toMatchObject({ usd: 2 });
  });

  test('whose push no check has been heard of has the checks run, once', () => {
    const lane = dispatched();
    lane.see(pull(10, 'work'));
    expect(kinds(lane)).not.toContain('trigger-checks');
    lane.see({ kind: 'agent', ...present(lane), word: { kind: 'done', head: 'work' } });
    expect(kinds(lane)).toContain('trigger-checks');
    lane.see({ kind: 'checks', sha: 'work', checks: [{ name: 'ci', conclusion: 'pending', url: null }] });
    expect(lane.take('trigger-checks')).toBeNull();
  });
});

describe('a pull request that Signalbox did not open', () => {
  const found = (standing: 'trusted' | 'fork' | 'stranger', number = 20): Observation => ({
    kind: 'pull-found',
    issue: 1,
    pull: number,
    headSha: 'theirs',
    branch: 'walts-way',
    draft: false,
    by: 'walt',
    standing,
  });

  test('takes the place of an empty one, which is closed, and is work from its first commit', () => {
    const lane = openLane('adopt');
    openWork(lane);
    lane.see(found('trusted'));
    expect(lane.task(1)).toMatchObject({
      state: 'in-review',
      branch: 'walts-way',
      pull: { number: 20, headSha: 'theirs', verdict: null },
      attempt: { branch: 'walts-way', openedSha: 'base-0' },
    });
    expect(lane.take('close-replaced')).toMatchObject({ pull: 10 });
    expect(lane.see(found('trusted'))).toEqual([]);
  });

  test.each(['fork', 'stranger'] as const)('of a %s takes the place of nothing', (standing) => {
    const lane = openLane('adopt');
    openWork(lane);
    expect(lane.see(found(standing))).toMatchObject([{ kind: 'pull-refused', instead: 10, why: standing }]);
    expect(lane.task(1).pull?.number).toBe(10);
  });

  test('is one too many where there is work, and where an agent is at work', () => {
    const adopted = openLane('adopt');
    openWork(adopted);
    adopted.see(pull(10, 'work'));
    const run = openLane('dispatch');
    openWork(run);
    for (const lane of [adopted, run]) {
      expect(lane.see(found('trusted'))).toMatchObject([{ kind: 'pull-refused', pull: 20, instead: 10 }]);
      expect(lane.take('notify')).toMatchObject({ under: 20 });
      expect(lane.task(1).pull?.number).toBe(10);
    }
  });

  test('is what an assigned agent is waited for, without a branch of ours', () => {
    const lane = openLane('assign');
    expect(kinds(lane)).toEqual(['ask-assignment']);
    lane.see(found('trusted'));
    expect(lane.task(1)).toMatchObject({ state: 'in-review', pull: { number: 20 } });
    expect(kinds(lane)).not.toContain('open-branch');
    expect(lane.take('ask-assignment')).toBeNull();
  });
});

test('work that is reported before its push was heard of is judged by nothing of the head before', () => {
  const lane = openLane('dispatch');
  lane.see(
    policy({ schedule: { grace: '0s' }, agents: { ada: { via: 'dispatch' } }, gate: { approvals: 0 } }),
  );
  openWork(lane);
  lane.see({ kind: 'checks', sha: 'opened', checks: [{ name: 'ci', conclusion: 'success', url: null }] });
  lane.see({ kind: 'diff', issue: 1, headSha: 'opened', baseSha: 'base-0', changes: [] });
  lane.see({ kind: 'agent', ...present(lane), word: { kind: 'done', head: 'work' } });
  expect(lane.task(1).pull).toMatchObject({ headSha: 'work', checks: [], verdict: null });
  expect(lane.task(1).entry).toBeNull();
  expect(lane.state.builds).toEqual({});
});
