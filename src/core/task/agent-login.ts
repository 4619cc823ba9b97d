import type { Policy } from '../policy.ts';

/** Copilot's coding agent; GitHub's docs, "Using the cloud agent via the API". */
const copilot = 'copilot-swe-agent[bot]';

/** The login under which an agent opens its own PRs; null when it has none. */
export function agentLoginOf(policy: Policy, agent: string): string | null {
  const known = policy.agents[agent];
  return known?.login ?? (known?.via === 'assign' ? copilot : null);
}
