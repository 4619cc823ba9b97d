/** The figures of one run. */
import type { Ci } from './ci.ts';
import type { Repository } from './repository.ts';

export interface Measured {
  /** Minutes from the first arrival (or from the return after a conflict) to landing. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly landedCount: number;
  readonly perHour: number;
  /** CI minutes per landing, cancelled ones counted. */
  readonly ciMinutes: number;
  readonly ciRuns: number;
  /** Landings that broke the base branch. */
  readonly broken: number;
  /** Ejections of good PRs that the base did not conflict with, per landing. */
  readonly innocent: number;
  readonly reworks: number;
  /** Landings that the driver refused because the base had moved: none unless events come in disorder. */
  readonly refused: number;
}

/** The value that a share of the sorted values does not exceed. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function measure(
  repository: Repository,
  ci: Ci,
  counted: { broken: number; refused: number; hours: number | null },
): Measured {
  const landed = repository.members.filter(({ place }) => place === 'landed');
  const times = landed
    .map(({ clockFrom, landedIndex }) => (repository.landedAt[landedIndex] ?? 0) - clockFrom)
    .sort((a, b) => a - b);
  const hours = counted.hours ?? (repository.landedAt.at(-1) ?? 0) / 60;
  const sum = (of: (member: (typeof landed)[number]) => number) =>
    repository.members.reduce((total, member) => total + of(member), 0);
  const count = landed.length;
  return {
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    p99: quantile(times, 0.99),
    landedCount: count,
    perHour: count / hours,
    ciMinutes: ci.minutes / count,
    ciRuns: ci.runs / count,
    broken: counted.broken,
    innocent: sum(({ innocent }) => innocent) / count,
    reworks: sum(({ reworks }) => reworks) / count,
    refused: counted.refused,
  };
}
