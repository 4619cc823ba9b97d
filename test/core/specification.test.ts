import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeSpec, type SpecInput } from '../../src/core/task/specification.ts';
import { parseIssueForm } from '../../src/protocol/issue-form.ts';

const empty: SpecInput = {
  title: 'Count the tasks',
  requirements: '',
  design: '',
  acceptance: [],
  ownedFiles: [],
  dependsOn: [],
  budget: { minutes: null, tokens: null, usd: null },
  freeText: '',
};

function specOf(change: Partial<SpecInput>) {
  const reading = makeSpec({ ...empty, ...change });
  if (reading.kind === 'refused') throw new Error(reading.why.join(' '));
  return reading;
}

function whyNot(change: Partial<SpecInput>): string[] {
  const reading = makeSpec({ ...empty, ...change });
  return reading.kind === 'refused' ? reading.why : [];
}

describe('makeSpec', () => {
  test('puts everything in canonical form', () => {
    expect(
      specOf({
        title: ' Count   the tasks ',
        requirements: 'Add --count.  \r\n\r\nIt prints a number.\n',
        freeText: 'See also the wiki.',
        acceptance: [' it   prints 0 ', ''],
        ownedFiles: ['test/', './src/cli.js', 'src/cli.js'],
        dependsOn: [
          { number: 9, repo: null },
          { number: 7, repo: 'Acme/Demo' },
          { number: 9, repo: null },
        ],
        repo: 'acme/demo',
        budget: { minutes: 30, tokens: 0, usd: -1 },
      }).spec,
    ).toEqual({
      title: 'Count the tasks',
      requirements: 'Add --count.\n\nIt prints a number.\n\nSee also the wiki.',
      design: '',
      acceptance: ['it prints 0'],
      owns: ['src/cli.js', 'test/**'],
      ownsDeclared: true,
      dependsElsewhere: [],
      dependsOn: [7, 9],
      budget: { minutes: 30, tokens: null, usd: null },
    });
  });

  test('without declared files a task owns the whole repository', () => {
    expect(specOf({}).spec).toMatchObject({ owns: ['**'], ownsDeclared: false });
    expect(specOf({ ownedFiles: ['**'] }).spec).toMatchObject({ owns: ['**'], ownsDeclared: true });
  });

  test('the hash is that of the canonical JSON and stays the same for ever', () => {
    expect(specOf({}).hash).toMatchInlineSnapshot(
      `"88e8ccaae6f827e96f12e291d901be775fcd984b67e9811157a08dfce7d49a5a"`,
    );
  });

  test('the hash does not depend on order or repeats, and depends on everything else', () => {
    const { hash } = specOf({
      ownedFiles: ['a', 'b'],
      dependsOn: [
        { number: 1, repo: null },
        { number: 2, repo: null },
      ],
    });
    expect(
      specOf({
        ownedFiles: ['b', 'a', 'b'],
        dependsOn: [
          { number: 2, repo: null },
          { number: 1, repo: null },
        ],
      }).hash,
    ).toBe(hash);
    const hashes = [
      hash,
      specOf({}).hash,
      specOf({ title: 'x' }).hash,
      specOf({ requirements: 'x' }).hash,
      specOf({ design: 'x' }).hash,
      specOf({ acceptance: ['x'] }).hash,
      specOf({ ownedFiles: ['**'] }).hash,
      specOf({ budget: { minutes: 1, tokens: null, usd: null } }).hash,
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test('takes what the issue form reads', () => {
    const form = parseIssueForm(
      '### Requirements\n\nAdd it.\n\n### Owned files\n\nsrc/**\n\n### Depends on\n\n#3',
    );
    expect(specOf({ ...form, title: 'x' }).spec).toMatchObject({
      requirements: 'Add it.',
      owns: ['src/**'],
      dependsOn: [3],
    });
  });

  test('says in sentences what is wrong, all of it at once', () => {
    expect(
      whyNot({
        title: ' ',
        requirements: 'ä'.repeat(40_000),
        ownedFiles: ['../x', 'src/[x'],
        dependsOn: [
          { number: 4, repo: 'other/place' },
          { number: 0, repo: null },
          { number: 42, repo: null },
        ],
        issue: 42,
      }),
    ).toMatchInlineSnapshot(`
      [
        "The issue has no title.",
        "The text is 80001 bytes long; at most 65536 (64 kB) fit into one task. Please split the issue.",
        ""../x" has a "." or ".." in it: write the path from the root of the repository.",
        ""src/[x" has a bracket that is not closed or is empty.",
        "#0 is not an issue number.",
        "The issue says that it depends on itself (#42).",
      ]
    `);
    expect(whyNot({ ownedFiles: Array.from({ length: 201 }, (_, i) => `f${i}`) })).toMatchInlineSnapshot(`
      [
        "The issue names 201 owned paths; at most 200 are possible. A directory such as "src/" covers all below it.",
      ]
    `);
    expect(
      whyNot({ dependsOn: Array.from({ length: 51 }, (_, i) => ({ number: i + 1, repo: null })) }),
    ).toMatchInlineSnapshot(`
      [
        "The issue depends on 51 others; at most 50 are possible.",
      ]
    `);
    expect(whyNot({ title: 'x'.repeat(257) })).toMatchInlineSnapshot(`
      [
        "The title is longer than 256 characters.",
      ]
    `);
  });

  test('at the limits it is still accepted', () => {
    expect(whyNot({ ownedFiles: Array.from({ length: 200 }, (_, i) => `f${i}`) })).toEqual([]);
    expect(
      whyNot({ dependsOn: Array.from({ length: 50 }, (_, i) => ({ number: i + 1, repo: null })) }),
    ).toEqual([]);
    expect(whyNot({ requirements: 'x'.repeat(65_000) })).toEqual([]);
  });

  test('a specification made of itself is itself', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.array(fc.string({ unit: 'grapheme' })),
        (text, items) => {
          const { spec, hash } = specOf({ requirements: text, acceptance: items });
          expect(specOf({ requirements: spec.requirements, acceptance: spec.acceptance }).hash).toBe(hash);
        },
      ),
    );
  });
});
