/** What the writers of a lane's rows share. */
import type { LaneLock } from './load-lane.ts';

export const json = (value: unknown): string => JSON.stringify(value);

/** The key columns of every row of the lane. */
export function ids({ key }: LaneLock): { installation_id: number; lane_id: number } {
  return { installation_id: key.installationId, lane_id: key.laneId };
}
