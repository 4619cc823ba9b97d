import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertWhole, compareStates } from '../../src/core/lane/replay.ts';
import { advance, unticketed } from '../../src/engine/advance.ts';
import { replay } from '../../src/engine/replay.ts';
import { issue, policy } from '../core/lane-driver.ts';
import { newLane } from '../ledger/lane-scene.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

let database: TestDatabase;
let name: string;

const replayed = (change: Partial<Parameters<typeof replay>[1]> = {}) =>
  replay(database.db, { lane: null, issue: null, json: false, ...change });

beforeAll(async () => {
  database = await testDatabase();
  const key = await newLane(database.db);
  const observations = [
    { kind: 'lane' as const, owner: 'acme', repo: 'demo', base: 'main' },
    { kind: 'base' as const, sha: 'base-0' },
    policy({ schedule: { grace: '0s' } }),
    issue(1),
  ];
  await advance(database.db, key, observations.map(unticketed));
  await advance(database.db, key, [
    unticketed(
      issue(1, {
        spec: { requirements: 'Add --sum.' },
        edits: [{ by: { login: 'maria', permission: 'write' }, at: '2026-01-01T00:00:00Z' }],
      }),
    ),
  ]);
  name = 'acme/demo@main';
});

afterAll(() => database.drop());

describe('replay', () => {
  test('says that the stored state is what the journal tells', async () => {
    const { text, ok } = await replayed();
    expect(text).toMatch(
      /^acme\/demo@main: \d+ facts replayed; the stored state is exactly what they tell\.$/,
    );
    expect(ok).toBe(true);
  });

  test('steps through one task: every fact and what it changed', async () => {
    const { text } = await replayed({ lane: 'acme/demo', issue: 1 });
    expect(text).toContain('version-accepted: maria changed what is asked for: version 2.');
    expect(text).toContain('      version: 1 → 2');
    const { steps } = JSON.parse((await replayed({ issue: 1, json: true })).text);
    expect(steps[0]).toMatchObject({ fact: { kind: 'task-requested', issue: 1 } });
  });

  test('names every place in which the stored state differs', async () => {
    await sql`update task set title = 'Something else' where issue = 1`.execute(database.db);
    const { text, ok } = await replayed({ lane: name });
    expect(text).toContain('differs in 1 place:');
    expect(text).toContain('tasks.1.title: the journal tells "Count the tasks", stored is "Something else"');
    expect(ok).toBe(false);
    const { differences } = JSON.parse((await replayed({ json: true })).text);
    expect(differences).toMatchObject([{ path: 'tasks.1.title' }]);
  });

  test('of a damaged journal names the fact, also when one task is stepped through', async () => {
    const damage = (to: string) =>
      database.db.transaction().execute(async (tx) => {
        await sql`alter table journal disable trigger all`.execute(tx);
        await sql`update journal set fact = ${to}::jsonb where kind = 'version-accepted'`.execute(tx);
        await sql`alter table journal enable trigger all`.execute(tx);
      });
    const found = await sql<{ seq: number; fact: unknown }>`
      select seq, fact from journal where kind = 'version-accepted'`.execute(database.db);
    const { seq, fact } = found.rows[0] ?? {};
    const says = `${name}: the journal is damaged: fact ${seq} `;
    for (const to of ['null', '{"kind":"work-done","issue":7}']) {
      await damage(to);
      const whole = await replayed();
      expect([whole.ok, whole.text]).toEqual([false, expect.stringContaining(says)]);
      const one = await replayed({ issue: 1 });
      expect([one.ok, one.text]).toEqual([false, expect.stringContaining(says)]);
      expect(JSON.parse((await replayed({ json: true })).text)).toMatchObject({ lane: name });
    }
    await damage(JSON.stringify(fact));
    expect((await replayed({ issue: 1 })).ok).toBe(true);
  });

  test('of a lane or a task that nobody knows says what there is', async () => {
    expect(await replayed({ lane: 'acme/other' })).toEqual({
      text: `No lane is called acme/other; there are ${name}.`,
      ok: false,
    });
    expect((await replayed({ issue: 99 })).text).toBe(`${name}: the journal tells nothing about #99.`);
  });
});

test('a journal without one of its facts is not whole', () => {
  const fact = { kind: 'lane-unfrozen' as const, by: 'mary', at: '2026-01-01T00:00:00Z' };
  expect(() =>
    assertWhole([
      { seq: 1, fact },
      { seq: 2, fact },
    ]),
  ).not.toThrow();
  expect(() =>
    assertWhole([
      { seq: 1, fact },
      { seq: 3, fact },
    ]),
  ).toThrow('fact 2 is missing');
});

test('states are compared to the deepest place', () => {
  const one = { a: { b: [1], c: 2 }, d: 3 };
  expect(compareStates(one, one)).toEqual([]);
  expect(compareStates(one, { a: { b: [1, 2], c: 2 }, e: 4 })).toEqual([
    { path: 'a.b', replayed: [1], stored: [1, 2] },
    { path: 'd', replayed: 3, stored: undefined },
    { path: 'e', replayed: undefined, stored: 4 },
  ]);
});
