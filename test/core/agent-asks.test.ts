import { describe, expect, test } from 'vitest';
import { issue, LaneDriver, policy } from './lane-driver.ts';

/** A lane with two tasks that are worked on: #1 owns src/a.js, #2 owns src/b.js. */
function openLane(outside: 'strict' | 'expand'): LaneDriver {
  const lane = new LaneDriver();
  lane.see({ kind: 'lane', owner: 'acme', repo: 'shop', base: 'main' });
  lane.see({ kind: 'base', sha: 'base-0' });
  const agents = { ada: { via: 'adopt', capacity: 5 } };
  lane.see(policy({ schedule: { grace: '0s' }, agents, ownership: { outside } }));
  lane.see(issue(1), issue(2, { spec: { owns: ['src/b.js'] } }));
  return lane;
}

function ask(lane: LaneDriver, ...paths: string[]) {
  const { number: attempt = 0, fence = 0 } = lane.task(1).attempt ?? {};
  const word = { kind: 'request-paths' as const, paths, why: '' };
  return lane.see({ kind: 'agent', issue: 1, attempt, fence, word }).map((fact) => fact.kind);
}

describe('an agent that needs more files', () => {
  test('gets free ones at once where the policy lets tasks expand', () => {
    const lane = openLane('expand');
    expect(ask(lane, 'docs/a.md', 'src/a.js')).toContain('claims-expanded');
    expect(lane.task(1).claims).toEqual(['src/a.js', 'docs/a.md']);
    expect(ask(lane, 'docs/a.md')).toEqual([]);
  });

  test.each([
    ['strict', 'docs/a.md'],
    ['expand', 'src/b.js'],
    ['expand', 'src/**'],
    ['expand', '.github/workflows/ci.yml'],
  ] as const)('has a person asked where the policy is %s and it wants %s', (outside, path) => {
    const lane = openLane(outside);
    expect(ask(lane, path)).toEqual(['paths-requested']);
    expect(lane.task(1).claims).toEqual(['src/a.js']);
    expect(lane.task(1).attempt?.asked).toEqual([path]);
    expect(ask(lane, path)).toEqual([]);
  });

  test('gets all that it asks for or nothing', () => {
    const lane = openLane('expand');
    expect(ask(lane, 'docs/a.md', 'src/b.js')).toEqual(['paths-requested']);
    expect(lane.task(1).claims).toEqual(['src/a.js']);
  });
});
