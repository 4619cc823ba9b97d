/** Mergify's documentation: "When a Batch Fails" (merge-queue/batches/failures), "Parallel Checks", "Fail First". */
import { expect, test } from 'vitest';
import { mergify } from '../../../bench/queue/peers/mergify.ts';
import { ScriptedQueue } from './scripted.ts';

const serialMode = (batchSize: number, maxParallelChecks: number, skipIntermediateResults = false) =>
  new ScriptedQueue(mergify({ batchSize, maxParallelChecks, skipIntermediateResults }));

/** A queue in which PRs 1, 2, … stand in one batch under test, first in line. */
function withBatchOf(count: number, maxParallelChecks: number) {
  const queue = serialMode(count, maxParallelChecks);
  const ahead = 'VWXYZ'.slice(0, maxParallelChecks);
  const batch = '123456789'.slice(0, count);
  queue.arrive(ahead);
  queue.arrive(batch);
  for (let end = 1; end <= ahead.length; end++) queue.pass(ahead.slice(0, end));
  return { queue, ahead, batch: `${ahead.slice(1)}${batch}` };
}

test('five PRs and three parallel checks: PR 1, PRs 1 and 2, PRs 1 to 3 are tested at once', () => {
  const queue = serialMode(1, 3);
  queue.arrive('12345');
  expect(queue.running).toEqual(['1', '12', '123']);
});

test('a batch of six fails with three parallel checks because of PR 4, which leaves without being tested alone', () => {
  const { queue, ahead, batch } = withBatchOf(6, 3);
  queue.fail(batch);
  expect(queue.running).toEqual(['12', '1234', '12345']);
  queue.pass('12');
  expect(queue.landed).toBe(`${ahead}12`);
  queue.fail('1234');
  expect(queue.running).toEqual(['3']);
  queue.pass('3');
  expect(queue.landed).toBe(`${ahead}123`);
  expect(queue.ejected).toBe('4');
  expect(queue.running).toEqual(['56']);
  queue.pass('56');
  expect(queue.landed).toBe(`${ahead}12356`);
});

test('a batch of eight is searched in two rounds with four parallel checks', () => {
  const { queue, ahead, batch } = withBatchOf(8, 4);
  queue.fail(batch);
  expect(queue.running).toEqual(['12', '1234', '123456', '1234567']);
  queue.pass('12');
  queue.pass('1234');
  queue.fail('123456');
  expect(queue.running).toEqual(['5']);
  queue.fail('5');
  expect(queue.ejected).toBe('5');
  expect(queue.running).toEqual(['678']);
  expect(queue.landed).toBe(`${ahead}1234`);
});

test('if every part passes, the last PR of the batch is the culprit', () => {
  const { queue, batch } = withBatchOf(3, 1);
  queue.fail(batch);
  queue.pass('12');
  expect(queue.ejected).toBe('3');
});

test('without skip_intermediate_results a batch waits for those ahead of it', () => {
  const queue = serialMode(1, 3);
  queue.arrive('123');
  queue.pass('123');
  expect(queue.landed).toBe('');
});

test('with skip_intermediate_results a batch that passes lands those ahead of it', () => {
  const queue = serialMode(1, 3, true);
  queue.arrive('1234');
  queue.fail('12');
  queue.pass('123');
  expect(queue.landed).toBe('123');
  expect(queue.running).toEqual(['4']);
});
