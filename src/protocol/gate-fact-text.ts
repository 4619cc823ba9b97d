/** One plain sentence for each fact of the gate, for `describeFact`. */
import type { CheckAction, GateFact } from '../core/lane/facts.ts';
import { removeInvisible } from './hidden-text.ts';
import { shorten } from './shorten.ts';

const words = (text: string): string =>
  shorten(removeInvisible(text).replace(/\s+/gu, ' ').trim().replace(/\.$/u, ''), 300);

/** What the buttons are called. */
export const actionLabels: Record<CheckAction, string> = {
  retry: 'Retry',
  explain: 'Explain',
  override: 'Override…',
};

/** The sentence; null for facts that only machines need. */
export function describeGateFact(fact: GateFact): string | null {
  switch (fact.kind) {
    case 'required-checks-read':
      return `The branch's rules ask for ${fact.checks.map(({ name }) => words(name)).join(', ') || 'no checks'}.`;
    case 'force-pushed':
      return 'The branch was force-pushed.';
    case 'pull-retargeted':
      return fact.base === null
        ? 'The pull request goes to the right branch again.'
        : `The pull request goes to ${words(fact.base)} now.`;
    case 'objections-changed':
      return fact.objections.length === 0
        ? 'No review asks for changes any more.'
        : `Changes are asked for by ${fact.objections.map(({ by }) => words(by)).join(', ')}.`;
    case 'approver-checked':
      return null;
    case 'rule-overridden':
      return `${words(fact.override.by)} accepted what the rule ${words(fact.override.rule)} found: ${words(fact.override.why)}.`;
    case 'opinion-asked':
      return `${words(fact.agent)} is asked for a second opinion.`;
    case 'opinion-given': {
      const { by, verdict, summary } = fact.opinion;
      if (verdict === 'pass') return `${words(by)} has nothing against it.`;
      return `${words(by)} ${verdict === 'none' ? 'gave no opinion' : 'is against it'}: ${words(summary)}.`;
    }
    case 'action-requested': {
      const pressed = `${words(fact.by)} pressed ${actionLabels[fact.action]}`;
      return fact.outcome === 'denied' ? `${pressed}: not allowed.` : `${pressed}.`;
    }
    default:
      return fact satisfies never;
  }
}
