/**
 * The merge queue's planner: screen and train.
 *
 * Screens find out who is good. They test entries, alone or in groups, on the landed base with the good entries
 * before them that they overlap with. They invalidate nothing and what they learned stays.
 * The train lands. Its cars are cumulative candidates of entries that are known to be good, and of untested ones as
 * long as the odds allow it. A passed car lands with everything it contains.
 */
import { findEjections, findLanding } from './landing.ts';
import { mayLand } from './line.ts';
import { badOdds, isReady, readSituation, type Situation, suspicion } from './situation.ts';
import type { QueuePlan, QueueSnapshot, Wait } from './snapshot.ts';
import { carInterval, lastDeparture, planSerial, planStarts } from './starts.ts';
import { defaultTuning, type Tuning } from './tuning.ts';

/**
 * The next actions of a lane's queue. Pure. A landing or an ejection comes alone: what follows is planned from the
 * snapshot after it.
 */
export function planQueue(snapshot: QueueSnapshot, tuning: Tuning = defaultTuning): QueuePlan {
  const situation = readSituation(snapshot, tuning);
  const landing = findLanding(situation);
  if (landing) return { actions: [landing], waits: waitsOf(situation), wakeAt: null };
  const ejections = findEjections(situation);
  if (ejections.length > 0) return { actions: ejections, waits: waitsOf(situation), wakeAt: null };
  if (snapshot.policy.mode === 'serial') planSerial(situation);
  else planStarts(situation);
  return { actions: situation.actions, waits: waitsOf(situation), wakeAt: wakeAt(situation) };
}

/** The departure of the next car, when somebody waits for it. */
function wakeAt(situation: Situation): number | null {
  const { line, covered } = situation;
  if (line.snapshot.policy.mode === 'serial' || situation.free < 1) return null;
  const isIdle = situation.running.length === 0 && !situation.actions.some((action) => action.do === 'start');
  const waits = line.entries.some(
    (_, index) =>
      !covered.has(index) && (isReady(situation, index) || (isIdle && situation.held[index] === null)),
  );
  const at = Math.ceil(lastDeparture(situation) + carInterval(situation));
  return waits && at > line.snapshot.at ? at : null;
}

function waitsOf(situation: Situation): { entry: number; wait: Wait }[] {
  const { line, running } = situation;
  const builds = new Map<number, string>();
  const cars = running.filter((test) => mayLand(test)).sort((a, b) => a.members.length - b.members.length);
  for (const { members, build } of [...cars, ...running]) {
    for (const index of members) if (!builds.has(index)) builds.set(index, build.id);
  }
  const isFrozen = line.snapshot.frozen;
  return line.entries.map(({ id }, index) => {
    const build = builds.get(index);
    const held = situation.held[index];
    if (held) return { entry: id, wait: held };
    if (build !== undefined) return { entry: id, wait: { for: 'build', build } };
    if (isReady(situation, index) && badOdds(situation, index) < suspicion) {
      return { entry: id, wait: { for: isFrozen ? 'freeze' : 'train' } };
    }
    return { entry: id, wait: { for: 'runner' } };
  });
}
