import { describe, expect, test } from 'vitest';
import type { Override } from '../../src/core/gate/evidence.ts';
import type { Finding, Verdict } from '../../src/core/lane/pull-state.ts';
import { renderActionAnswer } from '../../src/protocol/action-answers.ts';
import { renderArbiterCheck } from '../../src/protocol/arbiter-check.ts';
import { at, head } from './scene.ts';

const finding: Finding = {
  rule: 'scope',
  severity: 'fail',
  path: 'src/secret.js',
  line: null,
  message: 'changed outside the files this task owns',
  remedy: 'Take the change back.',
};

const override: Override = { rule: 'scope', why: 'agreed', by: 'mary', at, headSha: head, version: 1 };

function verdict(...findings: Finding[]): Verdict {
  return { headSha: head, baseSha: head, version: 1, policyHash: 'p', findings, authors: [], owners: [] };
}

describe('signalbox/arbiter', () => {
  test('passes without findings, and names every rule', () => {
    const { text, ...check } = renderArbiterCheck(verdict());
    expect(check).toMatchInlineSnapshot(`
      {
        "actions": [
          {
            "description": "Judge this commit again",
            "identifier": "retry",
            "label": "Retry",
          },
          {
            "description": "Say what each finding asks for",
            "identifier": "explain",
            "label": "Explain",
          },
          {
            "description": "Say how to accept a finding",
            "identifier": "override",
            "label": "Override…",
          },
        ],
        "annotations": [],
        "conclusion": "success",
        "summary": "Nothing stands against this change. Judged: commit \`0123456789ab\` against version 1 of the task.",
        "title": "Passed",
      }
    `);
    expect(text).toMatchInlineSnapshot(`
      "| Rule | Result |
      |---|---|
      | \`unread\` | nothing found |
      | \`scope\` | nothing found |
      | \`held\` | nothing found |
      | \`version\` | nothing found |
      | \`size\` | nothing found |
      | \`protected\` | nothing found |
      | \`secrets\` | nothing found |
      | \`packages\` | nothing found |
      | \`tests\` | nothing found |
      | \`loosened-tests\` | nothing found |
      | \`role\` | nothing found |
      | \`stale\` | nothing found |
      | \`reversal\` | nothing found |
      | \`files\` | nothing found |
      | \`conflict-markers\` | nothing found |
      | \`generated\` | nothing found |
      | \`owners\` | nothing found |

      No findings."
    `);
  });

  test('passes with warnings only', () => {
    const check = renderArbiterCheck(verdict({ ...finding, severity: 'warn' }));
    expect(check).toMatchObject({ conclusion: 'success', title: 'Passed with 1 warning' });
    expect(check.text).toContain('| `scope` | 1 warning |');
  });

  test('fails, with what must be settled first', () => {
    const check = renderArbiterCheck(
      verdict({ ...finding, severity: 'warn', rule: 'tests', path: null }, finding),
    );
    expect(check).toMatchObject({ conclusion: 'failure', title: '1 finding to settle' });
    expect(check.summary).toMatchInlineSnapshot(
      `"This change cannot enter the queue until the finding below is settled. There is 1 warning as well. Judged: commit \`0123456789ab\` against version 1 of the task."`,
    );
    const table = check.text.slice(check.text.indexOf('| | Rule |'));
    expect(table).toMatchInlineSnapshot(`
      "| | Rule | Path | What | What to do |
      |---|---|---|---|---|
      | must be settled | \`scope\` | \`src/secret.js\` | changed outside the files this task owns | Take the change back. |
      | warning | \`tests\` |  | changed outside the files this task owns | Take the change back. |"
    `);
  });

  test('what a maintainer accepts no longer fails, and says who and why', () => {
    const check = renderArbiterCheck(verdict(finding), [override]);
    expect(check).toMatchObject({ conclusion: 'success', title: 'Passed' });
    expect(check.text).toContain('| `scope` | 1 finding, accepted by mary: agreed |');
    expect(check.text).toContain('| accepted | `scope` |');
  });

  test.each([
    { what: 'another commit', other: { headSha: 'b'.repeat(40) } },
    { what: 'another version', other: { version: 2 } },
    { what: 'another rule', other: { rule: 'size' } },
  ])('what was accepted for $what does not count', ({ other }) => {
    expect(renderArbiterCheck(verdict(finding), [{ ...override, ...other }]).conclusion).toBe('failure');
  });

  test('remarks stand at their lines, at most a hundred', () => {
    const findings = Array.from({ length: 150 }, (_, index) => ({ ...finding, line: index + 1 }));
    const { annotations } = renderArbiterCheck(verdict({ ...finding, path: null }, ...findings));
    expect(annotations).toHaveLength(100);
    expect(annotations[4]).toEqual({
      path: 'src/secret.js',
      line: 5,
      level: 'failure',
      title: 'scope',
      message: 'changed outside the files this task owns. Take the change back.',
    });
  });

  test('its buttons fit GitHub’s limits', () => {
    const { actions } = renderArbiterCheck(verdict());
    expect(actions).toHaveLength(3);
    for (const { label, description, identifier } of actions) {
      expect(label.length).toBeLessThanOrEqual(20);
      expect(identifier.length).toBeLessThanOrEqual(20);
      expect(description.length).toBeLessThanOrEqual(40);
    }
  });

  test('a path cannot break the table, and many findings fit', () => {
    const findings = Array.from({ length: 400 }, () => ({
      ...finding,
      path: 'a|b`c\n@org',
      message: '|'.repeat(999),
    }));
    const { text } = renderArbiterCheck(verdict(...findings));
    expect(text).toMatch(/And \d+ more\.$/u);
    expect(text).toContain('<code>a&#124;b&#96;c &#64;org</code>');
    expect(text.length).toBeLessThan(65_535);
  });
});

describe('the answers to its buttons', () => {
  const pressed = { by: 'rita', outcome: 'done' } as const;

  test('Explain says what each rule is for and what each finding asks for', () => {
    const warning: Finding = { ...finding, rule: 'tests', severity: 'warn', path: 'src/a.js', line: 3 };
    expect(
      renderActionAnswer({ ...pressed, action: 'explain' }, verdict(finding, warning)),
    ).toMatchInlineSnapshot(`
      "### What the arbiter found in \`0123456789ab\`

      **\`scope\`** (1 finding, must be settled). Tasks that run at the same time do not touch the same files; each stays inside its own.

      - \`src/secret.js\`: changed outside the files this task owns. Take the change back.

      **\`tests\`** (1 finding, only warns). Without a test nothing says that the change works, and goes on working.

      - \`src/a.js\`, line 3: changed outside the files this task owns. Take the change back."
    `);
  });

  test('Override… says what to type', () => {
    const size = { ...finding, rule: 'size', path: null };
    expect(
      renderActionAnswer({ ...pressed, action: 'override' }, verdict(finding, finding, size)),
    ).toMatchInlineSnapshot(`
      "A maintainer or an administrator can accept what a rule has found in \`0123456789ab\`, by a new comment that says why:

      - \`/override scope <why>\`
      - \`/override size <why>\`

      It counts for this commit and this version of the task only."
    `);
  });

  test('with nothing to explain or accept, that is said', () => {
    expect(renderActionAnswer({ ...pressed, action: 'explain' }, verdict())).toContain('found nothing');
    expect(renderActionAnswer({ ...pressed, action: 'override' }, verdict())).toContain('nothing to accept');
    expect(renderActionAnswer({ ...pressed, action: 'explain' }, null)).toContain('has not judged');
  });

  test('Retry needs no words, unless it was not allowed', () => {
    expect(renderActionAnswer({ ...pressed, action: 'retry' }, verdict(finding))).toBeNull();
    expect(
      renderActionAnswer({ by: 'eve@org', outcome: 'denied', action: 'retry' }, null),
    ).toMatchInlineSnapshot(
      `"\`Retry\` is for people with write access to this repository, so nothing was done for \`eve@org\`."`,
    );
  });
});
