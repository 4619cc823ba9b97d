import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultPolicy, PolicyFile } from '../../src/core/policy.ts';
import { overlap } from '../../src/core/task/patterns.ts';
import { type DryIssue, laneOfIssues } from '../../src/core/task/plan-dry-run.ts';
import { planLane } from '../../src/core/task/plan-lane.ts';
import { hashSpec } from '../../src/core/task/specification.ts';
import { finishWork, issue, openLane, openWork, request, specOf } from './lane-driver.ts';

function dry(number: number, spec: Parameters<typeof specOf>[0], labels: string[] = []): DryIssue {
  const full = specOf({ title: `Task ${number}`, ...spec });
  return {
    number,
    title: full.title,
    labels,
    hidden: 0,
    spec: { kind: 'ok', spec: full, hash: hashSpec(full) },
  };
}

function plan(issues: readonly DryIssue[], policy: object = {}) {
  const { snapshot, at } = laneOfIssues(PolicyFile.parse(policy), issues);
  return planLane(snapshot, at);
}

const minutes = (amount: number) => ({ minutes: amount, tokens: null, usd: null });

describe('a dry run', () => {
  test('puts side by side what shares nothing, and one after the other what collides or depends', () => {
    const made = plan([
      dry(1, { owns: ['src/a.js'], budget: minutes(10) }),
      dry(2, { owns: ['src/b.js'], budget: minutes(20) }),
      dry(3, { owns: ['src/**'], budget: minutes(10) }),
      dry(4, { owns: ['docs/x.md'], dependsOn: [1], budget: minutes(10) }),
    ]);
    expect(made.waves).toEqual([[1, 2], [4], [3]]);
    expect(made.pairs).toEqual([
      { a: 1, b: 3, kind: 'files', paths: ['src/a.js'] },
      { a: 2, b: 3, kind: 'files', paths: ['src/b.js'] },
    ]);
    expect(made).toMatchObject({ serialMinutes: 50, planMinutes: 30, speedUp: 1.67 });
    expect(made.tasks.map(({ starts, ends }) => [starts, ends])).toEqual([
      [0, 10],
      [0, 20],
      [20, 30],
      [10, 20],
    ]);
  });

  test('runs no more at a time than the policy and the agents allow', () => {
    const four = [1, 2, 3, 4].map((number) => dry(number, { owns: [`${number}.js`] }));
    expect(plan(four, { limits: { running: 2 } }).waves).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(plan(four, { agents: { one: { via: 'adopt' } } }).waves).toEqual([[1], [2], [3], [4]]);
    expect(plan(four, { schedule: { mode: 'queue' } })).toMatchObject({ speedUp: 1 });
  });

  test('knows shared joints: no reason to wait, and told', () => {
    const made = plan([
      dry(1, { owns: ['package.json', 'src/a.js'] }),
      dry(2, { owns: ['package.json', 'src/b.js'] }),
    ]);
    expect(made.waves).toEqual([[1, 2]]);
    expect(made.pairs).toEqual([{ a: 1, b: 2, kind: 'joint', paths: ['package.json'] }]);
  });

  test('says what has no turn, and why', () => {
    const made = plan([
      dry(1, { dependsOn: [2] }),
      dry(2, { owns: ['src/b.js'], dependsOn: [1] }),
      dry(3, { owns: ['src/c.js'] }, ['agent-hold']),
    ]);
    expect(made.waves).toEqual([]);
    expect(made.tasks.map((task) => task.waitsOn[0]?.kind)).toEqual(['dependency', 'dependency', 'hold']);
    expect(made.speedUp).toBe(1);
  });

  test('takes prerequisites outside for done and says so, and names what would be refused', () => {
    const refused: DryIssue = {
      ...dry(2, {}),
      spec: { kind: 'refused', why: ['An owned path is empty.'] },
    };
    const lane = laneOfIssues(defaultPolicy, [
      dry(1, { dependsOn: [77], dependsElsewhere: ['acme/other#3'] }),
      refused,
    ]);
    expect(lane.assumed).toEqual(['#77', 'acme/other#3']);
    expect(lane.refused).toEqual([{ issue: 2, why: 'An owned path is empty.' }]);
    expect(planLane(lane.snapshot, lane.at).waves).toEqual([[1]]);
  });

  test('has what depends on a refused issue wait for it', () => {
    const refused: DryIssue = { ...dry(2, {}), spec: { kind: 'refused', why: ['An owned path is empty.'] } };
    const lane = laneOfIssues(defaultPolicy, [dry(1, { dependsOn: [2] }), refused]);
    expect(lane.assumed).toEqual([]);
    const { tasks } = planLane(lane.snapshot, lane.at);
    expect(tasks).toMatchObject([{ issue: 1, wave: null, waitsOn: [{ what: '#2 is not finished' }] }]);
  });

  test('never puts into one wave, or at one time, what collides', () => {
    const path = fc.constantFrom('a.js', 'b.js', 'c/**', 'c/d.js', 'package.json', '**');
    const tasks = fc.array(
      fc.record({
        owns: fc.uniqueArray(path, { minLength: 1, maxLength: 2 }),
        dependsOn: fc.subarray([1, 2, 3], { maxLength: 1 }),
        long: fc.integer({ min: 1, max: 50 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(tasks, (drawn) => {
        const made = plan(
          drawn.map(({ owns, dependsOn, long }, index) =>
            dry(index + 1, {
              owns: [...owns].sort(),
              dependsOn: dependsOn.filter((issue) => issue < index + 1),
              budget: minutes(long),
            }),
          ),
          { ownership: { shared: [] } },
        );
        for (const [index, one] of made.tasks.entries()) {
          for (const other of made.tasks.slice(index + 1)) {
            const together = (one.starts ?? 0) < (other.ends ?? 0) && (other.starts ?? 0) < (one.ends ?? 0);
            if (together) expect(overlap(one.owns, other.owns)).toEqual([]);
          }
          expect(one.wave).not.toBeNull();
        }
        expect(made.serialMinutes).toBe(drawn.reduce((sum, { long }) => sum + long, 0));
        expect(made.planMinutes).toBeLessThanOrEqual(made.serialMinutes);
      }),
      { numRuns: 300 },
    );
  });
});

test('the plan of a lane starts from where its tasks are', () => {
  const lane = openLane();
  request(lane, 1, { spec: { owns: ['src/a.js'], budget: minutes(10) } });
  openWork(lane, 1);
  finishWork(lane, 1);
  request(lane, 2, { spec: { owns: ['src/b.js'], budget: minutes(10) } });
  request(lane, 3, { spec: { owns: ['src/a.js'], budget: minutes(10) } });
  lane.see(issue(4, { spec: { owns: ['.github/workflows/ci.yml'], budget: minutes(10) } }));
  const made = planLane(lane.snapshot, lane.at);
  expect(made.tasks.map(({ issue: number, state, starts, ends }) => [number, state, starts, ends])).toEqual([
    [1, 'in-review', 0, 0],
    [2, 'assigned', 0, 10],
    [3, 'waiting', 0, 10],
    [4, 'waiting', 0, 10],
  ]);
  expect(made.tasks[3]?.protectedPaths).toEqual(['.github/workflows/ci.yml']);
});
