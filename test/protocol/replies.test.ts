import { describe, expect, test } from 'vitest';
import { commandNames, commandTable } from '../../src/protocol/command-table.ts';
import {
  renderDenied,
  renderHelp,
  renderIgnored,
  renderLimited,
  renderRefused,
  renderRequestRefused,
  renderStatusReply,
  renderUnknown,
  renderWhyReply,
} from '../../src/protocol/replies.ts';
import { approvalWait, head, planRow, wait } from './scene.ts';

describe('help', () => {
  test('says where commands are read, and what the labels do', () => {
    const [first, , labels] = renderHelp().split('\n\n');
    expect([first, labels]).toMatchInlineSnapshot(`
      [
        "Write a command at the start of a line of a new comment, on the issue or on its pull request. Edited comments are not read.",
        "The label \`agent-ready\` gives an issue to an agent; removing it cancels the task. \`agent-hold\` keeps a task from starting and landing.",
      ]
    `);
  });

  test.each(commandNames)('has a row for /%s', (name) => {
    const { usage, does } = commandTable[name];
    const rows = renderHelp()
      .split('\n')
      .filter((line) => line.startsWith('|') && line.includes(`/${name}`) && line.includes(does));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toContain(usage.replace(/\|.*/u, '').split(' ')[0]);
  });
});

test('why lists every wait, the one for a person included', () => {
  const waitsOn = [wait({ kind: 'checks', what: 'ci is running' }), approvalWait];
  expect(renderWhyReply(planRow({ state: 'in-review', waitsOn }))).toMatchInlineSnapshot(`
    "#42 waits on:

    - ci is running, since 2026-11-20 10:03 UTC. Nothing needs to be typed: CI reports by itself.
    - nobody has approved this commit, since 2026-11-20 10:03 UTC. To change that, type \`/approve\` in a comment on #50."
  `);
  expect(renderWhyReply(planRow({ state: 'completed', landedAs: head }))).toMatchInlineSnapshot(
    `"#42 waits on nothing: Landed as \`0123456789ab\`."`,
  );
});

test('status says what the comment says', () => {
  expect(
    renderStatusReply(
      planRow({
        state: 'in-review',
        waitsOn: [wait({ kind: 'checks', what: 'ci is running' }), approvalWait],
      }),
    ),
  ).toMatchInlineSnapshot(`
    "### In review

    Since 2026-11-20 10:03 UTC.

    > [!IMPORTANT]
    > **A person is needed:** look at the changes and approve them, or push what is missing.
    > **Why:** nobody has approved this commit (since 2026-11-20 10:03 UTC).
    > **What to do:** type \`/approve\` in a comment on #50.

    **Waits on**

    - ci is running, since 2026-11-20 10:03 UTC.

    | Plan | |
    |---|---|
    | Branch | \`agent/42-count-the-tasks\` |
    | Pull request | #50 |
    | Owns | \`src/cli.js\`, \`test/**\` |
    | Depends on | #7 |
    | Agent | \`local\` (worker \`w1\`) |
    | Version | 1 |
    | Attempts | 1 |"
  `);
});

test('refusals', () => {
  expect([
    renderDenied({ command: 'approve', needs: 'write' }),
    renderDenied({ command: '/freeze now', needs: 'maintain' }),
    renderRefused({
      command: 'approve',
      why: 'the head commit is now 0123456789ab: look at it, then approve again',
    }),
    renderRefused({ command: 'status', why: 'set the label `agent-ready` on an issue' }),
    renderUnknown({ text: '/aprove', suggestion: '/approve [sha]' }),
    renderUnknown({ text: '/shrug', suggestion: null }),
    renderIgnored(1),
    renderIgnored(495),
    renderLimited(10),
  ]).toMatchInlineSnapshot(`
    [
      "\`/approve\` is for people with write access of this repository, so nothing was done. Please ask one of them to type it.",
      "\`/freeze now\` is for maintainers and administrators of this repository, so nothing was done. Please ask one of them to type it.",
      "\`/approve\` was not carried out: the head commit is now 0123456789ab: look at it, then approve again.",
      "\`/status\` was not carried out: set the label \`agent-ready\` on an issue.",
      "I do not understand \`/aprove\`. Did you mean \`/approve [sha]\`? Type it in a new comment, or \`/help\` to see all commands.",
      "I do not know \`/shrug\`. Type \`/help\` to see the commands.",
      "The last command was not read: a comment may have five. Write the rest in a new comment.",
      "The last 495 commands were not read: a comment may have five. Write the rest in a new comment.",
      "That makes 10 answers to you within an hour. Further commands of this kind are not answered until an hour has passed.",
    ]
  `);
});

test('a refusal repeats nothing that could do harm', () => {
  expect(renderUnknown({ text: '/`@org|', suggestion: null })).toBe(
    'I do not know <code>/&#96;&#64;org&#124;</code>. Type `/help` to see the commands.',
  );
  expect(renderRefused({ command: 'approve', why: '@org <b>' })).not.toMatch(/@o|<b>/u);
});

test('a request that cannot become a task', () => {
  expect(renderRequestRefused(['"../x" has a ".." in it.', 'See @org #1.'])).toMatchInlineSnapshot(`
    "### This issue cannot be given to an agent yet

    - "../x" has a ".." in it.
    - See @&#8203;org #1.

    Put that right, then remove the label \`agent-ready\` and set it again."
  `);
});
