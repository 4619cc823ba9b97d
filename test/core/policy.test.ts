import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { completePolicy, defaultPolicy, type Policy, PolicyFile, readPolicy } from '../../src/core/policy.ts';
import { policyChanges } from '../../src/core/policy-changes.ts';
import { problemsOf, problemWords } from '../../src/core/policy-problems.ts';
import { allKeys, isDuration, policySchema, schemaAt } from '../../src/core/policy-schema.ts';
import { renderPolicySchema, schemaFile } from '../support/policy-schema.ts';

function problems(content: unknown): string[] {
  const reading = readPolicy(content);
  return reading.kind === 'accepted' ? [] : problemsOf(reading.error, content).map(problemWords);
}

describe('what is wrong, in words', () => {
  test.each<[unknown, string]>([
    [{ qeue: {} }, 'qeue: unknown key. Did you mean "queue"?'],
    [{ queue: { buids: 1 } }, 'queue.buids: unknown key. Did you mean "builds"?'],
    [{ builds: 4 }, 'builds: unknown key. Did you mean "queue.builds"?'],
    [{ extends: 'github>acme/private' }, 'extends: unknown key'],
    [{ xyzzy: 1 }, 'xyzzy: unknown key'],
    [{ ['x'.repeat(5_000)]: 1 }, `${'x'.repeat(5_000)}: unknown key`],
    [{ version: 2 }, 'version: must be 1'],
    [
      { agents: { a: { via: 'pull', roles: ['planer'] } } },
      'agents.a.roles.0: must be planner or worker or reviewer. Did you mean "planner"?',
    ],
    [{ agents: { a: { via: 'pull', roles: [] } } }, 'agents.a.roles: must be at least 1 entries long'],
    [{ agents: { a: { via: 'pull', model: '--yolo' } } }, 'agents.a.model: the name of a model'],
    [
      { agents: { a: { via: 'pul' } } },
      'agents.a.via: must be dispatch or pull or assign or adopt. Did you mean "pull"?',
    ],
    [{ agents: { a: {} } }, 'agents.a.via: is missing: must be dispatch'],
    [
      { agents: { 'A b': { via: 'pull' } } },
      'agents.A b: may have lower-case letters, digits and dashes only, at most 39',
    ],
    [{ limits: { running: 'x' } }, 'limits.running: must be a number'],
    [{ limits: { running: 1.5 } }, 'limits.running: must be a whole number'],
    [{ limits: { running: 0 } }, 'limits.running: must be at least 1'],
    [{ limits: { minutes: 0 } }, 'limits.minutes: must be more than 0'],
    [{ alerts: { conflict: 2 } }, 'alerts.conflict: must be at most 1'],
    [{ limits: { backoff: ['1x'] } }, 'limits.backoff.0: a length of time such as 30s, 5m or 4h'],
    [{ gate: { checks: 'ci' } }, 'gate.checks: must be a list'],
    [{ gate: { checks: [''] } }, 'gate.checks.0: must be at least 1 characters long'],
    [[], 'the file: must be a group of keys'],
    ['x', 'the file: must be a group of keys'],
    [
      { areas: { a: ['**/a*b*c*d*e/x'] } },
      'areas.a.0: "**/a*b*c*d*e/x" has more than 3 stars between two slashes.',
    ],
    [{ ownership: { shared: ['../x'] } }, 'ownership.shared.0: "../x" has a "." or ".." in it'],
  ])('%j', (content, words) => {
    const [first = '', ...more] = problems(content);
    expect(first.slice(0, words.length)).toBe(words);
    expect(more).toEqual([]);
  });

  test('all of it, not only the first', () => {
    expect(problems({ qeue: 1, limits: { running: 0, x: 1 } })).toHaveLength(3);
  });

  test('a made-up prototype is a key like any other', () => {
    expect(problems(JSON.parse('{"__proto__": {"x": 1}}'))).toEqual(['__proto__: unknown key']);
    expect(problems({ constructor: 1 })).toEqual(['constructor: unknown key']);
  });
});

describe('the JSON Schema', () => {
  test('that is published is the present one (`npm run schema:policy` writes it)', () => {
    expect(readFileSync(schemaFile, 'utf8')).toBe(renderPolicySchema());
  });

  test('knows every key, and nothing else', () => {
    const keys = allKeys().map((path) => path.join('.'));
    expect(keys).toEqual(expect.arrayContaining(Object.keys(PolicyFile.shape)));
    expect(keys).toContain('schedule.weights.load');
    expect(policySchema()).toMatchObject({ additionalProperties: false });
    expect(schemaAt(['queue', 'nonsense'])).toBeUndefined();
    expect(schemaAt(['agents', 'whatever', 'via'])).toMatchObject({ enum: expect.arrayContaining(['pull']) });
  });

  test('tells lengths of time from numbers', () => {
    expect(isDuration(['queue', 'check_timeout'])).toBe(true);
    expect(isDuration(['limits', 'backoff', '0'])).toBe(true);
    expect(isDuration(['limits', 'minutes'])).toBe(false);
  });
});

describe('what a change changes', () => {
  const changed = (content: unknown) => policyChanges(defaultPolicy, PolicyFile.parse(content));

  test('nothing, when a file spells the defaults out', () => {
    expect(changed({ queue: { check_timeout: '60m' }, limits: { running: 3 } })).toEqual([]);
  });

  test('values, lengths of time as people write them, lists, and entries that come or go', () => {
    expect(
      changed({
        queue: { check_timeout: '90s' },
        limits: { backoff: ['2m'] },
        agents: { claude: { via: 'pull' } },
      }),
    ).toEqual([
      { key: 'agents.claude.capabilities', before: null, after: '[]' },
      { key: 'agents.claude.capacity', before: null, after: '1' },
      { key: 'agents.claude.roles', before: null, after: '[worker]' },
      { key: 'agents.claude.via', before: null, after: 'pull' },
      { key: 'limits.backoff', before: '[1m, 5m, 15m]', after: '[2m]' },
      { key: 'queue.check_timeout', before: '1h', after: '90s' },
    ]);
  });
});

test('a policy that was written down before some of the keys existed gets their defaults', () => {
  const policy = PolicyFile.parse({
    agents: { a: { via: 'dispatch', capacity: 3 } },
    limits: { running: 7 },
  });
  const old = structuredClone(policy) as unknown as Record<string, Record<string, object>>;
  delete old.escalate;
  delete old.limits?.breaker;
  for (const agent of Object.values(old.agents ?? {})) Reflect.deleteProperty(agent, 'roles');
  expect(completePolicy(old as unknown as Policy)).toEqual(policy);
  expect(completePolicy(policy)).toEqual(policy);
});
