/**
 * "Incoming only ever advances to merge nodes that are exactly the bits that tested OK": the announcement of bors,
 * which homu rewrote (rust-dev, "bors", February 2013), and graydon2.dreamwidth.org/1597.html, "The not rocket
 * science rule of software engineering".
 */
import { expect, test } from 'vitest';
import { serial } from '../../../bench/queue/peers/serial.ts';
import { ScriptedQueue } from './scripted.ts';

test('a reviewed PR is merged with the base, tested, and landed; the next one is tested on the result', () => {
  const queue = new ScriptedQueue(serial());
  queue.arrive('ABC');
  expect(queue.running).toEqual(['A']);
  queue.pass('A');
  expect(queue.landed).toBe('A');
  expect(queue.running).toEqual(['B']);
});

test('a PR that fails is reported and the next one has its turn', () => {
  const queue = new ScriptedQueue(serial());
  queue.arrive('AB');
  queue.fail('A');
  expect(queue.ejected).toBe('A');
  queue.pass('B');
  expect(queue.landed).toBe('B');
  expect(queue.running).toEqual([]);
});
