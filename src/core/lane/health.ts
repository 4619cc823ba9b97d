/** How the agents of a lane fare, and what they have spent today. Small, and part of the lane's own row. */
import type { Spent } from '../task/record.ts';

/** One agent, or the whole lane under the name `wholeLane`. */
export interface Health {
  /** Failed attempts in a row; one below the bound after a pause, so that the next failure is the next pause. */
  failures: number;
  /** No attempt starts before this time (ISO 8601); past it one at a time, until one succeeds. */
  pausedUntil: string | null;
  pausedAt: string | null;
  why: 'rate-limit' | 'failures' | null;
  /** For people; empty while there is no pause. */
  reason: string;
  /** Rate limits in a row without work that got done in between: each pause is longer than the one before. */
  rateLimits: number;
}

/** The name under which a lane's own health is kept; no agent can be called so. */
export const wholeLane = '';

export const goodHealth: Health = {
  failures: 0,
  pausedUntil: null,
  pausedAt: null,
  why: null,
  reason: '',
  rateLimits: 0,
};

/** What each agent has used on one day, by UTC. */
export interface Spending {
  /** `2026-01-31`; empty before the first. */
  day: string;
  agents: Readonly<Record<string, Spent>>;
}
