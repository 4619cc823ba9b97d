import { expect, test } from 'vitest';
import {
  renderEjectionNotice,
  renderEscalationNotice,
  renderFailureNotice,
} from '../../src/protocol/notices.ts';

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

    - To accept the branch as it is now, type \`/approve\` in a comment on #50. You may push to it first.
    - To try again, remove the label \`agent-ready\` from the issue and set it again. Edit the issue first if something was unclear.
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

test('a failure', () => {
  expect(
    renderFailureNotice({ issue: 42, reason: '3 attempts have failed', mention: [] }),
  ).toMatchInlineSnapshot(`
    "### A person is needed

    The work on #42 has failed: 3 attempts have failed.

    **What to do**

    - To try again, remove the label \`agent-ready\` from the issue and set it again. Edit the issue first if something was unclear.
    - To give up, remove the label \`agent-ready\` and leave it off."
  `);
});

test('an ejection', () => {
  expect(
    renderEjectionNotice({ pull: 50, code: 'checks-failed', reason: 'ci failed in candidate 8' }),
  ).toMatchInlineSnapshot(`
    "### #50 left the queue: its candidate failed in CI

    Ci failed in candidate 8.

    **What to do:** Look at the failed check and push a fix if one is needed. Then type \`/approve\` again."
  `);
});
