import type { Fact } from '../../src/core/lane/facts.ts';
import { readJournal } from '../../src/ledger/journal.ts';
import { keyOf, listLanes } from '../../src/ledger/lanes.ts';
import type { World } from './world.ts';

/** Every fact of every lane, in order. */
export async function listFacts({ db }: World): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (const row of await listLanes(db))
    facts.push(...(await readJournal(db, keyOf(row))).map(({ fact }) => fact));
  return facts;
}
