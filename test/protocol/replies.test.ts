import { describe, expect, test } from 'vitest';
import { commandNames, commandTable } from '../../src/protocol/command-table.ts';
import {
  renderDenied,
  renderHelp,
  renderIgnored,
  renderNotYet,
  renderRefused,
  renderRequestRefused,
  renderStatusReply,
  renderUnknown,
} from '../../src/protocol/replies.ts';
import { approvalWait, planRow, wait } from './scene.ts';

test('help', () => {
  expect(renderHelp()).toMatchInlineSnapshot(`
    "Write a command at the start of a line of a new comment, on the issue or on its pull request. Edited comments are not read.

    | Command | Who | What it does |
    |---|---|---|
    | \`/approve [sha]\` | people with write access | approve this commit of the pull request; it enters the queue as soon as its gate holds |
    | \`/unapprove\` | people with write access | take your approval back |
    | \`/escalate <why>\` | people with write access | stop the agent and ask a person to decide |
    | \`/override <rule> <why>\` | maintainers and administrators | accept what one rule of the arbiter found in this commit |
    | \`/status\` | everybody | say where the task stands and what it waits on |
    | \`/help\` | everybody | show these commands |

    The label \`agent-ready\` gives an issue to an agent; removing it cancels the task. \`agent-hold\` keeps a task from starting and landing.

    Not yet: \`/hold\`, \`/unhold\`, \`/resume\`, \`/retry\`, \`/cancel\`, \`/assign-agent\`, \`/own\`, \`/disown\`, \`/depends\`, \`/independent\`, \`/priority\`, \`/rebase\`, \`/freeze\`, \`/unfreeze\`, \`/why\`."
  `);
});

test('help names every command', () => {
  for (const name of commandNames) expect(renderHelp()).toContain(`/${name}`);
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
    ]
  `);
});

test('a refusal repeats nothing that could do harm', () => {
  expect(renderUnknown({ text: '/`@org|', suggestion: null })).toBe(
    'I do not know <code>/&#96;&#64;org&#124;</code>. Type `/help` to see the commands.',
  );
  expect(renderRefused({ command: 'approve', why: '@org <b>' })).not.toMatch(/@o|<b>/u);
});

describe('not yet', () => {
  test('says what to do instead', () => {
    expect(renderNotYet('/cancel now')).toMatchInlineSnapshot(
      `"\`/cancel now\` does not work yet, so nothing was done. Remove the label \`agent-ready\` from the issue instead."`,
    );
    expect(renderNotYet('freeze')).toMatchInlineSnapshot(
      `"\`/freeze\` does not work yet, so nothing was done. Type \`/help\` to see the commands that do."`,
    );
  });

  test('no text sends people to a command that does not work', () => {
    const missing = commandNames.filter((name) => !commandTable[name].available);
    for (const name of missing) {
      const advice = renderNotYet(name).replace(`\`/${name}\` does not work yet`, '');
      for (const other of missing) expect(advice).not.toContain(`\`/${other}`);
    }
  });
});

test('a request that cannot become a task', () => {
  expect(renderRequestRefused(['"../x" has a ".." in it.', 'See @org #1.'])).toMatchInlineSnapshot(`
    "### This issue cannot be given to an agent yet

    - "../x" has a ".." in it.
    - See @&#8203;org #1.

    Edit the issue, then remove the label \`agent-ready\` and set it again."
  `);
});
