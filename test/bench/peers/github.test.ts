/**
 * GitHub's documentation, "Managing a merge queue": the scenarios under "How merge queues work" and the settings.
 * The scenario of three PRs is the one of the README of sonos/github-merge-queue-simulator.
 */
import { expect, test } from 'vitest';
import { github } from '../../../bench/queue/peers/github.ts';
import { ScriptedQueue } from './scripted.ts';

const allGreen = () => new ScriptedQueue(github({ mode: 'all-green', concurrency: 5 }));
const headGreen = () => new ScriptedQueue(github({ mode: 'head-green', concurrency: 5 }));

test('successful CI: main/pr-2 holds both PRs, and both are merged', () => {
  const queue = allGreen();
  queue.arrive('12');
  expect(queue.running).toEqual(['1', '12']);
  queue.pass('1');
  queue.pass('12');
  expect(queue.landed).toBe('12');
});

test('failing CI: PR 1 is removed, main/pr-2 is made anew with PR 2 alone and merged', () => {
  const queue = allGreen();
  queue.arrive('12');
  queue.fail('1');
  expect(queue.ejected).toBe('1');
  expect(queue.running).toEqual(['2']);
  queue.pass('2');
  expect(queue.landed).toBe('2');
});

test('the second of three PRs fails: the first is unaffected, the third is built again without it', () => {
  const queue = allGreen();
  queue.arrive('123');
  queue.fail('12');
  queue.pass('1');
  expect(queue.landed).toBe('1');
  expect(queue.ejected).toBe('2');
  expect(queue.running).toEqual(['3']);
});

test('build concurrency limits the groups in CI at once', () => {
  const queue = allGreen();
  queue.arrive('1234567');
  expect(queue.running).toHaveLength(5);
  queue.pass('1');
  expect(queue.running.at(-1)).toBe('23456');
});

test('only merge non-failing pull requests, selected: a later pass does not merge a PR that failed', () => {
  const queue = allGreen();
  queue.arrive('123');
  queue.fail('12');
  queue.pass('123');
  queue.pass('1');
  expect(queue.landed).toBe('1');
  expect(queue.running).toEqual(['3']);
});

test('not selected: a PR that failed merges when the last PR of the group has passed', () => {
  const queue = headGreen();
  queue.arrive('123');
  queue.fail('12');
  queue.pass('123');
  expect(queue.landed).toBe('123');
  expect(queue.ejected).toBe('');
  expect(queue.running).toEqual([]);
});
