import { cpus, totalmem } from 'node:os';

const round = (ms: number | undefined) => Math.round((ms ?? 0) * 100) / 100;

/** Milliseconds that half, and that 99 in 100, stayed below, and the worst. */
export function spread(times: readonly number[]): { p50: number; p99: number; max: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => round(sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

export function machine(): object {
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    node: process.versions.node,
  };
}
