/** Gathers what events ask for at about the same time, so that a burst about one repository costs one write. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaneAddress } from '../core/ids.ts';
import type { Look } from '../core/lane/look.ts';
import type { EngineContext } from '../engine/context.ts';
import { laneOfEvent } from '../engine/sweep.ts';
import { askForLooks } from '../engine/wake.ts';

/** How long others are waited for: nobody notices, and a batch of deliveries is handed on within it. */
const gatherMs = 10;

export type AskForLooks = (address: LaneAddress, looks: readonly Look[]) => Promise<void>;

interface Gathered {
  /** As the newest event has it: repositories are renamed. */
  address: LaneAddress;
  looks: Look[];
  asked: Promise<void>;
}

/** Opens a collector. What it gives back resolves when the looks are durable. */
export function openLookCollector(engine: EngineContext): AskForLooks {
  const open = new Map<string, Gathered>();

  const gather = async (id: string, gathered: Pick<Gathered, 'address' | 'looks'>): Promise<void> => {
    await sleep(gatherMs);
    open.delete(id);
    const lane = await laneOfEvent(engine, gathered.address);
    if (lane !== null) await askForLooks(engine, lane, gathered.looks);
  };

  return (address, looks) => {
    const id = `${address.installationId}/${address.repoId}/${address.base}`;
    const found = open.get(id);
    if (found) {
      found.address = address;
      found.looks.push(...looks);
      return found.asked;
    }
    const gathered = { address, looks: [...looks], asked: Promise.resolve() };
    open.set(id, gathered);
    gathered.asked = gather(id, gathered);
    return gathered.asked;
  };
}
