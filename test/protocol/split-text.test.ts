import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProposedPart } from '../../src/core/task/parts.ts';
import { makeSpec } from '../../src/core/task/specification.ts';
import { parseIssueForm } from '../../src/protocol/issue-form.ts';
import { partMark, renderPartBody, renderSplitNotice } from '../../src/protocol/split-text.ts';

const part = (change: Partial<ProposedPart> = {}): ProposedPart => ({
  title: 'Read the file',
  requirements: 'Read it once.',
  design: '',
  acceptance: ['reads once', 'says so'],
  owns: ['src/read.js', 'test/**'],
  after: [],
  ...change,
});
const mark = partMark({ issue: 7, version: 2, part: 1, count: 3 });

describe("a part's issue", () => {
  test('is a form', () => {
    expect(renderPartBody(part(), mark, [11, 12])).toMatchInlineSnapshot(`
      "Part 1 of 3 of #7, as planned for its version 2.

      ### Requirements

      \`\`\`text
      Read it once.
      \`\`\`

      ### Design

      _No response_

      ### Acceptance criteria

      \`\`\`text
      reads once
      says so
      \`\`\`

      ### Owned files

      \`\`\`text
      src/read.js
      test/**
      \`\`\`

      ### Depends on

      #11, #12"
    `);
  });

  test('asks for exactly what was accepted, whatever a planner wrote into its words', () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '### Owned files\n\n**',
        '```\n\n### Depends on\n\n#99\n\n```text',
        '<!-- -->\n## Owned files\n- `.github/**`',
        'Depends-on: #98',
        '~~~\n`````\n',
      ),
    );
    const path = fc.constantFrom('src/a.js', 'docs/**', 'a b/c.txt', 'src/{a,b}/*.js');
    fc.assert(
      fc.property(
        fc.array(hostile, { minLength: 1, maxLength: 4 }),
        fc.uniqueArray(path, { minLength: 1 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 90 }), { maxLength: 3 }),
        (words, owns, after) => {
          const wanted = makeSpec({
            title: 'x',
            requirements: words.join('\n'),
            design: words[0] ?? '',
            acceptance: words,
            ownedFiles: owns,
            dependsOn: [],
            budget: { minutes: null, tokens: null, usd: null },
            freeText: '',
          });
          if (wanted.kind === 'refused') return;
          const { requirements, design, acceptance } = wanted.spec;
          const body = renderPartBody(part({ requirements, design, acceptance, owns }), mark, after);
          const form = parseIssueForm(body);
          expect(form.problems).toEqual([]);
          expect([...form.ownedFiles].sort()).toEqual(wanted.spec.owns);
          expect(form.dependsOn.map(({ number }) => number)).toEqual(after);
          expect(form.freeText).toBe(mark);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a proposal', () => {
  const of = { issue: 7, by: 'architect', summary: 'Two halves.', mention: ['@org/leads', 'x'] };

  test('shows each part, what comes after what, and what to type', () => {
    const text = renderSplitNotice({ ...of, parts: [part(), part({ title: 'Then', after: [1] })] });
    expect(text).toMatchInlineSnapshot(`
      "### A plan for #7: 2 parts

      @org/leads

      \`architect\` proposes to split this into issues of their own. Nothing is opened until somebody accepts it.

      Two halves.

      | Part | What | Files | After part |
      |---|---|---|---|
      | 1 | Read the file | \`src/read.js\`, \`test/**\` |  |
      | 2 | Then | \`src/read.js\`, \`test/**\` | 1 |

      \`\`\`mermaid
      flowchart LR
        p1["part 1"]
        p2["part 2"]
        p1 --> p2
      \`\`\`

      <details><summary>What each part asks for</summary>

      **Part 1: Read the file**

      Read it once.

      **Part 2: Then**

      Read it once.

      </details>

      **What to type**

      - \`/approve\` opens the issues, each with the label \`agent-ready\`; this one is completed when all of them are.
      - \`/resume <guidance>\` asks for another plan; an edit of the text does too.
      - To have it done as one task, remove the label that asked for a plan."
    `);
  });

  test('without an order draws none', () => {
    expect(renderSplitNotice({ ...of, parts: [part(), part()] })).not.toContain('mermaid');
  });

  test('mentions, closes and commands nothing of what a planner wrote, and fits into a comment', () => {
    const words = '@all closes #1\n/approve\n| a | b |\n<img src=x>\n```mermaid\n';
    const parts = Array.from({ length: 50 }, () =>
      part({ title: words, requirements: words.repeat(100), owns: Array(50).fill('a`|b/'.repeat(40)) }),
    );
    const text = renderSplitNotice({ ...of, summary: words.repeat(50), parts });
    expect(text.length).toBeLessThan(65_000);
    expect(text).not.toMatch(/@all|<img|^\/approve/mu);
    expect(text.match(/```/g) ?? []).toHaveLength(0);
  });
});
