import { expect, test } from 'vitest';
import {
  renderRevertBody,
  renderRevertFailed,
  renderRevertOpened,
  renderRevertTitle,
  revertMessage,
} from '../../src/protocol/revert-text.ts';

const landed = {
  pull: 57,
  issue: 5,
  title: 'Count @team, fixes #9',
  before: 'b'.repeat(40),
  after: 'a'.repeat(40),
  exact: true,
  dependants: [
    { pull: 61, depends: true, paths: ['src/a.js'] },
    { pull: 62, depends: false, paths: ['src/b.js'] },
  ],
};

test('the title and the commit close and mention nothing', () => {
  const title = renderRevertTitle(landed);
  expect(title).toMatch(/^Revert ".*" \(#57\)$/u);
  expect(title).not.toMatch(/@team|#9/u);
  expect(revertMessage(landed)).toBe(`${title}\n\nThis takes back ${landed.after}.`);
});

test('the body names who asked and what may rest on it', () => {
  expect(renderRevertBody({ landed, by: 'mary' })).toMatchInlineSnapshot(`
    "Takes back what #57 changed (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa). Asked for by \`mary\` with \`/revert #57\`.

    **Landed since, and may rest on it.** Look whether they still work without it:

    - #61 depends on it, and also changes \`src/a.js\`
    - #62 also changes \`src/b.js\`"
  `);
});

test('the answer says what comes next', () => {
  const of = { reverts: 57, pull: 70, dependants: [] };
  expect(renderRevertOpened({ ...of, refusal: null })).toMatchInlineSnapshot(`
    "### #70 takes back #57

    It is approved by your word, and lands when its gate holds."
  `);
  expect(renderRevertOpened({ ...of, refusal: 'a bot approves nothing' })).toMatchInlineSnapshot(`
    "### #70 takes back #57

    It still needs an approval: a bot approves nothing. **What to do:** somebody types \`/approve\` in a comment on #70."
  `);
});

test('a failure says that nothing is half done', () => {
  expect(renderRevertFailed({ reverts: 57, why: 'git cannot take #57 out of main.' })).toMatchInlineSnapshot(`
    "### #57 could not be taken back

    git cannot take #57 out of main. Nothing was changed."
  `);
});
