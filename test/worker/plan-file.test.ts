import { describe, expect, it } from 'vitest';
import { planOf } from '../../src/worker/plan-file.ts';

const part = { title: 'A', requirements: 'Do it.', owns: ['a.js'] };

describe('the plan that a planner wrote', () => {
  it('is taken with what it leaves out', () => {
    const full = { ...part, design: '', acceptance: [], after: [] };
    expect(planOf(JSON.stringify({ parts: [part, { ...part, after: [1] }] }))).toEqual({
      kind: 'ok',
      plan: { summary: '', parts: [full, { ...full, after: [1] }] },
    });
  });

  it.each([
    ['{', 'is no JSON'],
    ['[]', 'cannot be used: '],
    [JSON.stringify({ parts: [part] }), 'parts: '],
    [JSON.stringify({ parts: [part, { ...part, owns: [] }] }), 'parts.1.owns: '],
    [JSON.stringify({ parts: [part, { ...part, label: 'agent-ready' }] }), 'parts.1: '],
    [JSON.stringify({ parts: [part, part], summary: 'x'.repeat(300_000) }), 'more than 200000 bytes'],
  ])('says what is wrong with %.60s', (text, why) => {
    expect(planOf(text)).toEqual({ kind: 'unusable', why: expect.stringContaining(why) });
  });
});
