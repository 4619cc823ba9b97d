import { decide } from '../../src/core/lane/decide.ts';
import { effectKey, effectsOfStep } from '../../src/core/lane/effects.ts';
import type { Fact } from '../../src/core/lane/facts.ts';
import { fold } from '../../src/core/lane/fold.ts';
import { interpret } from '../../src/core/lane/interpret.ts';
import { busyLane, givenUp, now } from './scene.ts';
import { spread } from './statistics.ts';

export interface DecisionCost {
  open: number;
  facts: number;
  p50: number;
  p99: number;
  max: number;
}

/** The pure part of one advance, as often as asked, each from a state that nothing has been computed from yet. */
export function measureDecisions(open: number, rounds: number): DecisionCost {
  const snapshot = busyLane(open);
  const observation = givenUp(snapshot.state);
  const times: number[] = [];
  let count = 0;
  for (let round = 0; round < rounds + 3; round++) {
    // Read anew, as every advance reads it: what is gathered from a state is kept with it.
    const before = structuredClone(snapshot.state);
    let state = before;
    const began = performance.now();
    const seen: Fact[] = [];
    for (const body of interpret(state, observation)) {
      const fact = { ...body, at: now };
      state = fold(state, fact);
      seen.push(fact);
    }
    const decision = decide({ ...snapshot, state }, now);
    const facts = [...seen, ...decision.facts];
    const keys = effectsOfStep(before, decision.state, facts).map(effectKey);
    const changed = Object.values(decision.state.tasks).filter((task) => before.tasks[task.issue] !== task);
    const took = performance.now() - began;
    if (!facts.some((fact) => fact.kind === 'task-assigned') || keys.length === 0 || changed.length === 0)
      throw new Error('the decision did not do what is measured');
    count = facts.length;
    // The first rounds find code that has not been compiled.
    if (round >= 3) times.push(took);
  }
  return { open, facts: count, ...spread(times) };
}
