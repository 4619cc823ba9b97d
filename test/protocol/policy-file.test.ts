/** Reading `.github/signalbox.yml` (S43): whatever it says, it is refused by counting before it costs anything. */
import { describe, expect, test } from 'vitest';
import { defaultPolicy } from '../../src/core/policy.ts';
import { policyLimits, readPolicyFile } from '../../src/protocol/policy-file.ts';
import { renderPolicyCheck, renderValidation } from '../../src/protocol/policy-texts.ts';
import { hostilePolicies } from '../support/hostile-policies.ts';

function problem(text: string): string {
  const reading = readPolicyFile(text);
  return reading.kind === 'refused' ? reading.problem : 'accepted';
}

describe('an honest file', () => {
  test.each([
    ['none', null],
    ['an empty one', ''],
    ['one with comments only', '# nothing yet\n'],
    ['one with the defaults', 'version: 1\nlimits: { running: 3 }\n'],
  ])('%s gives the defaults', (_, text) => {
    expect(readPolicyFile(text)).toMatchObject({ kind: 'accepted', policy: defaultPolicy });
  });

  test('may use anchors', () => {
    const text = 'ownership:\n  shared: &list ["a/**", "b/**"]\n  protected: *list\n';
    expect(readPolicyFile(text)).toMatchObject({
      kind: 'accepted',
      policy: { ownership: { protected: ['a/**', 'b/**'] } },
    });
  });

  test('every problem has its line', () => {
    const text = 'version: 1\nqueue:\n  builds: 0\n  # more\n  buids: 2\nagents:\n  a:\n    via: pul\n';
    expect(readPolicyFile(text)).toMatchObject({
      kind: 'refused',
      problem: 'line 3: queue.builds: must be at least 1 (and 2 more)',
      problems: [
        { line: 3, what: 'queue.builds: must be at least 1' },
        { line: 5, what: 'queue.buids: unknown key. Did you mean "builds"?' },
        { line: 8, what: expect.stringContaining('Did you mean "pull"?') },
      ],
    });
  });
});

describe('a file that is no YAML, or none that can be one policy', () => {
  test.each([
    ['broken', 'a: [1\nb: 2', /^line 2: Flow sequence/u],
    ['a key twice', 'version: 1\nversion: 1', /^line 2: Map keys must be unique/u],
    ['two documents', 'version: 1\n---\nversion: 1', /multiple documents/u],
    ['a tag that makes something else of it', '!!binary aGVsbG8=', /./u],
    ['a merge key', 'a: &a { version: 1 }\n<<: *a', /unknown key/u],
    ['not a map', '- version: 1', /must be a group of keys/u],
    ['an alias to itself', 'agents: &a\n  x: *a\n', /./u],
  ])('%s is refused, with a line', (_, text, words) => {
    expect(problem(text)).toMatch(words);
    expect(problem(text)).toMatch(/^line \d+: /u);
  });
});

describe('a hostile file', () => {
  test.each(hostilePolicies)('$what is refused with a sentence', ({ text, words }) => {
    expect(problem(text)).not.toBe('accepted');
    expect(problem(text)).toMatch(words);
    expect(problem(text).length).toBeLessThan(600);
  });

  test('everything that is parsed at all is small', () => {
    expect(policyLimits.bytes).toBeLessThanOrEqual(32 * 1024);
    expect(policyLimits.depth * policyLimits.aliases).toBeLessThan(1_000);
  });

  test('a thousand mistakes are counted, and not all told', () => {
    const text = `${Array.from({ length: 1_000 }, (_, n) => `k${n}: 1`).join('\n')}\n`;
    const check = renderPolicyCheck(defaultPolicy, readPolicyFile(text));
    expect(check).toMatchObject({ conclusion: 'failure', title: '1000 problems in the policy file' });
    expect(check.text).toContain('And 950 more.');
    expect(check.text.length).toBeLessThan(60_000);
  });
});

test('validation speaks as compilers do', () => {
  expect(
    renderValidation('a.yml', readPolicyFile('qeue: {}\nlimits:\n  running: 0\n')),
  ).toMatchInlineSnapshot(`
    "a.yml:1: qeue: unknown key. Did you mean "queue"?
    a.yml:3: limits.running: must be at least 1"
  `);
  expect(renderValidation('a.yml', readPolicyFile(''))).toMatch(/^a\.yml: good \(policy [0-9a-f]{16}\)$/u);
});

describe('the check of a PR that changes the file', () => {
  test('a change of settings asks people to look', () => {
    expect(
      renderPolicyCheck(defaultPolicy, readPolicyFile('limits: { running: 5 }\nareas: { a: ["src/**"] }')),
    ).toMatchInlineSnapshot(`
      {
        "conclusion": "neutral",
        "summary": "Once this lands, the settings below are in force for everything on this branch. Approvals that were given under the present policy do not count any more then.",
        "text": "| Setting | Now | Then |
      |---|---|---|
      | \`areas.a\` | not there | \`[src/**]\` |
      | \`limits.running\` | \`3\` | \`5\` |",
        "title": "Changes 2 settings",
      }
    `);
  });

  test('the same settings in other words are a success', () => {
    expect(renderPolicyCheck(defaultPolicy, readPolicyFile('limits: { running: 3 }'))).toMatchObject({
      conclusion: 'success',
      title: 'Changes nothing in effect',
    });
  });

  test('what would not be accepted is a failure, line by line', () => {
    expect(renderPolicyCheck(defaultPolicy, readPolicyFile('qeue: {}'))).toMatchInlineSnapshot(`
      {
        "conclusion": "failure",
        "summary": "With this \`.github/signalbox.yml\` on the base branch, Signalbox would keep the policy before it and say so everywhere. Try it with \`signalbox validate\`.",
        "text": "| Line | What is wrong |
      |---|---|
      | 1 | qeue: unknown key. Did you mean "queue"? |",
        "title": "1 problem in the policy file",
      }
    `);
  });

  test('what the file says is harmless in it', () => {
    const text = 'escalate: { to: ["@org/everyone | <img> `x` closes #1"] }\n"@org|<b>": 1';
    const good = renderPolicyCheck(defaultPolicy, readPolicyFile(text.split('\n')[0] ?? ''));
    expect(good.conclusion).toBe('neutral');
    const bad = renderPolicyCheck(defaultPolicy, readPolicyFile(text));
    expect(bad.conclusion).toBe('failure');
    for (const { text: shown } of [good, bad]) {
      const plain = shown.replace(/`[^`]*`|<code>.*?<\/code>/gu, '');
      expect(plain).not.toMatch(/@\w|<img|<b>|closes #1/u);
      for (const line of shown.split('\n').slice(2)) expect(line.split('|').length).toBeLessThanOrEqual(5);
    }
  });
});
