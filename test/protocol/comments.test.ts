import { describe, expect, test } from 'vitest';
import { taskStates } from '../../src/core/lane/facts.ts';
import type { TaskState } from '../../src/core/lane/state.ts';
import { renderIssueComment } from '../../src/protocol/issue-comment.ts';
import { renderPullComment } from '../../src/protocol/pull-comment.ts';
import { renderWhyReply } from '../../src/protocol/replies.ts';
import { headline } from '../../src/protocol/standing-text.ts';
import { noticeMarker, stickyMarker } from '../../src/protocol/sticky-marker.ts';
import { approvalWait, at, extra, gate, planRow, queueRow, task, wait } from './scene.ts';

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe('the issue’s comment', () => {
  test('a task that waits', () => {
    const row = planRow({
      agent: null,
      worker: null,
      branch: null,
      pull: null,
      attempts: 0,
      waitsOn: [
        wait({}),
        wait({ kind: 'hold', what: 'the label agent-hold is set', command: 'remove the label `agent-hold`' }),
      ],
    });
    const text = renderIssueComment(
      row,
      extra({
        collisions: [{ with: 3, paths: ['src/cli.js'] }],
        policyProblem: 'limits.runing: unknown key',
        recent: Array.from({ length: 7 }, (_, i) => ({ at, text: `Event ${i} of #42.` })),
        hidden: 1,
        publicUrl: 'https://signalbox.example.org',
      }),
    );
    expect(text).toMatchInlineSnapshot(`
      "<!-- signalbox:v1 on=issue issue=42 lane=acme%2Fdemo%40main -->

      ### Waiting to start

      Since 2026-11-20 10:03 UTC.

      **Waits on**

      - #7 is working, since 2026-11-20 10:03 UTC.
      - the label agent-hold is set, since 2026-11-20 10:03 UTC. To change that, remove the label \`agent-hold\`.

      \`.github/signalbox.yml\` was not accepted (limits.runing: unknown key). The last good policy stays in force.

      1 hidden piece of text in the issue (comments or invisible characters) is not given to the agent.

      Touches the same files as #3 (\`src/cli.js\`): they run one after the other.

      | Plan | |
      |---|---|
      | Branch | not opened yet |
      | Pull request | not opened yet |
      | Owns | \`src/cli.js\`, \`test/**\` |
      | Depends on | #7 |
      | Agent | none yet |
      | Version | 1 |
      | Attempts | 0 |

      <details><summary>Last events</summary>

      - 2026-11-20 10:03 UTC: Event 2 of #42.
      - 2026-11-20 10:03 UTC: Event 3 of #42.
      - 2026-11-20 10:03 UTC: Event 4 of #42.
      - 2026-11-20 10:03 UTC: Event 5 of #42.
      - 2026-11-20 10:03 UTC: Event 6 of #42.

      </details>

      <sub>Correlation id \`c-1\` · [dashboard](https://signalbox.example.org/)</sub>"
    `);
  });

  test('a task that needs a person says so once: what, why and what to type', () => {
    const row = planRow({
      state: 'escalated',
      waitsOn: [wait({ kind: 'human', what: 'Which API?\nA or B @org', command: '/approve' })],
    });
    const text = renderIssueComment(row, extra());
    expect(text).toMatchInlineSnapshot(`
      "<!-- signalbox:v1 on=issue issue=42 lane=acme%2Fdemo%40main -->

      ### Stopped until a person decides

      Since 2026-11-20 10:03 UTC.

      > [!IMPORTANT]
      > **A person is needed:** decide how this goes on.
      > **Why:** Which API? A or B @&#8203;org (since 2026-11-20 10:03 UTC).
      > **What to do:** type \`/approve\` in a comment on #50; or, for a new attempt, type \`/resume <guidance>\` in a comment.

      | Plan | |
      |---|---|
      | Branch | \`agent/42-count-the-tasks\` |
      | Pull request | #50 |
      | Owns | \`src/cli.js\`, \`test/**\` |
      | Depends on | #7 |
      | Agent | \`local\` (worker \`w1\`) |
      | Version | 1 |
      | Attempts | 1 |

      <sub>Correlation id \`c-1\`</sub>"
    `);
    expect(occurrences(text, '/approve')).toBe(1);
    expect(occurrences(text, 'Which API?')).toBe(1);
  });

  test('a task that failed', () => {
    const row = planRow({
      state: 'failed',
      attempts: 3,
      waitsOn: [wait({ kind: 'human', what: '3 attempts have failed', command: null })],
    });
    expect(renderIssueComment(row, extra()).split('\n\n').slice(1, 4).join('\n\n')).toMatchInlineSnapshot(`
      "### Failed after 3 attempts

      Since 2026-11-20 10:03 UTC.

      > [!IMPORTANT]
      > **A person is needed:** decide whether to try again.
      > **Why:** 3 attempts have failed (since 2026-11-20 10:03 UTC).
      > **What to do:** type \`/resume <guidance>\` in a comment."
    `);
  });

  test('a task that was cancelled says by whom, and how it comes back', () => {
    const row = planRow({ state: 'cancelled', reason: 'walt typed /cancel' });
    expect(renderIssueComment(row, extra()).split('\n\n').slice(1, 3).join('\n\n')).toMatchInlineSnapshot(`
      "### Cancelled

      Since 2026-11-20 10:03 UTC. Why: walt typed /cancel. To start anew, remove the label \`agent-ready\` and set it again."
    `);
  });

  test('what went wrong before is said where the state does not tell it', () => {
    const text = (state: TaskState) =>
      renderIssueComment(planRow({ state, reason: 'infra: disk full @org.' }), extra());
    expect(text('waiting')).toContain('Before that: infra: disk full @&#8203;org.');
    expect(text('completed')).not.toContain('disk full');
  });

  test('time that ends a wait by itself is told, but not a lease that is renewed all the time', () => {
    const next = '2026-11-20T11:03:27.123Z';
    const waitsOn = [wait({ kind: 'build', what: 'candidate 8 is being tested', next })];
    expect(renderIssueComment(planRow({ waitsOn }), extra())).toContain('by itself at 2026-11-20 11:03 UTC');
    const working = [wait({ kind: 'work', what: 'w1 to finish', next })];
    expect(renderIssueComment(planRow({ waitsOn: working }), extra())).not.toContain('11:03');
    expect(renderWhyReply(planRow({ waitsOn: working }))).toContain('11:03');
  });

  test('what other people wrote is harmless in it', () => {
    const text = renderIssueComment(
      planRow({
        branch: 'agent/1-`<img>',
        owns: ['<img src=x> @org/everyone closes #1|`\n/approve'],
        agent: 'a`b|c',
        waitsOn: [wait({ what: 'x\n/approve @org <b>' })],
      }),
      extra({
        recent: [{ at, text: 'said </details> @org\n# big' }],
        correlationId: 'x`<b>',
        publicUrl: 'javascript:alert(1)',
      }),
    );
    expect(text).not.toMatch(/@\w|<img|<b>|closes #1|^\/approve|^# big|javascript/mu);
    expect(occurrences(text, '</details>')).toBe(1);
  });

  test('equal states give equal texts, and no time in them is relative', () => {
    const text = renderIssueComment(planRow({ waitsOn: [wait({})] }), extra());
    expect(renderIssueComment(planRow({ waitsOn: [wait({})] }), extra())).toBe(text);
    expect(text).toContain('since 2026-11-20 10:03 UTC');
    expect(text).not.toMatch(/ago\b|10:03:27/u);
  });

  test('stays below GitHub’s limit, however much there is to say', () => {
    const many = Array.from({ length: 300 }, (_, i) => i);
    const text = renderIssueComment(
      planRow({
        owns: many.map((i) => `${i}${'*'.repeat(200)}`),
        dependsOn: many.slice(0, 50),
        waitsOn: many.map(() => wait({ what: '*'.repeat(5_000) })),
      }),
      extra({
        collisions: many.map((i) => ({ with: i, paths: ['x'.repeat(200)] })),
        recent: many.map(() => ({ at, text: '|'.repeat(9_000) })),
      }),
    );
    expect(text.length).toBeLessThan(65_536);
  });
});

describe('the pull request’s comment', () => {
  test('in review, waiting for an approval: the command stands in one place', () => {
    const row = planRow({ state: 'in-review', waitsOn: [approvalWait] });
    const text = renderPullComment(row, null, task(), { ...extra(), gate, tried: null });
    expect(text).toMatchInlineSnapshot(`
      "<!-- signalbox:v1 on=pull issue=42 lane=acme%2Fdemo%40main -->

      ### In review

      Since 2026-11-20 10:03 UTC.

      > [!IMPORTANT]
      > **A person is needed:** look at the changes and approve them, or push what is missing.
      > **Why:** nobody has approved this commit (since 2026-11-20 10:03 UTC).
      > **What to do:** type \`/approve\` in a comment on #50.

      | Gate at \`0123456789ab\` | | |
      |---|---|---|
      | CI: [ci](https://ci.example.org/1) | holds | success |
      | Arbiter | holds | no findings that fail |
      | Approval | open | nobody has approved this commit |

      | Plan | |
      |---|---|
      | Branch | \`agent/42-count-the-tasks\` |
      | Pull request | #50 |
      | Owns | \`src/cli.js\`, \`test/**\` |
      | Depends on | #7 |
      | Agent | \`local\` (worker \`w1\`) |
      | Version | 1 |
      | Attempts | 1 |

      <sub>Correlation id \`c-1\`</sub>"
    `);
    expect(occurrences(text, '/approve')).toBe(1);
  });

  test('in the queue', () => {
    const row = planRow({
      state: 'approved',
      status: 'queued',
      waitsOn: [wait({ kind: 'queue', what: '1 entry ahead in the queue' })],
    });
    const text = renderPullComment(row, queueRow(), task({ state: 'approved' }), {
      ...extra(),
      gate: gate.slice(0, 2),
      tried: null,
    });
    expect(text.split('\n\n').slice(0, 5).join('\n\n')).toMatchInlineSnapshot(`
      "<!-- signalbox:v1 on=pull issue=42 lane=acme%2Fdemo%40main -->

      ### Approved, and in the queue at position 2

      Since 2026-11-20 10:03 UTC.

      **Waits on**

      - 1 entry ahead in the queue, since 2026-11-20 10:03 UTC."
    `);
  });

  test('a check’s address that is no web address is no link', () => {
    const [ci] = task().pull?.checks ?? [];
    if (ci === undefined || ci === null) throw new Error('the scene has a check');
    const pull = task().pull;
    const hostile = task({
      pull: pull === null ? null : { ...pull, checks: [{ ...ci, url: 'javascript:alert(1)' }] },
    });
    const text = renderPullComment(planRow({ state: 'in-review' }), null, hostile, {
      ...extra(),
      gate,
      tried: null,
    });
    expect(text).toContain('| CI: ci | holds | success |');
  });

  test('once it has landed there is no gate any more', () => {
    const row = planRow({ state: 'completed', landedAt: at, landedAs: 'f'.repeat(40) });
    const text = renderPullComment(row, null, task({ state: 'completed' }), {
      ...extra(),
      gate,
      tried: null,
    });
    expect(text).not.toContain('| Gate');
    expect(text).toContain('### Landed as `ffffffffffff`');
  });
});

test('every state has its own headline', () => {
  const rows = taskStates.map((state: TaskState) => planRow({ state }));
  const queued = ['queued', 'testing', 'landing'].map((status) => planRow({ state: 'approved', status }));
  const lines = [...rows, ...queued].map((row) => headline(row, queueRow({ build: 8 })));
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines).toMatchInlineSnapshot(`
    [
      "Waiting to start",
      "Given to \`local\`",
      "\`local\` is working on it",
      "In review",
      "Approved, and not in the queue yet",
      "Completed",
      "Stopped until a person decides",
      "Failed after 1 attempt",
      "Cancelled",
      "Approved, and in the queue at position 2",
      "Approved, and being tested in candidate 8",
      "Approved, and landing",
    ]
  `);
});

describe('markers', () => {
  test('one for each place', () => {
    expect(stickyMarker({ lane: 'acme/demo@main', issue: 42, on: 'pull' })).toMatchInlineSnapshot(
      `"<!-- signalbox:v1 on=pull issue=42 lane=acme%2Fdemo%40main -->"`,
    );
    expect(noticeMarker('notify:42:escalated')).toMatchInlineSnapshot(
      `"<!-- signalbox:v1 once=notify%3A42%3Aescalated -->"`,
    );
  });

  test('a branch’s name cannot close the comment', () => {
    const marker = stickyMarker({ lane: 'a/b@x--> <b>--!>', issue: 1, on: 'issue' });
    expect(marker.indexOf('-->')).toBe(marker.length - 3);
    expect(marker.slice(4, -3)).not.toMatch(/[<>]|--/u);
  });
});
