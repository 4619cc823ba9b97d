/** Zuul's documentation, "Project Gating" (doc/source/user/gating.rst), and "Pipeline" for the window. */
import { expect, test } from 'vitest';
import { zuul } from '../../../bench/queue/peers/zuul.ts';
import { ScriptedQueue } from './scripted.ts';

test('five approved changes are tested in parallel, each with the changes ahead of it', () => {
  const queue = new ScriptedQueue(zuul());
  queue.arrive('ABCDE');
  expect(queue.running).toEqual(['A', 'AB', 'ABC', 'ABCD', 'ABCDE']);
});

test('A and B pass and merge; C fails and is dropped; D and E are tested again without it', () => {
  const queue = new ScriptedQueue(zuul());
  queue.arrive('ABCDE');
  queue.pass('A');
  queue.pass('AB');
  expect(queue.landed).toBe('AB');
  queue.fail('ABC');
  expect(queue.ejected).toBe('C');
  expect(queue.running).toEqual(['D', 'DE']);
  queue.pass('D');
  queue.pass('DE');
  expect(queue.landed).toBe('ABDE');
});

test('what is behind a failing change restarts at once, but the failure is reported when all ahead have merged', () => {
  const queue = new ScriptedQueue(zuul());
  queue.arrive('ABCD');
  queue.fail('ABC');
  expect(queue.running).toEqual(['A', 'AB', 'ABD']);
  expect(queue.ejected).toBe('');
  queue.pass('A');
  queue.pass('AB');
  expect(queue.ejected).toBe('C');
  expect(queue.running).toEqual(['ABD']);
});

test('a change that failed on top of one that turns out bad is tested again', () => {
  const queue = new ScriptedQueue(zuul());
  queue.arrive('AB');
  queue.fail('AB');
  queue.fail('A');
  expect(queue.ejected).toBe('A');
  expect(queue.running).toEqual(['B']);
});

test('a change that depends on a failing one leaves with it', () => {
  const queue = new ScriptedQueue(zuul());
  queue.arrive('AB');
  queue.arrive('C', { needs: 'B' });
  queue.fail('AB');
  expect(queue.running).toEqual(['A']);
  queue.pass('A');
  expect(queue.ejected).toBe('BC');
});

test('the window grows by one with every merge and is halved by a failure, down to its floor', () => {
  const queue = new ScriptedQueue(zuul({ window: 4, floor: 3 }));
  queue.arrive('ABCDEFGHIJKL');
  expect(queue.running).toHaveLength(4);
  queue.pass('A');
  expect(queue.running).toHaveLength(5);
  queue.fail('AB');
  expect(queue.running).toEqual(['C', 'CD', 'CDE', 'CDEF']);
  queue.pass('C');
  expect(queue.running).toEqual(['CD', 'CDE', 'CDEF', 'DEFG']);
});
