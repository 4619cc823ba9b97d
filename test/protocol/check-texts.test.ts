import { describe, expect, test } from 'vitest';
import type { EjectionCode } from '../../src/core/lane/facts.ts';
import { ejectionWords, renderQueueCheck } from '../../src/protocol/check-texts.ts';
import { approvalWait, at, head, queueRow, wait } from './scene.ts';

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
