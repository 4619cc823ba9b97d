import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { waitsOf } from '../../../src/core/lane/plan-view.ts';
import { readPolicy } from '../../../src/core/policy.ts';
import { closedBy, nextChanges, type Window } from '../../../src/core/queue/windows.ts';
import { activeBuild, checks, kinds, makeCandidate, openLane, policy, queueTask } from '../lane-driver.ts';

const window = (from: string, to: string, zone = 'UTC', why: string | null = null): Window => ({
  from,
  to,
  zone,
  why,
});
const weekend = window('fri 16:00', 'mon 08:00', 'Europe/Berlin', 'weekend');
const night = window('22:00', '06:00', 'Europe/Berlin');
const until = (windows: Window[], at: string) => closedBy(windows, at)?.until ?? null;

describe('when nothing lands', () => {
  test.each([
    { why: 'a minute before', at: '2026-11-20T14:59:59.999Z', ends: null },
    { why: 'at its beginning', at: '2026-11-20T15:00:00.000Z', ends: '2026-11-23T07:00:00.000Z' },
    { why: 'within', at: '2026-11-22T03:17:42.123Z', ends: '2026-11-23T07:00:00.000Z' },
    { why: 'its last moment', at: '2026-11-23T06:59:59.999Z', ends: '2026-11-23T07:00:00.000Z' },
    { why: 'at its end', at: '2026-11-23T07:00:00.000Z', ends: null },
    { why: 'in summer', at: '2026-07-03T14:00:00.000Z', ends: '2026-07-06T06:00:00.000Z' },
    { why: 'over the change to winter', at: '2026-10-23T14:00:00.000Z', ends: '2026-10-26T07:00:00.000Z' },
    { why: 'over the change to summer', at: '2026-03-27T15:00:00.000Z', ends: '2026-03-30T06:00:00.000Z' },
  ])('on weekends, $why ($at): until $ends', ({ at, ends }) => {
    expect(until([weekend], at)).toBe(ends);
  });

  test.each([
    { at: '2026-11-20T20:59:00.000Z', ends: null },
    { at: '2026-11-20T21:00:00.000Z', ends: '2026-11-21T05:00:00.000Z' },
    { at: '2026-11-21T04:59:00.000Z', ends: '2026-11-21T05:00:00.000Z' },
    { at: '2026-11-21T05:00:00.000Z', ends: null },
  ])('every night, at $at: until $ends', ({ at, ends }) => {
    expect(until([night], at)).toBe(ends);
  });

  test('an end that the clocks skip is the moment of the change', () => {
    // On 2026-03-29 in Berlin, 02:00 becomes 03:00, which is 01:00 UTC.
    expect(until([window('23:00', '02:30', 'Europe/Berlin')], '2026-03-29T00:30:00.000Z')).toBe(
      '2026-03-29T01:00:00.000Z',
    );
  });

  test('a beginning that the clocks skip begins with the change', () => {
    const gap = window('02:30', '04:00', 'Europe/Berlin');
    expect(until([gap], '2026-03-29T00:59:00.000Z')).toBeNull();
    expect(until([gap], '2026-03-29T01:00:00.000Z')).toBe('2026-03-29T02:00:00.000Z');
  });

  test('an hour that comes twice is closed twice', () => {
    // On 2026-10-25 in Berlin, 03:00 becomes 02:00: the hour from 02:00 is 00:00 and 01:00 UTC.
    const early = window('01:00', '02:30', 'Europe/Berlin');
    expect(until([early], '2026-10-25T00:10:00.000Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(until([early], '2026-10-25T00:40:00.000Z')).toBeNull();
    expect(until([early], '2026-10-25T01:10:00.000Z')).toBe('2026-10-25T01:30:00.000Z');
  });

  test.each([
    { zone: 'Asia/Kolkata', at: '2026-11-20T18:29:00.000Z', ends: null },
    { zone: 'Asia/Kolkata', at: '2026-11-20T18:30:00.000Z', ends: '2026-11-20T19:30:00.000Z' },
    { zone: 'America/Los_Angeles', at: '2026-11-20T08:00:00.000Z', ends: '2026-11-20T09:00:00.000Z' },
    { zone: 'Australia/Lord_Howe', at: '2026-11-20T13:00:00.000Z', ends: '2026-11-20T14:00:00.000Z' },
  ])('midnight in $zone at $at: until $ends', ({ zone, at, ends }) => {
    expect(until([window('00:00', '01:00', zone)], at)).toBe(ends);
  });

  test('windows that meet or overlap are one, and both are named', () => {
    const closure = closedBy(
      [
        window('10:00', '12:00'),
        window('11:00', '13:00'),
        window('13:00', '14:00'),
        window('20:00', '21:00'),
      ],
      '2026-11-20T10:30:00.000Z',
    );
    expect(closure).toEqual({
      until: '2026-11-20T14:00:00.000Z',
      what: '10:00 to 12:00 UTC; 11:00 to 13:00 UTC; 13:00 to 14:00 UTC',
    });
  });

  test('windows without a gap do not make it search for ever', () => {
    expect(
      closedBy([window('00:00', '12:00'), window('12:00', '00:00')], '2026-11-20T10:30:00.000Z'),
    ).not.toBeNull();
  });

  test('the end is always later, and the first moment at which it is open', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];
    const name = fc.constantFrom('', 'sun ', 'mon ', 'wed ', 'fri ', 'sat ');
    const clock = fc
      .integer({ min: 0, max: 95 })
      .map(
        (quarter) =>
          `${String(Math.floor(quarter / 4)).padStart(2, '0')}:${String((quarter % 4) * 15).padStart(2, '0')}`,
      );
    const any = fc
      .record({ a: name, b: name, from: clock, to: clock, zone: fc.constantFrom(...zones) })
      .map(({ a, b, from, to, zone }) => {
        const both = a !== '' && b !== '';
        return window(both ? a + from : from, both ? b + to : to, zone);
      })
      .filter(({ from, to }) => from !== to);
    const time = fc.date({
      min: new Date('2026-01-01T00:00:00Z'),
      max: new Date('2026-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(any, time, (each, date) => {
        const at = date.toISOString();
        const closure = closedBy([each], at);
        for (const change of nextChanges([each], at)) expect(change).toBeGreaterThan(date.getTime());
        if (closure === null) return;
        const end = Date.parse(closure.until);
        expect(end).toBeGreaterThan(date.getTime());
        expect(closedBy([each], closure.until)).toBeNull();
        const before = Math.max(date.getTime(), end - 60_000);
        expect(closedBy([each], new Date(before).toISOString())).not.toBeNull();
      }),
      { numRuns: 400 },
    );
  });
});

describe('the policy', () => {
  test.each([
    { windows: [{ from: 'fri 16:00', to: 'mon 08:00', zone: 'Europe/Berlin' }], ok: true },
    { windows: [{ from: '22:00', to: '06:00' }], ok: true },
    { windows: [{ from: 'fri 16:00', to: '08:00' }], ok: false },
    { windows: [{ from: '24:00', to: '08:00' }], ok: false },
    { windows: [{ from: 'Friday 16:00', to: 'mon 08:00' }], ok: false },
    { windows: [{ from: '16:00', to: '16:00' }], ok: false },
    { windows: [{ from: '16:00', to: '18:00', zone: 'Europe/Atlantis' }], ok: false },
  ])('$windows: $ok', ({ windows, ok }) => {
    expect(readPolicy({ queue: { windows } }).kind).toBe(ok ? 'accepted' : 'refused');
  });
});

describe('a lane with windows', () => {
  // The driver's clock starts on Thursday, 2026-01-01, 00:00 UTC.
  const closing = policy({ queue: { windows: [{ from: '00:00', to: '02:00', why: 'backups' }] } });

  test('goes on testing, lands nothing until the window ends, and wakes then by itself', () => {
    const lane = openLane();
    lane.see(closing);
    queueTask(lane, 1);
    makeCandidate(lane, activeBuild(lane).number);
    let wakeAt: string | null = null;
    lane.watch = (step) => {
      wakeAt = step.wakeAt;
    };
    expect(kinds(lane.see(checks('candidate-1', 'success')))).toContain('build-passed');
    expect(lane.state.builds[1]?.state).toBe('passed');
    expect(wakeAt).toBe('2026-01-01T02:00:00.000Z');
    expect(waitsOf(lane.snapshot, lane.task(1), lane.at)).toContainEqual({
      kind: 'freeze',
      what: 'by the policy nothing lands now (00:00 to 02:00 UTC: backups)',
      since: lane.task(1).entry?.enteredAt,
      command: null,
      next: '2026-01-01T02:00:00.000Z',
    });
    lane.now = Date.parse('2026-01-01T02:00:00.000Z');
    expect(kinds(lane.see())).toContain('landing-decided');
  });

  test('what was on its way already comes back when it was held back, and lands later', () => {
    const lane = openLane();
    lane.see(policy({ queue: { windows: [{ from: '01:00', to: '02:00' }] } }));
    queueTask(lane, 1);
    makeCandidate(lane);
    lane.see(checks('candidate-1', 'success'));
    expect(lane.state.builds[1]?.state).toBe('landing');
    lane.now = Date.parse('2026-01-01T01:30:00.000Z');
    lane.see({ kind: 'landing', build: 1, result: { kind: 'withheld' } });
    expect(lane.state.builds[1]?.state).toBe('passed');
    lane.now = Date.parse('2026-01-01T02:00:00.000Z');
    expect(kinds(lane.see())).toContain('landing-decided');
  });
});
