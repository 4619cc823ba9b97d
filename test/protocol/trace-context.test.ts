import { expect, test } from 'vitest';
import { traceContextOf, traceparentOf } from '../../src/protocol/trace-context.ts';

test('a correlation id is the id of its trace', () => {
  const id = '0b9f4a52-6f0e-4c57-9d5e-1f2a3b4c5d6e';
  const traceId = '0b9f4a526f0e4c579d5e1f2a3b4c5d6e';
  expect(traceContextOf(id)).toEqual({ traceId, spanId: '0b9f4a526f0e4c57' });
  expect(traceparentOf(id)).toBe(`00-${traceId}-0b9f4a526f0e4c57-01`);
});

test.each(['corr-42', '', '00000000-0000-0000-0000-000000000000', '0b9f4a52'])('%j is none', (id) => {
  expect(traceContextOf(id)).toBeNull();
  expect(traceparentOf(id)).toBeNull();
});
