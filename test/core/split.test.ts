/** Plan and execute: who plans, what may be proposed, who accepts it, and what becomes of the task and its parts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Effect } from '../../src/core/lane/effects.ts';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import { waitsOf } from '../../src/core/lane/plan-view.ts';

import type { ProposedPart } from '../../src/core/task/parts.ts';
import { readSplit, stageOf } from '../../src/core/task/split.ts';
import { approve, command, issue, kinds, LaneDriver, policy } from './lane-driver.ts';

const agents = {
  ada: { via: 'pull', capacity: 5 },
  architect: { via: 'pull', capacity: 2, roles: ['planner'] },
};

const planFirst = { labels: ['Plan-First'], spec: { owns: ['src/**', 'docs/**'] } };

/** The same issue after its author has taken files away. */
const narrower = {
  ...planFirst,
  spec: { owns: ['src/**'] },
  edits: [{ by: { login: 'maria', permission: 'write' as const }, at: '2026-01-01T00:00:00Z' }],
};

function part(change: Partial<ProposedPart> = {}): ProposedPart {
  const text = { title: 'A part', requirements: 'Do it.', design: '', acceptance: [] };
  return { ...text, owns: ['src/a.js'], after: [], ...change };
}

const two = [part(), part({ title: 'The docs', owns: ['docs/a.md'], after: [1] })];

function openLane(content: object = {}): LaneDriver {
  const lane = new LaneDriver();
  lane.see({ kind: 'lane', owner: 'acme', repo: 'shop', base: 'main' }, { kind: 'base', sha: 'base-0' });
  lane.see(policy({ schedule: { grace: '0s' }, agents, limits: { running: 10 }, ...content }));
  const seenAt = '2027-01-01T00:00:00.000Z';
  lane.presence = [
    { agent: 'ada', worker: 'w', seenAt },
    { agent: 'architect', worker: 'w', seenAt },
  ];
  return lane;
}

function propose(lane: LaneDriver, parts: readonly ProposedPart[] = two, number = 7) {
  const { number: attempt = 0, fence = 0, version = 0 } = lane.task(number).attempt ?? {};
  const word = { kind: 'split' as const, version, summary: 'Two halves.', parts: [...parts] };
  return lane.see({ kind: 'agent', issue: number, attempt, fence, word });
}

/** A lane in which the architect has proposed two parts for #7. */
function proposed(content: object = {}): LaneDriver {
  const lane = openLane(content);
  lane.see(issue(7, planFirst));
  propose(lane);
  return lane;
}

/** Carries out whatever is wanted for the parts; part n becomes issue 10 + n. */
function carryOut(lane: LaneDriver): void {
  for (;;) {
    const next = lane.pending.find(({ effect }) => /-part$/.test(effect.kind))?.effect;
    if (!next) return;
    const effect = lane.take(next.kind);
    if (effect?.kind === 'create-part') {
      const { version, part: place } = effect;
      lane.see({ kind: 'part-created', issue: effect.issue, version, part: place, created: 10 + place });
    }
    if (effect?.kind === 'open-part')
      lane.see({ kind: 'part-opened', issue: effect.issue, part: effect.part });
  }
}

const bot = { login: 'signalbox[bot]', permission: 'none' as const };
const waits = (lane: LaneDriver, number = 7) =>
  waitsOf(lane.snapshot, lane.task(number), lane.at).map(({ kind, what }) => `${kind}: ${what}`);
const wanted = (lane: LaneDriver): Effect['kind'][] => lane.pending.map(({ effect }) => effect.kind);

describe('who plans', () => {
  test('a planner, without a branch and without claims; others work beside it on the same files', () => {
    const lane = openLane();
    lane.see(issue(7, planFirst), issue(8, { spec: { owns: ['src/**'] } }));
    expect(lane.task(7).attempt).toMatchObject({ agent: 'architect', job: 'plan' });
    expect(lane.task(7).claims).toEqual([]);
    expect(lane.task(8)).toMatchObject({ attempt: { agent: 'ada', job: 'work' }, claims: ['src/**'] });
    expect(lane.state.collisions).toEqual([]);
    expect(lane.pending.map(({ effect }) => 'issue' in effect && effect.issue)).toEqual([8]);
  });

  test.each([
    { labels: ['complexity:high'], split: { complexity: ['high'] }, agent: 'architect' },
    { labels: ['complexity:low'], split: { complexity: ['high'] }, agent: 'ada' },
    { labels: ['epic'], split: { label: 'Epic' }, agent: 'architect' },
    { labels: ['plan-first'], split: { label: 'epic' }, agent: 'ada' },
    { labels: [], split: {}, agent: 'ada' },
  ])('by $labels with $split: $agent', ({ labels, split, agent }) => {
    const lane = openLane({ split });
    lane.see(issue(7, { labels }));
    expect(lane.task(7).attempt?.agent).toBe(agent);
  });

  test.each([
    ['nobody is a planner', { ada: agents.ada }],
    ['only a planner that no worker asks for', { ada: agents.ada, p: { via: 'adopt', roles: ['planner'] } }],
  ])('where %s the task waits and says so', (_, others) => {
    const lane = openLane({ agents: others });
    lane.see(issue(7, planFirst));
    expect(lane.task(7).state).toBe('waiting');
    expect(waits(lane)).toEqual(['agent: no agent has the role planner and is `via: pull`']);
  });

  test('a planner that reports done, or asks for files, has planned nothing', () => {
    const lane = openLane();
    lane.see(issue(7, planFirst));
    const { number: attempt = 0, fence = 0 } = lane.task(7).attempt ?? {};
    const say = { kind: 'agent' as const, issue: 7, attempt, fence };
    expect(lane.see({ ...say, word: { kind: 'request-paths', paths: ['x'], why: '' } })).toEqual([]);
    expect(lane.see({ ...say, word: { kind: 'done', head: 'h' } })).toMatchObject([
      { kind: 'attempt-ended', end: 'semantic' },
    ]);
  });
});

describe('what may be proposed', () => {
  const task = (() => {
    const lane = openLane();
    lane.see(issue(7, planFirst));
    return lane.task(7);
  })();
  const { policy: rules } = openLane().state;

  test.each<[string, ProposedPart[], RegExp]>([
    ['one part', [part()], /has 1 parts; 2 to 12/],
    ['too many', Array.from({ length: 13 }, () => part()), /has 13 parts/],
    ['no title', [part(), part({ title: ' ' })], /part 2: The issue has no title/],
    ['no requirements', [part({ requirements: '\n' }), part()], /part 1: it has no requirements/],
    ['no files', [part({ owns: [] }), part()], /part 1: it names no files/],
    ['files outside', [part({ owns: ['package.json'] }), part()], /package\.json is outside the files/],
    ['a pattern that is none', [part({ owns: ['../x'] }), part()], /part 1: .*"\.\."/],
    ['after itself', [part(), part({ after: [2] })], /part 2: it comes after part 2/],
    ['after a later one', [part({ after: [2] }), part()], /part 1: it comes after part 2/],
    ['after none', [part(), part({ after: [0] })], /part 2: it comes after part 0/],
  ])('not %s', (_, parts, why) => {
    expect(readSplit(rules, task, parts)).toEqual({ kind: 'refused', why: expect.stringMatching(why) });
  });

  test('any files, where the task names none', () => {
    const open = { ...task, spec: { ...task.spec, ownsDeclared: false, owns: ['**'] } };
    expect(readSplit(rules, open, [part({ owns: ['anything/here'] }), part()]).kind).toBe('ok');
  });

  test('whatever is taken has no circles, and only files of the task', () => {
    const anyPart = fc.record({
      title: fc.string(),
      requirements: fc.string(),
      design: fc.string(),
      acceptance: fc.array(fc.string(), { maxLength: 3 }),
      owns: fc.array(fc.constantFrom('src/a.js', 'src/**', './docs/x', 'lib/x', '**'), { maxLength: 3 }),
      after: fc.array(fc.integer({ min: -1, max: 5 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(anyPart, { maxLength: 5 }), (parts) => {
        const reading = readSplit(rules, task, parts);
        if (reading.kind === 'refused') return;
        reading.parts.forEach((each, index) => {
          expect(each.after.every((other) => other >= 1 && other <= index)).toBe(true);
          expect(each.owns.every((path) => /^(src|docs)\//.test(path))).toBe(true);
        });
      }),
      { numRuns: 300 },
    );
  });

  test('a plan that is refused has failed, and the next attempt plans again', () => {
    const lane = openLane({ limits: { running: 10, backoff: ['1m'] } });
    lane.see(issue(7, planFirst));
    expect(propose(lane, [part()])).toMatchObject([
      { kind: 'attempt-ended', end: 'semantic', reason: expect.stringContaining('1 parts') },
    ]);
    lane.pass(60_000);
    expect(lane.task(7).attempt).toMatchObject({ number: 2, job: 'plan' });
  });

  test('nothing by a worker, or with an old fence', () => {
    const lane = openLane();
    lane.see(issue(7), issue(8, { ...planFirst, spec: { owns: ['docs/**'] } }));
    expect(propose(lane, two, 7)).toEqual([]);
    const word = { kind: 'split' as const, version: 1, summary: '', parts: two };
    expect(lane.see({ kind: 'agent', issue: 8, attempt: 1, fence: 99, word })).toEqual([]);
  });
});

describe('a proposal', () => {
  test('waits for a person, opens nothing, and is told under the issue', () => {
    const lane = proposed();
    expect(lane.task(7)).toMatchObject({ state: 'waiting', attempt: null });
    expect(waits(lane)).toEqual(['approval: somebody to accept the plan of architect (2 parts)']);
    expect(wanted(lane)).toEqual(['notify']);
    expect(lane.take('notify')).toMatchObject({ under: 7, fact: { kind: 'split-proposed' } });
    lane.pass(86_400_000);
    expect(wanted(lane)).toEqual([]);
    expect(lane.task(7).attempts).toBe(1);
  });

  test('is accepted by `/approve` under the issue, of somebody with write access', () => {
    const lane = proposed();
    const writtenAt = lane.at;
    lane.see(approve(7, { permission: 'triage', writtenAt }));
    expect(lane.task(7).split?.accepted).toBeNull();
    expect(kinds(lane.see(approve(7, { writtenAt })))).toEqual(['split-accepted', 'command-decided']);
    expect(lane.task(7).split?.accepted?.by).toBe('rita');
    expect(kinds(lane.see(approve(7, { writtenAt })))).toEqual(['command-decided']);
  });

  test('is not accepted by a word that is older than it', () => {
    const lane = openLane();
    lane.see(issue(7, planFirst));
    const writtenAt = lane.at;
    lane.now += 1_000;
    propose(lane);
    expect(lane.see(approve(7, { writtenAt }))).toMatchObject([{ outcome: 'refused' }]);
    expect(lane.see(approve(7, { writtenAt: lane.at }))[0]?.kind).toBe('split-accepted');
  });

  test.each([
    ['a new version', (lane: LaneDriver) => lane.see(issue(7, narrower))],
    ['/retry', (lane: LaneDriver) => lane.see(command(7, { index: 0, name: 'retry' }))],
    [
      '/resume',
      (lane: LaneDriver) => lane.see(command(7, { index: 0, name: 'resume', guidance: 'in three' })),
    ],
  ])('is void after %s, and made anew', (what, act) => {
    const lane = proposed();
    act(lane);
    expect(lane.task(7)).toMatchObject({ split: null, attempt: { number: 2, job: 'plan' } });
    const guidance = what === '/resume' ? [{ question: 'Two halves.', answer: 'in three' }] : [];
    expect(lane.task(7).record.guidance).toMatchObject(guidance);
  });

  test('for an older version is not taken', () => {
    const lane = openLane({ schedule: { grace: '0s', edits: 'finish' } });
    lane.see(issue(7, planFirst));
    const { number: attempt = 0, fence = 0 } = lane.task(7).attempt ?? {};
    lane.see(issue(7, narrower));
    expect(lane.task(7)).toMatchObject({ version: 2, attempt: { fence } });
    const word = { kind: 'split' as const, version: 1, summary: '', parts: two };
    const facts = lane.see({ kind: 'agent', issue: 7, attempt, fence, word });
    expect(facts).toMatchObject([{ kind: 'attempt-ended', end: 'superseded' }, { kind: 'task-assigned' }]);
  });

  test('is left alone once its label is gone: the task is worked on', () => {
    const lane = proposed();
    lane.see(issue(7, { ...planFirst, labels: [] }));
    expect(lane.task(7).attempt).toMatchObject({ agent: 'ada', job: 'work' });
  });

  test.each([
    { level: 'out-of-the-loop', paths: ['**'], isAccepted: true },
    { level: 'out-of-the-loop', paths: ['src/**', 'docs/**'], isAccepted: true },
    { level: 'out-of-the-loop', paths: ['src/**'], isAccepted: false },
    { level: 'out-of-the-loop', paths: ['src/a.js', 'docs/a.*'], isAccepted: true },
    { level: 'out-of-the-loop', paths: ['src/a.js', 'docs/b.*'], isAccepted: false },
    { level: 'on-the-loop', paths: ['**'], isAccepted: false },
  ])(
    'with $level for $paths is accepted by the policy alone: $isAccepted',
    ({ level, paths, isAccepted }) => {
      const lane = proposed({ autonomy: { rules: [{ paths, level }] } });
      expect(lane.task(7).split?.accepted ?? null).toEqual(
        isAccepted ? { by: 'policy', at: expect.any(String) } : null,
      );
    },
  );

  test('with protected files, or a stricter rule for some, always waits for a person', () => {
    const free = { paths: ['**'], level: 'out-of-the-loop' };
    const guarded = proposed({ autonomy: { rules: [free] }, ownership: { protected: ['docs/**'] } });
    expect(guarded.task(7).split?.accepted).toBeNull();
    const strict = { paths: ['docs/a.md'], level: 'in-the-loop' };
    expect(proposed({ autonomy: { rules: [free, strict] } }).task(7).split?.accepted).toBeNull();
    const held = openLane({ autonomy: { rules: [free] } });
    held.see(issue(7, planFirst));
    held.see(issue(7, { ...planFirst, held: true }));
    propose(held);
    expect(held.task(7).split?.accepted).toBeNull();
  });
});

describe('an accepted split', () => {
  function accepted(): LaneDriver {
    const lane = proposed();
    lane.see(approve(7, { writtenAt: lane.at }));
    lane.take('notify');
    return lane;
  }

  test('opens its issues in order, all before any of them is labelled, and each once', () => {
    const lane = accepted();
    const made: string[] = [];
    const note = (effect: Effect | null) => {
      if (effect?.kind === 'create-part' || effect?.kind === 'open-part')
        made.push(`${effect.kind} ${effect.part}`);
      return effect;
    };
    expect(wanted(lane).filter((kind) => kind !== 'react')).toEqual(['create-part']);
    note(lane.take('create-part'));
    const first = { kind: 'part-created' as const, issue: 7, version: 1, part: 1, created: 11 };
    expect(kinds(lane.see(first))).toEqual(['part-created']);
    // Told twice, or of another issue: nothing new.
    expect(lane.see(first, { ...first, created: 99 })).toEqual([]);
    expect(wanted(lane)).not.toContain('open-part');
    note(lane.take('create-part'));
    lane.see({ ...first, part: 2, created: 12 });
    for (const place of [1, 2]) {
      note(lane.take('open-part'));
      lane.see({ kind: 'part-opened', issue: 7, part: place });
    }
    expect(made).toEqual(['create-part 1', 'create-part 2', 'open-part 1', 'open-part 2']);
    expect(lane.see({ kind: 'part-opened', issue: 7, part: 1 })).toEqual([]);
    expect(lane.pending.filter(({ effect }) => /-part$/.test(effect.kind))).toEqual([]);
  });

  test('its parts are tasks of whoever accepted it; it waits for them and is completed with them', () => {
    const lane = accepted();
    carryOut(lane);
    const byBot = { labelledBy: bot, author: bot };
    lane.see(
      issue(11, { ...byBot, spec: { owns: ['src/a.js'] } }),
      issue(12, { ...byBot, spec: { owns: ['docs/a.md'], dependsOn: [11] } }),
    );
    expect(lane.task(11)).toMatchObject({ requestedBy: 'rita', attempt: { agent: 'ada', job: 'work' } });
    expect(lane.task(12).state).toBe('waiting');
    expect(waits(lane)).toEqual([
      'dependency: its part #11 is not finished',
      'dependency: its part #12 is not finished',
    ]);
    expect(lane.see({ kind: 'prerequisite', issue: 12, state: 'not-planned' })).not.toContainEqual(
      expect.objectContaining({ kind: 'prerequisite-questioned' }),
    );
    lane.see(issue(12, { ...byBot, open: false, stateReason: 'not_planned' }));
    expect(lane.task(12).state).toBe('cancelled');
    expect(waits(lane)).toEqual(['dependency: its part #11 is not finished']);
    lane.see(issue(11, { ...byBot, open: false, stateReason: 'completed' }));
    const facts = lane.see({ kind: 'prerequisite', issue: 11, state: 'completed' });
    expect(kinds(facts)).toContain('parts-completed');
    expect(lane.task(7)).toMatchObject({ state: 'completed', landedAs: null });
    expect(wanted(lane)).toContain('close-issue');
    expect(lane.journal.reduce(fold, emptyLane)).toEqual(lane.state);
  });

  test('an issue of our own that is no part is refused as anybody’s without write access', () => {
    const lane = accepted();
    carryOut(lane);
    expect(lane.see(issue(13, { labelledBy: bot, author: bot }))).toMatchObject([
      { kind: 'request-refused' },
    ]);
  });

  test('stays through a new version and a second request; what GitHub refused is tried after an answer', () => {
    const lane = accepted();
    const effect = lane.take('create-part');
    lane.see({
      kind: 'effect-refused',
      effect: 'create-part',
      issue: 7,
      build: null,
      message: 'no issues here',
    });
    expect(lane.task(7).state).toBe('escalated');
    lane.now += 1_000;
    lane.see(command(7, { index: 0, name: 'resume', guidance: 'issues are on again' }));
    expect(lane.take('create-part')).toMatchObject({ part: 1 });
    expect(lane.take.bind(lane, 'create-part')).toThrow();
    expect(effect).toMatchObject({ part: 1 });
    lane.see(issue(7, narrower));
    expect(lane.task(7)).toMatchObject({ version: 2, split: { version: 1, accepted: { by: 'rita' } } });
    expect(stageOf(lane.state.policy, lane.task(7))).toBe('parts');
    lane.see({ kind: 'part-created', issue: 7, version: 1, part: 1, created: 11 });
    expect(lane.task(7).split?.parts[0]?.issue).toBe(11);
  });

  test('opens nothing more once the task is cancelled', () => {
    const lane = accepted();
    lane.see(issue(7, { ...planFirst, ready: false }));
    expect(lane.task(7).state).toBe('cancelled');
    expect(lane.take('create-part')).toBeNull();
  });
});

describe('whatever happens, in whatever order', () => {
  const happening = fc.oneof(
    { weight: 4, arbitrary: fc.constant('plan' as const) },
    {
      weight: 14,
      arbitrary: fc.constantFrom(
        'carry' as const,
        'carry' as const,
        'carry-twice' as const,
        'carry-and-lose' as const,
      ),
    },
    { weight: 4, arbitrary: fc.constant('approve' as const) },
    { weight: 10, arbitrary: fc.constantFrom('seen-parts' as const, 'part-done' as const) },
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        'bad-plan' as const,
        'retry' as const,
        'edit' as const,
        'unlabel' as const,
        'relabel' as const,
        'plain' as const,
        'hold' as const,
        'part-dropped' as const,
        'refused' as const,
        'resume' as const,
        'wait' as const,
      ),
    },
  );

  /** GitHub, as far as splits are concerned: part → its issue. An issue is found again by its mark. */
  class Played {
    readonly lane = openLane({ limits: { running: 10, backoff: ['1m'] } });
    readonly issues = new Map<string, number>();
    readonly done = new Map<number, 'completed' | 'not-planned'>();
    #edits = 0;
    #seen: NonNullable<Parameters<typeof issue>[1]> = planFirst;

    show(change: NonNullable<Parameters<typeof issue>[1]> = {}): void {
      this.#seen = { ...this.#seen, ...change };
      this.lane.see(issue(7, this.#seen));
    }

    carry(times: number, isHeard = true): void {
      const { lane } = this;
      const next = lane.pending.find(({ effect }) => /-part$/.test(effect.kind))?.effect;
      const effect = next ? lane.take(next.kind) : null;
      for (let time = 0; effect && time < times; time++) {
        if (effect.kind === 'open-part') lane.see({ kind: 'part-opened', issue: 7, part: effect.part });
        if (effect.kind !== 'create-part') continue;
        const mark = `${effect.version}.${effect.part}`;
        const created = this.issues.get(mark) ?? 11 + this.issues.size;
        this.issues.set(mark, created);
        const { version, part: place } = effect;
        if (isHeard) lane.see({ kind: 'part-created', issue: 7, version, part: place, created });
        else
          lane.effects.splice(
            0,
            lane.effects.length,
            ...lane.effects.filter((each) => each.effect !== effect),
          );
      }
    }

    end(state: 'completed' | 'not-planned'): void {
      const open = [...this.issues.values()].find((each) => !this.done.has(each));
      if (open === undefined) return;
      this.done.set(open, state);
      const stateReason = state === 'completed' ? state : 'not_planned';
      this.lane.see(issue(open, { open: false, stateReason }), { kind: 'prerequisite', issue: open, state });
    }

    play(what: typeof happening extends fc.Arbitrary<infer T> ? T : never): void {
      const { lane } = this;
      const task = lane.state.tasks[7];
      const say = (name: 'retry' | 'resume') =>
        lane.see(command(7, name === 'retry' ? { index: 0, name } : { index: 0, name, guidance: 'go on' }));
      lane.now += 1_000;
      const acts: Record<typeof what, () => unknown> = {
        plan: () => task?.attempt && propose(lane),
        'bad-plan': () => task?.attempt && propose(lane, [part()]),
        carry: () => this.carry(1),
        'carry-twice': () => this.carry(2),
        'carry-and-lose': () => this.carry(1, false),
        approve: () => lane.see(approve(7, { writtenAt: lane.at })),
        'seen-parts': () =>
          [...this.issues.values()]
            .filter((each) => !this.done.has(each))
            .map((each) =>
              lane.see(issue(each, { labelledBy: bot, author: bot, spec: { owns: [`src/${each}`] } })),
            ),
        'part-done': () => this.end('completed'),
        'part-dropped': () => this.end('not-planned'),
        retry: () => say('retry'),
        resume: () => say('resume'),
        edit: () => {
          const at = new Date(lane.now).toISOString();
          this.#edits += 1;
          this.show({
            spec: { owns: ['src/**', 'docs/**'], requirements: `Edit ${this.#edits}.` },
            edits: [{ by: { login: 'maria', permission: 'write' }, at }],
          });
        },
        unlabel: () => this.show({ ready: false }),
        relabel: () => this.show({ ready: true, held: false, labels: ['plan-first'], labelledAt: lane.at }),
        plain: () => this.show({ labels: [] }),
        hold: () => this.show({ held: true }),
        refused: () => {
          const about = { issue: 7, build: null, message: 'no' };
          lane.see({ kind: 'effect-refused', effect: 'create-part', ...about });
        },
        wait: () => lane.pass(3_600_000),
      };
      acts[what]();
    }
  }

  test('each part has one issue, only of an accepted plan, and the task ends with its parts', () => {
    const reached = { accepted: 0, completed: 0, replanned: 0 };
    fc.assert(
      fc.property(fc.array(happening, { minLength: 20, maxLength: 60, size: 'max' }), (history) => {
        const played = new Played();
        const { lane } = played;
        lane.watch = ({ before, facts, effects }) => {
          const task = lane.task(7);
          const split = task.split;
          const isPlanning = task.attempt?.job === 'plan';
          expect(isPlanning && task.claims.length > 0).toBe(false);
          expect(
            effects.filter(
              (effect) =>
                isPlanning &&
                /^open-(branch|pull)$/.test(effect.kind) &&
                'issue' in effect &&
                effect.issue === 7,
            ),
          ).toEqual([]);
          const numbers = split?.parts.flatMap((each) => each.issue ?? []) ?? [];
          expect(new Set(numbers).size).toBe(numbers.length);
          if (!split?.accepted) expect(effects.filter(({ kind }) => kind.endsWith('-part'))).toEqual([]);
          if (before.tasks[7]?.split?.accepted && split === null)
            expect(facts.map(({ kind }) => kind)).toContain('task-requested');
          if (facts.some(({ kind }) => kind === 'parts-completed'))
            expect(split?.parts.every(({ issue: of }) => of !== null && played.done.has(of))).toBe(true);
        };
        played.show();
        for (const what of history) played.play(what);
        expect(lane.journal.reduce(fold, emptyLane)).toEqual(lane.state);
        const told = kinds(lane.journal);
        if (told.includes('split-accepted')) reached.accepted += 1;
        if (told.includes('parts-completed')) reached.completed += 1;
        if (told.filter((kind) => kind === 'split-proposed').length > 1) reached.replanned += 1;
      }),
      { numRuns: 400, seed: 7 },
    );
    // Otherwise the histories show nothing.
    expect(Math.min(...Object.values(reached))).toBeGreaterThan(10);
  });
});
