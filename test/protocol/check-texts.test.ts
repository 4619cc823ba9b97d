import { describe, expect, test } from 'vitest';
import type { EjectionCode } from '../../src/core/lane/facts.ts';
import type { Finding } from '../../src/core/lane/state.ts';
import { ejectionWords, renderArbiterCheck, renderQueueCheck } from '../../src/protocol/check-texts.ts';
import { approvalWait, at, head, queueRow, wait } from './scene.ts';

const finding: Finding = {
  rule: 'scope',
  severity: 'fail',
  path: 'src/secret.js',
  message: 'changed outside the files this task owns',
  remedy: 'Take the change back.',
};

describe('signalbox/arbiter', () => {
  test('passes without findings', () => {
    expect(
      renderArbiterCheck({ headSha: head, baseSha: head, version: 1, findings: [] }),
    ).toMatchInlineSnapshot(`
      {
        "conclusion": "success",
        "summary": "Nothing stands against this change. Judged: commit \`0123456789ab\` against version 1 of the task.",
        "text": "No findings.",
        "title": "Passed",
      }
    `);
  });

  test('passes with warnings only', () => {
    const check = renderArbiterCheck({
      headSha: head,
      baseSha: head,
      version: 1,
      findings: [{ ...finding, severity: 'warn' }],
    });
    expect(check).toMatchObject({ conclusion: 'success', title: 'Passed with 1 warning' });
  });

  test('fails, with what must be settled first', () => {
    const findings: Finding[] = [{ ...finding, severity: 'warn', rule: 'tests', path: null }, finding];
    expect(renderArbiterCheck({ headSha: head, baseSha: head, version: 2, findings })).toMatchInlineSnapshot(`
      {
        "conclusion": "failure",
        "summary": "This change cannot enter the queue until the finding below is settled. There is 1 warning as well. Judged: commit \`0123456789ab\` against version 2 of the task.",
        "text": "| | Rule | Path | What | What to do |
      |---|---|---|---|---|
      | must be settled | \`scope\` | \`src/secret.js\` | changed outside the files this task owns | Take the change back. |
      | warning | \`tests\` |  | changed outside the files this task owns | Take the change back. |",
        "title": "1 finding to settle",
      }
    `);
  });

  test('a path cannot break the table, and many findings fit', () => {
    const findings = Array.from({ length: 400 }, () => ({
      ...finding,
      path: 'a|b`c\n@org',
      message: '|'.repeat(999),
    }));
    const { text } = renderArbiterCheck({ headSha: head, baseSha: head, version: 1, findings });
    expect(text).toMatch(/And \d+ more\.$/u);
    expect(text).toContain('<code>a&#124;b&#96;c &#64;org</code>');
    expect(text.length).toBeLessThan(65_535);
  });
});

describe('signalbox/queue', () => {
  test('outside the queue', () => {
    expect(
      renderQueueCheck({ kind: 'outside', waitsOn: [approvalWait, wait({})], pull: 50 }),
    ).toMatchInlineSnapshot(`
      {
        "conclusion": "neutral",
        "status": "completed",
        "summary": "It enters the queue as soon as its gate holds. It waits on:

      - nobody has approved this commit, since 2026-11-20 10:03 UTC. To change that, type \`/approve\` in a comment on #50.
      - #7 is working, since 2026-11-20 10:03 UTC.",
        "title": "Not in the queue",
      }
    `);
  });

  test.each(['queued', 'testing', 'landing'] as const)('%s', (status) => {
    const row = queueRow({
      status,
      build: status === 'queued' ? null : 8,
      waitsOn: [wait({ what: 'candidate 8 is being tested' })],
    });
    expect(renderQueueCheck({ kind: 'in-queue', row })).toMatchObject({
      status: status === 'queued' ? 'queued' : 'in_progress',
      title: {
        queued: 'In the queue at position 2',
        testing: 'Being tested in candidate 8',
        landing: 'Landing with candidate 8',
      }[status],
      summary:
        'Position 2, in the queue since 2026-11-20 10:03 UTC. It waits on:\n\n- candidate 8 is being tested, since 2026-11-20 10:03 UTC.',
    });
  });

  test('landed, ejected and gone', () => {
    expect([
      renderQueueCheck({ kind: 'landed', sha: head, at }),
      renderQueueCheck({ kind: 'ejected', code: 'conflict', reason: '#3 landed first' }),
      renderQueueCheck({ kind: 'gone', reason: 'the task was cancelled' }),
    ]).toMatchInlineSnapshot(`
      [
        {
          "conclusion": "success",
          "status": "completed",
          "summary": "Landed as \`0123456789ab\` at 2026-11-20 10:03 UTC.",
          "title": "Landed",
        },
        {
          "conclusion": "failure",
          "status": "completed",
          "summary": "#3 landed first

      Merge the base branch into this branch, settle the conflict and push. Then type \`/approve\` again.",
          "title": "Left the queue: it conflicts with what landed before it",
        },
        {
          "conclusion": "neutral",
          "status": "completed",
          "summary": "the task was cancelled",
          "title": "Not in the queue",
        },
      ]
    `);
  });

  test('every way out of the queue says what brings it back', () => {
    for (const code of Object.keys(ejectionWords) as EjectionCode[])
      expect(ejectionWords[code].todo).toContain('`/approve`');
  });
});
