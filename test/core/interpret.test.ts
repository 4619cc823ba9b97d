import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/core/lane/interpret.ts';
import type { AgentWord, Observation } from '../../src/core/lane/observation.ts';
import {
  activeBuild,
  checks,
  finishWork,
  issue,
  issueSeen,
  kinds,
  type LaneDriver,
  landCandidate,
  makeCandidate,
  openLane,
  openWork,
  policy,
  pull,
  queueTask,
  request,
} from './lane-driver.ts';

/** A lane whose task 1 has a worker's attempt with an open PR. */
function working(): LaneDriver {
  const lane = openLane();
  lane.presence = [{ agent: 'default', worker: 'w-1', seenAt: new Date(lane.now + 3_000).toISOString() }];
  request(lane, 1);
  openWork(lane, 1);
  return lane;
}

function queued(): LaneDriver {
  const lane = openLane();
  queueTask(lane, 1);
  return lane;
}

function passed(): LaneDriver {
  const lane = queued();
  makeCandidate(lane);
  lane.see(checks('candidate-1', 'success'));
  return lane;
}

function fresh(): LaneDriver {
  const lane = openLane();
  lane.see(issue(1));
  return lane;
}

const says = (word: AgentWord, fence = 1): Observation => ({
  kind: 'agent',
  issue: 1,
  attempt: 1,
  fence,
  word,
});
const claimed: AgentWord = { kind: 'claimed', claimId: 'claim-1', worker: 'w-1' };
const done: AgentWord = { kind: 'done', head: 'head-1' };
const failed: AgentWord = { kind: 'failed', class: 'infra', message: 'disk full' };
const asks: AgentWord = { kind: 'escalate', trigger: 'ambiguity', context: 'Which?' };

const refusedByReader = issue(2, { labelledBy: { login: 'visitor', permission: 'read' } });

const everything: { what: string; lane: () => LaneDriver; seen: (lane: LaneDriver) => Observation }[] = [
  {
    what: 'a rename',
    lane: openLane,
    seen: () => ({ kind: 'lane', owner: 'new', repo: 'name', base: 'main' }),
  },
  { what: 'a base', lane: openLane, seen: () => ({ kind: 'base', sha: 'base-1' }) },
  { what: 'a policy', lane: openLane, seen: () => policy({ limits: { running: 9 } }) },
  {
    what: 'a bad policy',
    lane: openLane,
    seen: () => ({ kind: 'policy', reading: { kind: 'refused', problem: 'nonsense: unknown key' } }),
  },
  { what: 'a request', lane: openLane, seen: () => issue(1) },
  { what: 'a request that is held', lane: openLane, seen: () => issue(1, { held: true }) },
  { what: 'a request by a reader', lane: openLane, seen: () => refusedByReader },
  { what: 'a hold', lane: working, seen: () => issue(1, { held: true }) },
  { what: 'a hold with a new link', lane: working, seen: () => issue(1, { held: true, blockedBy: [9] }) },
  {
    what: 'the end of a hold with a new link',
    lane: () => {
      const lane = working();
      lane.see(issue(1, { held: true }));
      return lane;
    },
    seen: () => issue(1, { held: false, blockedBy: [9] }),
  },
  { what: 'a new link', lane: fresh, seen: () => issue(1, { blockedBy: [9] }) },
  { what: 'a removed label', lane: working, seen: () => issue(1, { ready: false }) },
  { what: 'a closed issue', lane: working, seen: () => issue(1, { open: false }) },
  {
    what: 'an issue that is gone',
    lane: working,
    seen: () => ({ kind: 'issue', issue: 1, seen: null, correlationId: 'c' }),
  },
  {
    what: 'a prerequisite',
    lane: () => {
      const lane = openLane();
      lane.see(issue(1, { blockedBy: [9] }));
      return lane;
    },
    seen: () => ({ kind: 'prerequisite', issue: 9, state: 'completed' }),
  },
  { what: 'a new head', lane: working, seen: (lane) => pull(lane.task(1), { headSha: 'h', draft: false }) },
  { what: 'a closed PR', lane: working, seen: (lane) => pull(lane.task(1), { open: false }) },
  { what: 'a merged PR', lane: working, seen: (lane) => pull(lane.task(1), { open: false, merged: true }) },
  { what: 'a PR that is gone', lane: working, seen: () => ({ kind: 'pull', issue: 1, seen: null }) },
  {
    what: 'a PR that was reopened',
    lane: () => {
      const lane = working();
      lane.see(pull(lane.task(1), { open: false }));
      return lane;
    },
    seen: (lane) => pull(lane.task(1), { open: true }),
  },
  {
    what: 'a diff',
    lane: working,
    seen: (lane) => ({
      kind: 'diff',
      issue: 1,
      headSha: lane.task(1).pull?.headSha ?? '',
      baseSha: 'base-0',
      changes: [{ path: 'lib/x', change: 'added', mode: '100644' }],
    }),
  },
  {
    what: 'checks of a head',
    lane: working,
    seen: (lane) => checks(lane.task(1).pull?.headSha ?? '', 'failure'),
  },
  {
    what: 'checks of a candidate',
    lane: () => {
      const lane = queued();
      makeCandidate(lane);
      return lane;
    },
    seen: () => checks('candidate-1', 'success'),
  },
  { what: 'a claim', lane: working, seen: () => says(claimed) },
  { what: 'a done report', lane: working, seen: () => says(done) },
  { what: 'a failed report', lane: working, seen: () => says(failed) },
  { what: 'an escalation', lane: working, seen: () => says(asks) },
  {
    what: 'an opened branch',
    lane: () => {
      const lane = openLane();
      request(lane, 1);
      return lane;
    },
    seen: () => ({ kind: 'branch-opened', issue: 1, attempt: 1, fence: 1, sha: 'opened' }),
  },
  {
    what: 'an opened PR',
    lane: () => {
      const lane = openLane();
      request(lane, 1);
      return lane;
    },
    seen: () => ({ kind: 'pull-opened', issue: 1, pull: 101, headSha: 'opened', draft: true }),
  },
  {
    what: 'an announced collision',
    lane: () => {
      const lane = openLane();
      lane.see(issue(1), issue(2));
      return lane;
    },
    seen: () => ({ kind: 'collision-announced', a: 1, b: 2 }),
  },
  {
    what: 'a made candidate',
    lane: queued,
    seen: () => ({
      kind: 'candidate',
      build: 1,
      result: { kind: 'made', sha: 's', tree: 't', steps: ['s'] },
    }),
  },
  {
    what: 'a conflict',
    lane: queued,
    seen: () => ({ kind: 'candidate', build: 1, result: { kind: 'conflict', issue: 1, with: [] } }),
  },
  {
    what: 'a landing',
    lane: passed,
    seen: () => ({
      kind: 'landing',
      build: 1,
      result: { kind: 'landed', sha: 'candidate-1', tree: 'tree-1' },
    }),
  },
  {
    what: 'a landing that came too late',
    lane: passed,
    seen: () => ({ kind: 'landing', build: 1, result: { kind: 'base-is', sha: 'outside' } }),
  },
];

describe('an observation', () => {
  test.each(everything)('of $what gives facts once, and none the second time', ({ lane: make, seen }) => {
    const lane = make();
    const observation = seen(lane);
    expect(lane.see(observation)).not.toEqual([]);
    expect(interpret(lane.state, observation)).toEqual([]);
  });
});

describe('a stale fence', () => {
  test.each([claimed, done, failed, asks])('has no effect: $kind', (word) => {
    const lane = working();
    lane.see(says(failed));
    lane.pass(60_000);
    expect(lane.task(1).attempt).toMatchObject({ number: 2, fence: 2 });
    expect(interpret(lane.state, says(word, 1))).toEqual([]);
    expect(
      interpret(lane.state, { ...(says(word, 1) as Extract<Observation, { kind: 'agent' }>), attempt: 2 }),
    ).toEqual([]);
    expect(interpret(lane.state, says(word, 99))).toEqual([]);
  });

  test('a report after the work was handed in changes nothing', () => {
    const lane = working();
    lane.see(says(done));
    for (const word of [claimed, done, failed, asks]) expect(interpret(lane.state, says(word))).toEqual([]);
  });

  test('an attempt that another claim took cannot be failed through the number alone', () => {
    const lane = working();
    lane.see(issue(1, { ready: false }));
    request(lane, 1);
    expect(lane.task(1).attempt).toMatchObject({ number: 1, fence: 2 });
    expect(interpret(lane.state, says(done, 1))).toEqual([]);
  });
});

describe('a claim', () => {
  test('of an attempt that another claim has taken has no effect: the first one has it', () => {
    const lane = working();
    expect(kinds(lane.see(says(claimed)))).toContain('work-started');
    const other: AgentWord = { kind: 'claimed', claimId: 'claim-2', worker: 'w-2' };
    expect(interpret(lane.state, says(other))).toEqual([]);
    expect(lane.task(1).attempt?.claimId).toBe('claim-1');
  });
});

describe('a request', () => {
  test('by somebody who may only read is refused once, and again only for another reason', () => {
    const lane = openLane();
    expect(lane.see(refusedByReader)).toMatchObject([{ kind: 'request-refused', issue: 2 }]);
    expect(lane.see(refusedByReader)).toEqual([]);
    const triage = issue(2, { labelledBy: { login: 'visitor', permission: 'triage' } });
    expect(kinds(lane.see(triage))).toEqual(['request-refused']);
    expect(lane.state.tasks).toEqual({});
  });

  test('that was refused can be taken back and made again', () => {
    const lane = openLane();
    lane.see(refusedByReader);
    expect(kinds(lane.see(issue(2, { ready: false })))).toEqual(['request-withdrawn']);
    expect(kinds(lane.see(refusedByReader))).toEqual(['request-refused']);
    expect(kinds(lane.see(issue(2)))).toEqual(['task-requested']);
    expect(lane.state.refusals).toEqual({});
  });

  test('is judged by the author where GitHub does not tell who set the label', () => {
    const lane = openLane();
    const author = { login: 'stranger', permission: 'read' as const };
    expect(kinds(lane.see(issue(1, { labelledBy: null, author })))).toEqual(['request-refused']);
  });

  test('whose specification is refused tells every reason', () => {
    const lane = openLane();
    const spec = { kind: 'refused' as const, why: ['One.', 'Two.'] };
    const seen = { ...issueSeen(), spec };
    expect(lane.see({ kind: 'issue', issue: 1, seen, correlationId: 'c' })).toMatchObject([
      { why: 'One.\nTwo.' },
    ]);
  });

  test('without the label is nobody’s task', () => {
    expect(openLane().see(issue(1, { ready: false }))).toEqual([]);
  });

  test('of a completed task is not taken up again', () => {
    const lane = passed();
    landCandidate(lane);
    expect(lane.see(issue(1))).toEqual([]);
  });

  test('of an escalated or failed task needs the label to be taken away first', () => {
    const lane = working();
    lane.see(says(asks));
    expect(lane.see(issue(1))).toEqual([]);
    expect(kinds(lane.see(issue(1, { ready: false })))).toContain('task-cancelled');
    expect(kinds(lane.see(issue(1)))).toContain('task-requested');
  });
});

describe('an issue that closes', () => {
  test('cancels a task that has not landed, and its open PR is to be closed', () => {
    const lane = working();
    lane.see(issue(1, { open: false }));
    expect(lane.task(1)).toMatchObject({ state: 'cancelled', claims: [], attempt: null });
    expect(lane.take('close-pull')).toMatchObject({ pull: 101 });
  });

  test.each([
    { how: 'closed', seen: issueSeen({ open: false }) },
    { how: 'without its label', seen: issueSeen({ ready: false }) },
    { how: 'gone', seen: null },
  ])('while its candidate is landing is no cancellation: $how', ({ seen }) => {
    const lane = passed();
    expect(interpret(lane.state, { kind: 'issue', issue: 1, seen, correlationId: 'c' })).toEqual([]);
  });

  test('after its PR was merged is no cancellation', () => {
    const lane = working();
    lane.see(pull(lane.task(1), { open: false, merged: true }));
    expect(lane.task(1).state).toBe('completed');
    expect(lane.see(issue(1, { open: false }))).toEqual([]);
  });
});

describe('what concerns nobody', () => {
  test('gives no facts', () => {
    const lane = queued();
    const { number } = activeBuild(lane);
    const nothings: Observation[] = [
      checks('unknown-sha', 'success'),
      { kind: 'prerequisite', issue: 99, state: 'completed' },
      { kind: 'pull', issue: 99, seen: null },
      { kind: 'diff', issue: 1, headSha: 'old', baseSha: 'base-0', changes: [] },
      { kind: 'candidate', build: number + 1, result: { kind: 'conflict', issue: 1, with: [] } },
      { kind: 'landing', build: number, result: { kind: 'landed', sha: 's', tree: 't' } },
      { kind: 'collision-announced', a: 5, b: 6 },
      { kind: 'branch-opened', issue: 1, attempt: 1, fence: 7, sha: 's' },
      { kind: 'effect-refused', effect: 'react', issue: null, build: null, message: 'no' },
    ];
    for (const nothing of nothings) expect(interpret(lane.state, nothing)).toEqual([]);
  });

  test('another PR of the same branch does not replace the task’s own', () => {
    const lane = working();
    expect(lane.see(pull(lane.task(1), { number: 999, headSha: 'x' }))).toEqual([]);
  });
});

describe('evidence on GitHub', () => {
  test('pushes and a PR ready for review are enough for an adopted branch', () => {
    const lane = openLane();
    request(lane, 1);
    openWork(lane, 1);
    expect(lane.task(1).state).toBe('assigned');
    lane.see(pull(lane.task(1), { headSha: 'wip' }));
    expect(lane.task(1).state).toBe('working');
    finishWork(lane, 1);
    expect(lane.task(1).state).toBe('in-review');
  });

  test('marking the empty PR ready is not work', () => {
    const lane = openLane();
    request(lane, 1);
    openWork(lane, 1);
    lane.see(pull(lane.task(1), { draft: false }));
    expect(lane.task(1).state).toBe('assigned');
  });
});
