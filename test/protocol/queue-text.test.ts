import { expect, test } from 'vitest';
import type { LaneView } from '../../src/core/lane/view.ts';
import { renderQueueCheck } from '../../src/protocol/check-texts.ts';
import { renderQueue } from '../../src/protocol/queue-text.ts';
import { queueRow } from './scene.ts';

const lands = { from: '2026-11-20T10:07:00.000Z', to: '2026-11-20T10:31:00.000Z' };
const view = (
  queue: LaneView['queue'],
  frozen: LaneView['frozen'] = null,
  closed: LaneView['closed'] = null,
) => ({ owner: 'acme', repo: 'demo', base: 'main', frozen, closed, queue }) as LaneView;

test('signalbox queue: place, state, what it waits for and a range for when', () => {
  const row = queueRow({
    position: 2,
    pull: 50,
    title: 'Count\nthe tasks',
    status: 'testing',
    build: 8,
    lands,
    waitsOn: [{ kind: 'build', what: 'candidate 8 is being tested', since: lands.from, command: null }],
  });
  expect(renderQueue(view([row]))).toBe(
    [
      'acme/demo@main: 1 entry in the queue.',
      '  2. #50 Count the tasks: testing in candidate 8; probably lands between 2026-11-20 10:07 UTC and 2026-11-20 10:31 UTC',
      '     waits for candidate 8 is being tested',
    ].join('\n'),
  );
});

test('an empty queue says so, and why nothing lands', () => {
  const frozen = { by: 'mary', why: 'the release', at: lands.from };
  expect(renderQueue(view([], frozen))).toBe(
    'acme/demo@main: the queue is empty. Landings are frozen by mary: the release.',
  );
});

test('a window of the policy is named with its end', () => {
  const closed = { until: '2026-11-23T07:00:00.000Z', what: 'fri 16:00 to mon 08:00 Europe/Berlin: weekend' };
  expect(renderQueue(view([], null, closed))).toBe(
    'acme/demo@main: the queue is empty. By the policy nothing lands until 2026-11-23 07:00 UTC (fri 16:00 to mon 08:00 Europe/Berlin: weekend).',
  );
});

test('the check rounds the range outwards to quarters of an hour, so that it does not change all the time', () => {
  const { summary } = renderQueueCheck({ kind: 'in-queue', row: queueRow({ lands }) });
  expect(summary).toContain('between 2026-11-20 10:00 UTC and 2026-11-20 10:45 UTC');
});
