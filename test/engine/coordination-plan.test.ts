import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyLane, fold } from '../../src/core/lane/fold.ts';
import type { LaneState } from '../../src/core/lane/state.ts';
import { defaultPolicy } from '../../src/core/policy.ts';
import { planOfIssues, planOfLedger } from '../../src/engine/coordination-plan.ts';
import { readIssues } from '../../src/engine/issue-sources.ts';
import { withLane } from '../../src/ledger/load-lane.ts';
import { saveLane } from '../../src/ledger/save-lane.ts';
import { openLane, request } from '../core/lane-driver.ts';
import { newLane } from '../ledger/lane-scene.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

describe('the issues of a dry run', () => {
  let folder: string;
  const nothing = Readable.from([]);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'signalbox-plan-'));
    await writeFile(join(folder, '1-one.md'), '# One\n\n### Owned files\nsrc/a.js\n');
    await writeFile(join(folder, '2-two.md'), '# Two\n\n### Owned files\nsrc/a.js\n\n### Depends on\n#9\n');
    await writeFile(join(folder, '3-bad.md'), '# Three\n\n### Owned files\n../up\n');
    await writeFile(join(folder, 'notes.txt'), 'not an issue');
    await mkdir(join(folder, 'more.md'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  test('are the Markdown files of a folder; what would be refused is named and left out', async () => {
    const reading = await readIssues(folder, nothing);
    if (reading.kind !== 'ok') throw new Error(reading.problem);
    const { text, remarks, ok } = planOfIssues(defaultPolicy, reading.issues, 'jsonl');
    const lines = text.split('\n').map((line) => JSON.parse(line));
    expect(lines.filter((line) => line.kind === 'task').map((line) => line.issue)).toEqual([1, 2]);
    expect(lines.at(-1)).toMatchObject({ kind: 'plan', waves: [[1], [2]], speedUp: 1 });
    expect(remarks).toEqual([
      expect.stringMatching(/^#3 would be refused: .*"\.\."/u),
      'Taken to be done, because not among the issues: #9.',
    ]);
    expect(ok).toBe(false);
  });

  test('come from standard input as well, and an unreadable file is an error', async () => {
    const stdin = Readable.from([Buffer.from('[{"title":"One"}]')]);
    expect(await readIssues('-', stdin)).toMatchObject({ kind: 'ok', issues: [{ number: 1, title: 'One' }] });
    expect(await readIssues('-', Readable.from([Buffer.from('nonsense')]))).toMatchObject({
      kind: 'refused',
    });
    const crowd = JSON.stringify(Array.from({ length: 2_001 }, () => ({ title: 'One of many' })));
    expect(await readIssues('-', Readable.from([Buffer.from(crowd)]))).toEqual({
      kind: 'refused',
      problem: 'there are 2001 issues; a plan is made of at most 2000',
    });
    await expect(readIssues(join(folder, 'none'), nothing)).rejects.toThrow(/ENOENT/u);
  });
});

describe('the plan of the ledger', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.drop());

  test('is made of what is stored, lane by lane, and an unknown lane is named', async () => {
    expect(await planOfLedger(database.db, null, 'table')).toEqual({
      text: 'There are no lanes yet.',
      ok: true,
    });
    const lane = openLane();
    request(lane, 1);
    request(lane, 2);
    const key = await newLane(database.db);
    const after = lane.journal.reduce<LaneState>(fold, emptyLane);
    const step = { before: emptyLane, after, facts: lane.journal, effects: [], wakeAt: null };
    await withLane(database.db, key, (lock) => saveLane(lock, step));
    const { text, ok } = await planOfLedger(database.db, 'acme/demo', 'json');
    expect(JSON.parse(text)).toMatchObject({
      lane: 'acme/demo@main',
      waves: [[1], [2]],
      pairs: [{ a: 1, b: 2, kind: 'files', paths: ['src/a.js'] }],
    });
    expect(ok).toBe(true);
    expect(await planOfLedger(database.db, 'acme/other', 'table')).toEqual({
      text: 'No lane is called acme/other; there are acme/demo@main.',
      ok: false,
    });
  });
});
