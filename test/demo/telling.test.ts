/** How the demo tells its story: lines while it runs, a table and an object at its end. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Lane } from '../../src/demo/lane.ts';
import { openProgress } from '../../src/demo/progress.ts';
import { renderPlan, summarise } from '../../src/demo/summary.ts';

type Row = Lane['plan'][number];

function row(changes: Partial<Row>): Row {
  return {
    issue: 1,
    title: 'Add a count command',
    branch: null,
    owns: ['src/cli.js'],
    dependsOn: [],
    agent: null,
    state: 'waiting',
    status: 'waiting',
    pull: null,
    version: 1,
    attempts: 0,
    waitsOn: [],
    startedAt: null,
    landedAt: null,
    landedAs: null,
    ...changes,
  };
}

const landed = row({
  branch: 'agent/1-add-a-count',
  agent: 'ada',
  state: 'completed',
  status: 'completed',
  pull: 5,
  attempts: 1,
  startedAt: '2026-11-20T10:00:00.000Z',
  landedAt: '2026-11-20T10:01:00.000Z',
  landedAs: '0123456789abcdef0123456789abcdef01234567',
});

const lane: Lane = {
  baseSha: landed.landedAs,
  plan: [landed, row({ issue: 2, title: 'Release', dependsOn: [1], owns: ['package.json'] })],
  escalations: [],
  collisions: [{ a: 1, b: 3, paths: ['src/cli.js'], announcedAt: '2026-11-20T09:59:00.000Z' }],
  landings: [{ sha: 's', tree: 't', testedSha: 's', testedTree: 't', issues: [1], pulls: [5] }],
};
const story = { lane, numbers: { count: 1 }, main: { sha: 's', tree: 't' }, durationMs: 1234 };

describe('the end of the story', () => {
  test('as a table: issue, branch, files owned, depends on, agent, status, landed as', () => {
    expect(renderPlan(story).replaceAll('─', '-')).toMatchInlineSnapshot(`
      "issue                   branch               files owned   depends on  agent  status     landed as
      ----------------------  -------------------  ------------  ----------  -----  ---------  ---------
      #1 Add a count command  agent/1-add-a-count  src/cli.js    –           ada    completed  012345678
      #2 Release              –                    package.json  #1          –      waiting    –"
    `);
  });

  test('as an object, with the names that programs rely on', () => {
    expect(summarise(story)).toMatchObject({
      tasks: [
        { issue: 1, state: 'completed', versions: 1, attempts: 1, pr: 5, landed_at: landed.landedAt },
        { issue: 2 },
      ],
      landings: [{ sha: 's', tree: 't', tested_sha: 's', tested_tree: 't', entries: [{ issue: 1, pr: 5 }] }],
      collisions: [{ a: 1, b: 3, paths: ['src/cli.js'], announced_at: '2026-11-20T09:59:00.000Z' }],
      main: { sha: 's', tree: 't' },
      duration_ms: 1234,
    });
  });
});

describe('while it runs', () => {
  const working = { ...lane, plan: [row({ state: 'working', status: 'working', agent: 'ada' })] };

  test('outside a terminal a line is printed for each change, and none without one', () => {
    let out = '';
    const progress = openProgress(
      (text) => {
        out += text;
      },
      false,
      80,
    );
    progress.lane(working);
    progress.lane(working);
    progress.lane(lane);
    expect(out.split('\n').filter((line) => line.includes('#1'))).toHaveLength(2);
    expect(out).toContain('working (ada)');
    expect(out).not.toContain('\u001b');
  });

  test('in a terminal the lines of the tasks are redrawn in place, and cut to its width', () => {
    let out = '';
    const progress = openProgress(
      (text) => {
        out += text;
      },
      true,
      20,
    );
    progress.lane(working);
    progress.lane(lane);
    expect(out).toContain('\u001b[1A\u001b[0J');
    for (const line of out.split('\n')) expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(20);
  });
});
