/** The README of bors-ng, "How it works": PRs 5, 7 and 8 in one batch, of which 5 and 7 cannot both land. */
import { expect, test } from 'vitest';
import { bors } from '../../../bench/queue/peers/bors.ts';
import { ScriptedQueue } from './scripted.ts';

test('one batch runs, the other accumulates PRs until it gets a chance to run', () => {
  const queue = new ScriptedQueue(bors());
  queue.arrive('1578');
  expect(queue.running).toEqual(['1']);
  queue.pass('1');
  expect(queue.running).toEqual(['578']);
  queue.pass('578');
  expect(queue.landed).toBe('1578');
});

test('a batch that fails is bisected; what fails alone is kicked back, everything else lands', () => {
  const queue = new ScriptedQueue(bors());
  queue.arrive('1578');
  queue.pass('1');
  queue.fail('578');
  // The README draws the halves as 5 7 and 8. The divider's code rounds the first half down.
  expect(queue.running).toEqual(['5']);
  queue.pass('5');
  queue.fail('78');
  queue.fail('7');
  expect(queue.ejected).toBe('7');
  queue.pass('8');
  expect(queue.landed).toBe('158');
});

test('a new PR joins the newest batch that waits, which may be the half of a failed one', () => {
  const queue = new ScriptedQueue(bors());
  queue.arrive('1578');
  queue.pass('1');
  queue.fail('578');
  queue.arrive('9');
  queue.pass('5');
  expect(queue.running).toEqual(['789']);
});

test('max_batch_size keeps a batch from growing', () => {
  const queue = new ScriptedQueue(bors({ maxBatchSize: 2 }));
  queue.arrive('1578');
  queue.pass('1');
  expect(queue.running).toEqual(['57']);
});
