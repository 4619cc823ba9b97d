/**
 * How many answers one person may ask for. Counted are the answers that everybody can bring about, whatever their
 * permission: without a limit, anyone who can comment could make Signalbox flood a repository.
 */
import type { Fact } from '../lane/facts.ts';
import type { LaneState } from '../lane/state.ts';

type Decided = Extract<Fact, { kind: 'command-decided' }>;

const hourMs = 3_600_000;
export const mostAnswersAnHour = 10;
/** Longer than this, the list forgets who asked longest ago. */
const mostPeople = 500;

const forEverybody: ReadonlySet<string> = new Set(['status', 'why', 'help', 'too-many']);

/** Whether an answer of this kind counts against the limit. */
export function isCounted(of: Pick<Decided, 'command' | 'outcome' | 'detail'>): boolean {
  if (of.outcome === 'unknown') return of.detail !== '';
  return of.outcome === 'denied' || of.outcome === 'limited' || forEverybody.has(of.command);
}

/** `some`: the limit is reached now, and is told once. `none`: nothing more is said. */
export function answersLeft(
  asked: LaneState['asked'],
  by: string,
  writtenAt: string,
): 'enough' | 'some' | 'none' {
  const since = Date.parse(writtenAt) - hourMs;
  const recent = (asked[by] ?? []).filter((at) => Date.parse(at) > since).length;
  if (recent < mostAnswersAnHour) return 'enough';
  return recent === mostAnswersAnHour ? 'some' : 'none';
}

/** Notes one more answer; forgets those of more than an hour ago. */
export function noteAnswer(
  asked: LaneState['asked'],
  fact: Pick<Decided, 'by' | 'at' | 'outcome' | 'detail' | 'command'>,
): LaneState['asked'] {
  const isSilent = fact.outcome === 'limited' && fact.detail === '';
  if (!isCounted(fact) || isSilent) return asked;
  const since = Date.parse(fact.at) - hourMs;
  const others = Object.entries(asked)
    .filter(([by]) => by !== fact.by)
    .map(([by, times]): [string, string[]] => [by, times.filter((at) => Date.parse(at) > since)])
    .filter(([, times]) => times.length > 0);
  const own = (asked[fact.by] ?? []).filter((at) => Date.parse(at) > since);
  return Object.fromEntries([...others.slice(1 - mostPeople), [fact.by, [...own, fact.at]]]);
}
