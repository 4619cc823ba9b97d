/** When an entry will probably land, from how long earlier entries of the lane stayed in the queue. */

export interface Forecast {
  /** Ms from now. One in ten like it landed sooner, one in ten later. */
  readonly from: number;
  readonly to: number;
}

const fewest = 5;

/**
 * The range in which eight in ten of the earlier entries landed that had stayed at least as long as this one already
 * has. Null when fewer than five did: it takes longer than the lane knows.
 *
 * @param stays ms from entering to landing, of recent entries that landed
 * @param age ms since this entry came
 */
export function forecastLanding(stays: readonly number[], age: number): Forecast | null {
  const left = stays
    .filter((stay) => stay > age)
    .map((stay) => stay - age)
    .sort((a, b) => a - b);
  const at = (share: number) => left[Math.min(left.length - 1, Math.floor(share * left.length))] ?? 0;
  return left.length < fewest ? null : { from: at(0.1), to: at(0.9) };
}
