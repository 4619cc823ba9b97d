/** A lane on a real Postgres, advanced with a clock of the test's own. */
import type { Kysely } from 'kysely';
import type { LaneKey } from '../../src/core/ids.ts';
import { decide } from '../../src/core/lane/decide.ts';
import { effectsOfStep } from '../../src/core/lane/effects.ts';
import type { Fact } from '../../src/core/lane/facts.ts';
import type { Observation } from '../../src/core/lane/observation.ts';
import type { Presence } from '../../src/core/lane/state.ts';
import { openLane } from '../../src/ledger/lanes.ts';
import { type Loaded, loadSnapshot, withLane } from '../../src/ledger/load-lane.ts';
import { saveLane } from '../../src/ledger/save-lane.ts';
import type { DB } from '../../src/ledger/schema.ts';
import { takeIn } from '../core/lane-driver.ts';

let repos = 0;

/** A lane of its own; several may live in one database. */
export async function newLane(db: Kysely<DB>): Promise<LaneKey> {
  repos += 1;
  const address = { installationId: 7, repoId: repos, owner: 'acme', repo: `demo-${repos}`, base: 'main' };
  return (await openLane(db, address)).key;
}

export interface Moment {
  at: string;
  presence: readonly Presence[];
  leases: Readonly<Record<number, string>>;
}

/** What engine/advance does, at a time and with leases that the test chooses. */
export async function advanceAt(
  db: Kysely<DB>,
  key: LaneKey,
  observations: readonly Observation[],
  { at, presence, leases }: Moment,
): Promise<{ facts: Fact[]; loaded: Loaded }> {
  return withLane(db, key, async (lock) => {
    const loaded = await loadSnapshot(lock, named(observations));
    const { seen, state } = takeIn(loaded.state, observations, at);
    const decision = decide({ state, presence, leases, hasUnreadIssues: false, unreadChecks: [] }, at);
    const facts = [...seen, ...decision.facts];
    const effects = effectsOfStep(loaded.state, decision.state, facts);
    const step = { before: loaded.state, after: decision.state, facts, effects, wakeAt: decision.wakeAt };
    await saveLane(lock, step);
    return { facts, loaded };
  });
}

function named(observations: readonly Observation[]) {
  const issues: number[] = [];
  const pulls: number[] = [];
  const builds: number[] = [];
  for (const each of observations) {
    if ('issue' in each && each.issue !== null) issues.push(each.issue);
    if ('build' in each && each.build !== null) builds.push(each.build);
    if (each.kind !== 'command') continue;
    issues.push(each.under);
    pulls.push(each.under);
  }
  return { issues, pulls, builds };
}
