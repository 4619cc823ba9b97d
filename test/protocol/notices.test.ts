import { expect, test } from 'vitest';
import {
  renderBudgetNotice,
  renderEjectionNotice,
  renderEscalationNotice,
  renderExtensionNotice,
  renderGraceNotice,
  renderLateWorkNotice,
  renderUpdateConflict,
} from '../../src/protocol/notices.ts';
import { renderQuestionNotice } from '../../src/protocol/version-text.ts';

const escalation = {
  issue: 42,
  pull: 50,
  trigger: 'unclear',
  context: 'Which API?\n\nA or B, @org',
  by: 'local',
  mention: ['@acme/leads'],
};

test('an escalation', () => {
  expect(renderEscalationNotice(escalation)).toMatchInlineSnapshot(`
    "### A person is needed

    @acme/leads

    The work on #42 has stopped until a person decides.

    **Trigger:** unclear (raised by \`local\`)

    **Context:**
    > Which API?
    > 
    > A or B, @&#8203;org

    **What to type**

    - To say how to go on, type \`/resume\` and your guidance in a comment: a new attempt starts with it.
    - To try again from a clean branch, type \`/retry\` in a comment.
    - To accept the branch as it is now, type \`/approve\` in a comment on #50. You may push to it first.
    - To give up, remove the label \`agent-ready\` and leave it off."
  `);
});

test('an escalation before there is a pull request offers no approval', () => {
  expect(renderEscalationNotice({ ...escalation, pull: null })).not.toContain('/approve');
});

test('only names are mentioned', () => {
  const text = renderEscalationNotice({
    ...escalation,
    mention: ['@acme/leads', '@bob', 'all', '@x <b>', '@a\n# b'],
  });
  expect(text.split('\n\n')[1]).toBe('@acme/leads @bob');
});

test('a context of any length and shape stays a quote', () => {
  const text = renderEscalationNotice({
    ...escalation,
    context: `\`\`\`\n</details>\n/approve\n${'x'.repeat(9_000)}`,
  });
  const quoted = text.split('**Context:**\n')[1]?.split('\n\n')[0] ?? '';
  expect(quoted.split('\n').every((line) => line.startsWith('> '))).toBe(true);
  expect(quoted.length).toBeLessThan(5_000);
});

test('an escalation with options and a history, told again', () => {
  const text = renderEscalationNotice({
    ...escalation,
    tried: ['attempt 1 by local: semantic: no idea'],
    options: ['Use the old API', 'Use the\nnew one'],
    unansweredSince: '2026-11-20T10:03:27.123Z',
  });
  expect(text).toMatchInlineSnapshot(`
    "### A person is still needed

    @acme/leads

    The work on #42 has been waiting for an answer since 2026-11-20 10:03 UTC.

    **Trigger:** unclear (raised by \`local\`)

    **Context:**
    > Which API?
    > 
    > A or B, @&#8203;org

    **What was tried**

    - attempt 1 by local: semantic: no idea

    **Options**

    - A: Use the old API
    - B: Use the new one

    **What to type**

    - To pick an option, type \`/resume A\` with its letter in a comment.
    - To say how to go on, type \`/resume\` and your guidance in a comment: a new attempt starts with it.
    - To try again from a clean branch, type \`/retry\` in a comment.
    - To accept the branch as it is now, type \`/approve\` in a comment on #50. You may push to it first.
    - To give up, remove the label \`agent-ready\` and leave it off."
  `);
});

test('a budget that is nearly used up', () => {
  const what = 'this attempt has used 4.1 of 5 USD';
  expect(renderBudgetNotice({ issue: 42, what, mention: ['@acme/leads'] })).toMatchInlineSnapshot(`
    "### A budget is nearly used up

    @acme/leads

    #42: this attempt has used 4.1 of 5 USD. At the end of the budget the attempt is stopped and a person is asked.

    **What to do:** nothing, if that is as it should be. To stop it now, type \`/escalate <why>\` in a comment."
  `);
});

test('an attempt that gets more time', () => {
  expect(
    renderExtensionNotice({ attempt: 2, agent: 'local', evidence: 'its branch moved at 10:00' }),
  ).toMatchInlineSnapshot(`
    "### Attempt 2 is given more time

    \`local\` sends no heartbeat, but its branch moved at 10:00. It gets one more lease for that.

    **What to do:** nothing, if the agent is well. To end the attempt now, type \`/retry\` in a comment."
  `);
});

test('late work, with the branch set back and without', () => {
  const late = { attempt: 1, late: 'agent/42-count-late-1', branch: 'agent/42-count', isBack: true };
  expect(renderLateWorkNotice(late)).toMatchInlineSnapshot(`
    "### Late work is kept

    Attempt 1 had ended when its commits came, or left commits that the next attempt does not start from. Nothing of it is lost: it is on \`agent/42-count-late-1\`, and \`agent/42-count\` is where it was before.

    **What to do:** nothing, if you do not need it. To use it, look at it and run \`git fetch origin && git push origin origin/agent/42-count-late-1:agent/42-count\`; to be rid of it, delete \`agent/42-count-late-1\`."
  `);
  expect(renderLateWorkNotice({ ...late, isBack: false })).not.toContain('where it was before');
});

test('a change that nobody needs to approve', () => {
  expect(
    renderGraceNotice({
      pull: 50,
      until: '2026-11-20T10:33:00.000Z',
      why: 'a rule for docs/a.md says on-the-loop',
    }),
  ).toMatchInlineSnapshot(`
    "### #50 enters the queue at 2026-11-20 10:33 UTC

    The arbiter and the checks have passed, and the policy asks for no approval (a rule for docs/a.md says on-the-loop).

    **What to do:** nothing, to let it land. To stop it, type \`/hold\` in a comment; \`/escalate <why>\` asks for a decision."
  `);
});

test('an ejection', () => {
  expect(
    renderEjectionNotice({ pull: 50, code: 'checks-failed', reason: 'ci failed in candidate 8' }),
  ).toMatchInlineSnapshot(`
    "### #50 left the queue: it failed in CI

    Ci failed in candidate 8.

    **What to do:** Look at the failed check and push a fix if one is needed. Then type \`/approve\` again."
  `);
});

test('an ejection with its evidence: failed checks with links, peers, odds and what is left', () => {
  const text = renderEjectionNotice({
    pull: 50,
    code: 'checks-failed',
    reason: 'it failed 2 times',
    evidence: {
      builds: [7, 9],
      checks: [{ name: 'ci', conclusion: 'failure', url: 'https://ci.example.org/7' }],
      peers: [51, 52],
      odds: 0.99951,
      attemptsLeft: 0,
    },
  });
  expect(text).toContain('- [ci](https://ci.example.org/7): failure');
  expect(text).toContain('together with #51, #52, which stay in the queue');
  expect(text).toContain('it is to blame with 99.9 % certainty');
  expect(text).toContain('Attempts left without a new word from you: 0.');
});

test.each([
  { linked: false, way: 'type `/independent #7` in a comment' },
  { linked: true, way: 'remove the link to #7 ("blocked by" or sub-issue) in this issue\'s sidebar' },
])('a prerequisite that nobody will do, linked: $linked', ({ linked, way }) => {
  expect(renderQuestionNotice({ issue: 42, prerequisite: '#7', linked })).toContain(
    `- To go on without it, ${way}.`,
  );
});

const met = {
  builds: [],
  checks: [],
  peers: [],
  odds: null,
  attemptsLeft: 2,
  others: [{ issue: 8, pull: 9, headSha: 'a'.repeat(40) }],
};

test('an ejection that its agent gets back: what it met, how often still, and that nothing is to be done', () => {
  const text = renderEjectionNotice({
    pull: 50,
    code: 'conflict',
    reason: 'it conflicts with #9, which has landed',
    evidence: met,
    after: 'agent',
  });
  expect(text).toMatchInlineSnapshot(`
    "### #50 left the queue: it conflicts with what landed before it

    It conflicts with #9, which has landed.

    What landed while it was made: #9.

    Attempts left without a new word from you: 2.

    **What to do:** Nothing now. The next attempt starts on this branch and gets all of this as data; what it makes is for you to approve, as before. To keep it from starting, type \`/hold\` in a comment."
  `);
});

test('a branch that cannot be brought up to date: the files, and whose turn it is', () => {
  const of = {
    pull: 50,
    base: 'main',
    reason: 'its branch conflicts with #9, which has landed',
    evidence: { ...met, attemptsLeft: 0, paths: ['src/a.js'] },
  };
  expect(renderUpdateConflict({ ...of, after: 'author' })).toMatchInlineSnapshot(`
    "### #50 cannot be brought up to date

    Its branch conflicts with #9, which has landed.

    Changed on both sides: \`src/a.js\`.

    What landed while it was made: #9.

    Attempts left without a new word from you: 0.

    **What to do:** merge \`main\` into this branch, settle the conflict and push."
  `);
  expect(renderUpdateConflict({ ...of, after: 'agent' })).toContain('**What to do:** Nothing now.');
});
