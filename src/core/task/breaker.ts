/**
 * Circuit breakers: an agent whose attempts keep failing, or a lane where everybody's do, pauses. Past the pause one
 * attempt may try; when it succeeds all is as before, when it fails the next pause begins. A rate limit pauses the
 * agent in the same way.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Fact, FactBody } from '../lane/facts.ts';
import { goodHealth, type Health, wholeLane } from '../lane/health.ts';
import { type LaneState, tasksAtWork } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import type { Policy } from '../policy.ts';
import { backoffMs } from './retry.ts';

export function healthOf(state: LaneState, agent: string): Health {
  return state.health[agent] ?? goodHealth;
}

function breakerLimit(policy: Policy, agent: string): number {
  const { breaker } = policy.limits;
  return agent === wholeLane ? breaker.repository : breaker.agent;
}

/** `open`: paused; `trying`: one attempt is under way after the pause; `ready`: that one may start. */
type Breaker = 'closed' | 'open' | 'ready' | 'trying';

export function breakerOf(state: LaneState, agent: string, at: string): Breaker {
  const { pausedUntil } = healthOf(state, agent);
  if (pausedUntil === null) return 'closed';
  if (pausedUntil > at) return 'open';
  const trying = tasksAtWork(state.tasks).some(
    (task) =>
      task.attempt !== null &&
      task.attempt.assignedAt >= pausedUntil &&
      (agent === wholeLane || task.attempt.agent === agent),
  );
  return trying ? 'trying' : 'ready';
}

/** Why an agent, or the lane, starts nothing; null when it may. For people. */
export function pauseWait(state: LaneState, agent: string, at: string): Wait | null {
  const breaker = breakerOf(state, agent, at);
  if (breaker === 'closed' || breaker === 'ready') return null;
  const { why, reason, pausedAt, pausedUntil } = healthOf(state, agent);
  const who = agent === wholeLane ? 'this repository' : agent;
  const what =
    breaker === 'trying'
      ? `${who} tries one task after a pause before it takes more`
      : `${who} pauses until ${pausedUntil}: ${reason}`;
  const command = why === 'failures' && breaker === 'open' ? '/retry' : null;
  return { kind: 'breaker', what, since: pausedAt ?? at, command };
}

/** Agents, and the lane, whose failures in a row have reached the policy's bound. */
export function openBreakers(state: LaneState): FactBody[] {
  return Object.entries(state.health).flatMap(([agent, { failures }]): FactBody[] => {
    if (failures < breakerLimit(state.policy, agent)) return [];
    const reason = `${failures} attempt${failures === 1 ? '' : 's'} in a row failed`;
    return [{ kind: 'agent-paused', agent, why: 'failures', ms: state.policy.limits.breaker.pause, reason }];
  });
}

/** Whom a person's `/retry` or `/resume` lets start again: a pause after failures ends, a rate limit does not. */
export function closeBreakers(state: LaneState, by: string): FactBody[] {
  return Object.entries(state.health)
    .filter(([, { why }]) => why === 'failures')
    .map(([agent]): FactBody => ({ kind: 'breaker-closed', agent, by }));
}

/** The longest pause that an agent's word can bring about. */
const longestPauseMs = 6 * 3_600_000;

/** The pause of an agent that has met a rate limit. `afterMs` is what it was told to wait, where it knows. */
export function rateLimitPause(state: LaneState, agent: string, afterMs: number | null): FactBody {
  const ms = Math.min(
    longestPauseMs,
    afterMs ?? backoffMs(state.policy, healthOf(state, agent).rateLimits + 1),
  );
  return { kind: 'agent-paused', agent, why: 'rate-limit', ms, reason: 'it has reached a rate limit' };
}

type PauseFact = Extract<Fact, { kind: 'agent-paused' | 'breaker-closed' }>;

/** The lane's health after a pause has begun, or was ended by a person. */
export function foldPause(state: LaneState, fact: PauseFact): LaneState {
  const before = healthOf(state, fact.agent);
  if (fact.kind === 'breaker-closed') return withHealth(state, fact.agent, goodHealth);
  const isLimit = fact.why === 'rate-limit';
  const until = new Date(Date.parse(fact.at) + fact.ms).toISOString();
  return withHealth(state, fact.agent, {
    failures: isLimit ? before.failures : breakerLimit(state.policy, fact.agent) - 1,
    pausedUntil: before.pausedUntil !== null && before.pausedUntil > until ? before.pausedUntil : until,
    pausedAt: fact.at,
    why: fact.why,
    reason: fact.reason,
    rateLimits: before.rateLimits + (isLimit ? 1 : 0),
  });
}

/** Counts how an attempt of the agent went. What fails during a pause had begun before it, and is no news. */
export function countOutcome(state: LaneState, agent: string, isGood: boolean, at: string): LaneState {
  return [agent, wholeLane].reduce((next, name) => {
    const health = healthOf(next, name);
    const isPaused = health.pausedUntil !== null && health.pausedUntil > at;
    if (isPaused) return next;
    return withHealth(next, name, isGood ? goodHealth : { ...health, failures: health.failures + 1 });
  }, state);
}

function withHealth(state: LaneState, agent: string, health: Health): LaneState {
  if (isDeepStrictEqual(healthOf(state, agent), health)) return state;
  return { ...state, health: { ...state.health, [agent]: health } };
}
