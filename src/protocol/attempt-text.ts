/** One plain sentence for each fact about attempts, budgets and the human queue. */

import type { Fact } from '../core/lane/facts.ts';
import { wholeLane } from '../core/lane/health.ts';
import { removeInvisible } from './hidden-text.ts';
import { shorten } from './shorten.ts';

/** The facts that this file has words for. */
export type AttemptFact = Extract<
  Fact,
  {
    kind:
      | 'attempt-ended'
      | 'attempts-exhausted'
      | 'progress-seen'
      | 'run-seen'
      | 'lease-extended'
      | 'usage-reported'
      | 'budget-warned'
      | 'resumed'
      | 'rebuild-asked'
      | 'escalation-repeated'
      | 'late-work-found'
      | 'late-work-kept'
      | 'grace-started'
      | 'split-proposed'
      | 'split-accepted'
      | 'part-created'
      | 'part-opened'
      | 'parts-completed';
  }
>;

export function describeAttemptFact(fact: AttemptFact): string | null {
  switch (fact.kind) {
    case 'attempt-ended':
      return `Attempt ${fact.attempt} ended: ${words(fact.reason)}.`;
    case 'attempts-exhausted':
      return `No attempts are left: ${words(fact.reason)}.`;
    case 'lease-extended':
      return `Attempt ${fact.attempt} has no heartbeat, but ${words(fact.evidence)}: it gets more time.`;
    case 'budget-warned':
      return `Budget: ${words(fact.what)}.`;
    case 'resumed':
      return fact.guidance === null
        ? `${words(fact.by)} asked for a new attempt.`
        : `${words(fact.by)} answered: ${words(fact.guidance)}.`;
    case 'rebuild-asked':
      return `${words(fact.by)} asked for a new build.`;
    case 'escalation-repeated':
      return `Nobody has answered yet: people were told again (${fact.times} of 2).`;
    case 'late-work-found':
      return `Commit ${fact.sha.slice(0, 12)} of attempt ${fact.attempt} is put aside: that attempt had ended.`;
    case 'late-work-kept':
      return fact.branch === null
        ? `The work of the ended attempt could not be put on a branch of its own${fact.why ? `: ${words(fact.why)}` : ''}; it stays where it is.`
        : `The work of the ended attempt is kept on ${words(fact.branch)}.`;
    case 'grace-started':
      return `It counts as approved at ${fact.until}, unless somebody holds it.`;
    case 'split-proposed':
      return `${words(fact.by)} proposed to split it into ${fact.parts.length} parts.`;
    case 'split-accepted':
      return `${fact.by === 'policy' ? 'The policy' : words(fact.by)} accepted the plan.`;
    case 'part-created':
      return `Part ${fact.part} is #${fact.created}.`;
    case 'parts-completed':
      return 'All its parts are completed.';
    // Heartbeats and runs are evidence for the ledger; the comments show what follows from them.
    case 'progress-seen':
    case 'run-seen':
    case 'usage-reported':
    case 'part-opened':
      return null;
    default:
      return fact satisfies never;
  }
}

/** An agent's name, or words for the whole lane. */
export function agentName(agent: string): string {
  return agent === wholeLane ? 'the repository' : words(agent);
}

/** A length of time in the largest unit that fits: `15 minutes`, `1 hour`. */
export function describeLength(ms: number): string {
  const units = [
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const;
  const [name, size] = units.find(([, unit]) => ms >= unit && ms % unit === 0) ?? ['second', 1_000];
  const count = Math.max(1, Math.round(ms / size));
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

function words(text: string): string {
  return shorten(removeInvisible(text).replace(/\s+/gu, ' ').trim().replace(/\.$/u, ''), 300);
}
