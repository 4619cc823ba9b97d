/** What looking at something on GitHub has shown. */
import type { Look } from '../core/lane/look.ts';
import type { Observation } from '../core/lane/observation.ts';
import type { DueLook } from '../ledger/looks.ts';
import type { Sighting } from './advance.ts';

export interface Observed {
  sightings: Sighting[];
  more: Look[];
  /** Whether GitHub has shown what there was to see; absent: when it was something new. */
  isSettled?: boolean;
}

export const nothing: Observed = { sightings: [], more: [], isSettled: true };

export function seen(look: DueLook, subject: string, observation: Observation): Sighting {
  return { observation, read: { subject, ticket: look.ticket } };
}
