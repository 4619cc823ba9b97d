/**
 * Trunk's documentation: "Predictive testing", "Pending failure depth", "Optimistic merging", "Batching" and "Parallel
 * queues", with the tables of events and queues that these pages show.
 */
import { expect, test } from 'vitest';
import { type TrunkOptions, trunk } from '../../../bench/queue/peers/trunk.ts';
import { trunkParallel } from '../../../bench/queue/peers/trunk-parallel.ts';
import { ScriptedQueue } from './scripted.ts';

const single = (options: Partial<TrunkOptions> = {}) =>
  new ScriptedQueue(trunk({ concurrency: 5, pendingFailureDepth: 0, optimistic: false, ...options }));

const batchesOf = (size: number, skipRedundantTests = false) => ({
  size,
  maxWait: 5,
  bisectionConcurrency: 15,
  skipRedundantTests,
});

test('predictive testing, happy path: each PR is tested with those ahead of it, and all merge', () => {
  const queue = single();
  queue.arrive('ABC');
  expect(queue.running).toEqual(['A', 'AB', 'ABC']);
  for (const set of ['A', 'AB', 'ABC']) queue.pass(set);
  expect(queue.landed).toBe('ABC');
});

test('predictive testing, unhappy path: only A is kicked; B and C stay and are tested again', () => {
  const queue = single();
  queue.arrive('ABC');
  queue.fail('ABC');
  queue.fail('AB');
  expect(queue.ejected).toBe('');
  queue.fail('A');
  expect(queue.ejected).toBe('A');
  expect(queue.running).toEqual(['B', 'BC']);
});

test('anti-flake protection: B is held until C has finished, and C clears it', () => {
  const queue = single({ pendingFailureDepth: 1, optimistic: true });
  queue.arrive('ABC');
  queue.pass('A');
  queue.fail('AB');
  expect(queue.ejected).toBe('');
  queue.pass('ABC');
  expect(queue.landed).toBe('ABC');
  expect(queue.ejected).toBe('');
});

test('a legitimate failure is evicted when the successors within the depth have failed too', () => {
  const queue = single({ pendingFailureDepth: 1, optimistic: true });
  queue.arrive('ABC');
  queue.fail('A');
  expect(queue.ejected).toBe('');
  queue.fail('AB');
  expect(queue.ejected).toBe('A');
  expect(queue.running).toEqual(['B', 'BC']);
});

test('a depth of 0: a failed PR is evicted as soon as those ahead of it have passed', () => {
  const queue = single({ optimistic: true });
  queue.arrive('ABC');
  queue.fail('AB');
  queue.pass('A');
  expect(queue.ejected).toBe('B');
});

test('optimistic merging: as soon as c passes, a, b and c are merged', () => {
  const queue = single({ optimistic: true });
  queue.arrive('ABC');
  queue.pass('ABC');
  expect(queue.landed).toBe('ABC');
});

test('batches of three: ABC fails, is held, and merges with DEF; G waits for its batch to fill', () => {
  const queue = single({ pendingFailureDepth: 1, optimistic: true, batches: batchesOf(3) });
  queue.arrive('ABCDEFG');
  expect(queue.running).toEqual(['ABC', 'ABCDEF']);
  queue.fail('ABC');
  queue.pass('ABCDEF');
  expect(queue.landed).toBe('ABCDEF');
});

test('a batch that does not fill begins when the maximum wait time is over', () => {
  const queue = single({ batches: batchesOf(4) });
  queue.arrive('AB');
  queue.wait(4);
  expect(queue.running).toEqual([]);
  queue.wait(1);
  expect(queue.running).toEqual(['AB']);
});

test('bisection splits a failed batch in half, not one by one', () => {
  const queue = single({ batches: batchesOf(4) });
  queue.arrive('ABCD');
  queue.fail('ABCD');
  expect(queue.running).toEqual(['AB', 'ABCD']);
  queue.pass('AB');
  queue.fail('ABCD');
  expect(queue.landed).toBe('AB');
  expect(queue.running).toEqual(['C', 'CD']);
  queue.fail('C');
  expect(queue.ejected).toBe('C');
  queue.pass('D');
  expect(queue.landed).toBe('ABD');
});

test('skip redundant tests: CD on AB is ABCD, which failed, so that CD is split at once', () => {
  const queue = single({ batches: batchesOf(4, true) });
  queue.arrive('ABCD');
  queue.fail('ABCD');
  // The page tests C without AB below it; a queue that lands exactly what it tested has them in line.
  expect(queue.running).toEqual(['AB', 'ABC']);
  queue.fail('AB');
  expect(queue.running).toEqual(['ABC', 'A']);
  queue.fail('A');
  expect(queue.ejected).toBe('A');
  expect(queue.running).toEqual(['B', 'BC', 'BCD']);
});

test('skip redundant tests: a reused failure names a PR with nothing ahead of it', () => {
  const queue = single({ batches: batchesOf(4, true) });
  queue.arrive('ABCD');
  queue.fail('ABCD');
  queue.pass('AB');
  queue.pass('ABC');
  expect(queue.landed).toBe('ABC');
  expect(queue.ejected).toBe('D');
});

test('parallel queues: A (frontend), B (backend) and D (docs) are tested apart, C (both) with A and B', () => {
  const [frontend, backend, docs] = [1, 2, 3];
  const queue = new ScriptedQueue(trunkParallel({ pendingFailureDepth: 0, optimistic: false }));
  queue.arrive('A', { files: [frontend] });
  queue.arrive('B', { files: [backend] });
  queue.arrive('C', { files: [frontend, backend] });
  queue.arrive('D', { files: [docs] });
  expect(queue.running).toEqual(['A', 'B', 'ABC', 'D']);
  queue.pass('D');
  queue.pass('ABC');
  expect(queue.landed).toBe('D');
  queue.fail('A');
  expect(queue.ejected).toBe('A');
  expect(queue.running).toEqual(['B', 'BC']);
  queue.pass('B');
  queue.pass('BC');
  expect(queue.landed).toBe('DBC');
});
