import type { Policy } from '../policy.ts';

/** The workflow file of an agent that is started by dispatch: `agent-<name>.yml` unless the policy names another. */
export function workflowOf(policy: Policy, agent: string): string {
  return policy.agents[agent]?.workflow ?? `agent-${agent}.yml`;
}
