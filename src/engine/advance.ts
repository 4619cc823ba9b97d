/**
 * The one way in which a lane changes: take its lock, take one snapshot, ask `core` what the observations amount to
 * and what follows, and commit state, journal and effects together. Nothing outside the database is touched here.
 */
import type { Kysely } from 'kysely';
import type { LaneKey } from '../core/ids.ts';
import { decide } from '../core/lane/decide.ts';
import { effectsOfStep } from '../core/lane/effects.ts';
import type { Fact } from '../core/lane/facts.ts';
import { fold } from '../core/lane/fold.ts';
import { interpret } from '../core/lane/interpret.ts';
import type { Observation } from '../core/lane/observation.ts';
import type { LaneState } from '../core/lane/state.ts';
import type { TakenAttempt } from '../ledger/claim-attempt.ts';
import { type LaneLock, loadSnapshot, withLane } from '../ledger/load-lane.ts';
import { noteSeen } from '../ledger/looks.ts';
import { saveLane } from '../ledger/save-lane.ts';
import type { DB } from '../ledger/schema.ts';

/**
 * An observation with the ticket that was drawn before it was made. `subject` names what was read; an observation
 * older than the newest one of its subject is dropped. Without a ticket it is taken as it comes (results of effects,
 * which the lease orders, and words of agents, which the fence orders).
 */
export interface Sighting {
  observation: Observation;
  read: { subject: string; ticket: number } | null;
}

export function unticketed(observation: Observation): Sighting {
  return { observation, read: null };
}

/** A claim that was written down beside its attempt. */
function claimOf({ claimId, worker, ...about }: TakenAttempt): Observation {
  return { kind: 'agent', ...about, word: { kind: 'claimed', claimId, worker } };
}

export interface Advanced {
  facts: Fact[];
  state: LaneState;
}

/** The numbers that an observation speaks about, so that closed tasks are loaded when they are concerned. */
function named(observations: readonly Observation[]): {
  issues: number[];
  pulls: number[];
  builds: number[];
} {
  const issues: number[] = [];
  const pulls: number[] = [];
  const builds: number[] = [];
  for (const observation of observations) {
    if ('issue' in observation && observation.issue !== null) issues.push(observation.issue);
    if (observation.kind === 'command') {
      issues.push(observation.under);
      pulls.push(observation.under);
    }
    if ('build' in observation && observation.build !== null) builds.push(observation.build);
  }
  return { issues, pulls, builds };
}

async function dropOutdated(lock: LaneLock, sightings: readonly Sighting[]): Promise<Observation[]> {
  const fresh: Observation[] = [];
  for (const { observation, read } of sightings) {
    if (read === null || (await noteSeen(lock.trx, lock.key, read.subject, read.ticket)))
      fresh.push(observation);
  }
  return fresh;
}

/**
 * Advances the lane by what was seen. With nothing seen, time alone may move it.
 * @param alongside runs first in the same transaction; when it answers false, nothing is changed
 * @param afterwards runs last in the same transaction, with what came of it
 */
export async function advance(
  db: Kysely<DB>,
  key: LaneKey,
  sightings: readonly Sighting[],
  alongside: (lock: LaneLock) => Promise<boolean> = async () => true,
  afterwards: (lock: LaneLock, advanced: Advanced) => Promise<void> = async () => {},
): Promise<Advanced | null> {
  return withLane(db, key, async (lock) => {
    if (!(await alongside(lock))) return null;
    const fresh = await dropOutdated(lock, sightings);
    const snapshot = await loadSnapshot(lock, named(fresh));
    const observations = [...snapshot.taken.map(claimOf), ...fresh];
    const seen: Fact[] = [];
    let state = snapshot.state;
    for (const observation of observations) {
      for (const body of interpret(state, observation)) {
        const fact: Fact = { ...body, at: lock.at };
        state = fold(state, fact);
        seen.push(fact);
      }
    }
    const decision = decide({ ...snapshot, state }, lock.at);
    const facts = [...seen, ...decision.facts];
    const effects = effectsOfStep(snapshot.state, decision.state, facts);
    const step = { before: snapshot.state, after: decision.state, facts, effects, wakeAt: decision.wakeAt };
    await saveLane(lock, step);
    const advanced = { facts, state: decision.state };
    await afterwards(lock, advanced);
    return advanced;
  });
}
