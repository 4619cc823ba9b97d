/**
 * Windows in which nothing lands (`queue.windows`): times of the day or of the week, by the wall clock of a time zone.
 * Where the clocks change, a time that does not exist is the moment of the change, and one that comes twice counts
 * both times. The zones' rules are those of the runtime (Intl).
 */
import type { LaneState } from '../lane/state.ts';
import type { Policy } from '../policy.ts';

export type Window = Policy['queue']['windows'][number];

export interface Closure {
  /** When landings go on, ISO 8601. */
  until: string;
  /** Which windows keep them back, for people. */
  what: string;
}

const minuteMs = 60_000;
const day = 24 * 60;
const week = 7 * day;
const mostChangeMs = 180 * minuteMs;
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** Windows that follow each other without a gap are one closure; past so many they have no end worth telling. */
const mostLinks = 50;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    weekday: 'short',
    hour: 'numeric',
    minute: 'numeric',
  });
  formats.set(zone, made);
  return made;
}

/** Whether the runtime knows the time zone. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** `fri 16:00` or `16:00` as minutes of the week (from Sunday) or of the day; null when it is neither. */
export function readTime(text: string): { minute: number; hasDay: boolean } | null {
  const match = /^(?:(?<day>sun|mon|tue|wed|thu|fri|sat) )?(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d)$/u.exec(
    text,
  );
  if (!match?.groups) return null;
  const minute = Number(match.groups.hour) * 60 + Number(match.groups.minute);
  const name = match.groups.day;
  return name === undefined
    ? { minute, hasDay: false }
    : { minute: days.indexOf(name) * day + minute, hasDay: true };
}

interface Span {
  from: number;
  to: number;
  period: number;
  zone: string;
}

function spanOf({ from, to, zone }: Window): Span {
  const start = readTime(from);
  return {
    from: start?.minute ?? 0,
    to: readTime(to)?.minute ?? 0,
    period: start?.hasDay ? week : day,
    zone,
  };
}

/** The minute of the span's period at a time, by the zone's wall clock. */
function minuteAt({ zone, period }: Span, time: number): number {
  const parts = formatOf(zone).formatToParts(time);
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? '';
  const minute = Number(of('hour')) * 60 + Number(of('minute'));
  return period === day ? minute : days.indexOf(of('weekday').toLowerCase()) * day + minute;
}

const wrap = (minutes: number, period: number): number => ((minutes % period) + period) % period;

function isInside(span: Span, time: number): boolean {
  return wrap(minuteAt(span, time) - span.from, span.period) < wrap(span.to - span.from, span.period);
}

/**
 * The first whole minute after `time` at which the wall clock has reached `minute`. Where the clocks go forward past
 * it, that is the moment of the change.
 */
function reach(span: Span, time: number, minute: number): number {
  const start = Math.floor(time / minuteMs) * minuteMs;
  const left = (at: number) => wrap(minute - minuteAt(span, at), span.period);
  let at = start;
  let remaining = left(at) || span.period;
  // The clocks may go back on the way, so that there is more left than it seemed.
  for (;;) {
    const next = at + remaining * minuteMs;
    const more = left(next);
    if (more === 0) return next;
    if (more <= span.period / 2) {
      at = next;
      remaining = more;
      continue;
    }
    return lastStep(span, at, next, minute);
  }
}

/** Between a time before the wall clock has reached the minute and one after it: the first minute after. */
function lastStep(span: Span, before: number, after: number, minute: number): number {
  // Clocks change by less than this.
  let low = Math.max(before, after - mostChangeMs) / minuteMs;
  let high = after / minuteMs;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const past = wrap(minuteAt(span, middle * minuteMs) - minute, span.period);
    if (past < span.period / 2) high = middle;
    else low = middle;
  }
  return high * minuteMs;
}

/** A window as people read it. */
export function describeWindow({ from, to, zone, why }: Window): string {
  return `${from} to ${to} ${zone}${why === null ? '' : `: ${why}`}`;
}

/** Whether landings are held back at this time (ISO 8601), by which windows, and until when. */
export function closedBy(windows: readonly Window[], at: string): Closure | null {
  const names = new Set<string>();
  let time = Date.parse(at);
  for (let link = 0; link < mostLinks; link++) {
    const open = windows.filter((window) => isInside(spanOf(window), time));
    if (open.length === 0) break;
    for (const window of open) names.add(describeWindow(window));
    time = Math.max(...open.map((window) => reach(spanOf(window), time, spanOf(window).to)));
  }
  if (names.size === 0) return null;
  return { until: new Date(time).toISOString(), what: [...names].join('; ') };
}

/** When the next window begins or ends, in ms since 1970: what people are told changes then. Empty without windows. */
export function nextChanges(windows: readonly Window[], at: string): number[] {
  const now = Date.parse(at);
  return windows.map((window) => {
    const span = spanOf(window);
    return Math.min(reach(span, now, span.from), reach(span, now, span.to));
  });
}

/** What keeps tested candidates of a lane from landing now besides a freeze. */
export function closureOf({ policy }: Pick<LaneState, 'policy'>, at: string): Closure | null {
  return closedBy(policy.queue.windows, at);
}
