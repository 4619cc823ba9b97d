/**
 * "Keeping Master Green at Scale" (EuroSys 2019), section 4: the speculation tree of three changes and the conflict
 * graph; "Bypassing Large Diffs in SubmitQueue" (Uber, August 2023), figure 5, and "CI at Scale" (arXiv 2501.03440).
 */
import { expect, test } from 'vitest';
import { submitQueue } from '../../../bench/queue/peers/submitqueue.ts';
import { ScriptedQueue } from './scripted.ts';

const queueWith = ({ threshold = 0, bypass = false } = {}) =>
  new ScriptedQueue(submitQueue({ name: 'SubmitQueue', threshold, bypass }));
const shared = { files: [1], predicted: 0.8 };

test('three changes that conflict have seven builds: B1, B1.2, B2, B1.2.3, B1.3 and B2.3, B3', () => {
  const queue = queueWith();
  queue.arrive('123', shared);
  expect([...queue.running].sort()).toEqual(['1', '12', '123', '13', '2', '23', '3']);
});

test('the outcome of C1 decides which build of C2 counts; builds not needed any more are aborted', () => {
  const queue = queueWith();
  queue.arrive('12', shared);
  expect(queue.running).toEqual(['1', '12', '2']);
  queue.pass('1');
  expect(queue.landed).toBe('1');
  expect(queue.running).toEqual(['12']);
  queue.fail('12');
  expect(queue.ejected).toBe('2');
});

test('when C1 fails, the build of C2 without it decides', () => {
  const queue = queueWith();
  queue.arrive('12', shared);
  queue.pass('2');
  queue.fail('1');
  expect(queue.ejected).toBe('1');
  expect(queue.landed).toBe('2');
});

test('changes that cannot conflict have one build each and land in any order', () => {
  const queue = queueWith();
  queue.arrive('1', { files: [1], predicted: 0.8 });
  queue.arrive('2', { files: [2], predicted: 0.8 });
  queue.arrive('3', { files: [1, 2], predicted: 0.8 });
  expect(queue.running).toEqual(['1', '2', '123', '13', '23', '3']);
  queue.pass('2');
  expect(queue.landed).toBe('2');
});

test('paths less probable than the threshold are not built', () => {
  const queue = queueWith({ threshold: 0.1 });
  queue.arrive('123', shared);
  expect([...queue.running].sort()).toEqual(['1', '12', '123', '13', '2', '23']);
});

test('one change bypasses another: C2 passed with C1 and without it, and lands ahead of it', () => {
  const queue = queueWith({ bypass: true });
  queue.arrive('12', shared);
  queue.pass('12');
  expect(queue.landed).toBe('');
  queue.pass('2');
  expect(queue.landed).toBe('2');
  queue.pass('1');
  expect(queue.landed).toBe('21');
});
