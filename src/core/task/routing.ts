/**
 * Routing: what an issue's labels and two commands say about when and by whom it is to be done. A command and a
 * label speak about the same thing; the newer word counts.
 *
 *   priority:high|normal|low     agent:<name>     needs:<capability>     complexity:low|medium|high     queue:alone
 */
import type { Routing, Task } from '../lane/state.ts';
import type { Policy } from '../policy.ts';

export const priorities = ['high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];
export type Complexity = 'low' | 'medium' | 'high';

export const noRouting: Routing = { priority: null, agent: null };

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word);
}

/** What follows the prefix, of each label that has it. */
function wordsAfter(labels: readonly string[], prefix: string): string[] {
  return labels.filter((label) => label.startsWith(prefix)).map((label) => label.slice(prefix.length));
}

function priorityIn(labels: readonly string[]): Priority | null {
  const said = wordsAfter(labels, 'priority:');
  return priorities.find((each) => said.includes(each)) ?? null;
}

function agentIn(labels: readonly string[]): string | null {
  return wordsAfter(labels, 'agent:')[0] ?? null;
}

/** The labels that decide something here, in lower case and sorted; the others are left out of the ledger. */
export function labelsThatCount(labels: readonly string[], policy: Policy): string[] {
  const areas = new Set(Object.keys(policy.areas).map((label) => label.toLowerCase()));
  const ruled = new Set(policy.autonomy.rules.flatMap((rule) => rule.labels));
  const counting = labels
    .map((label) => label.trim().toLowerCase())
    .filter(
      (label) =>
        areas.has(label) ||
        ruled.has(label) ||
        label === policy.split.label ||
        /^(priority|agent|needs|complexity):.|^queue:alone$/u.test(label),
    );
  return [...new Set(counting)].sort();
}

export function priorityOf(task: Pick<Task, 'labels' | 'routing'>): Priority {
  return task.routing.priority ?? priorityIn(task.labels) ?? 'normal';
}

/** The agent that people have named for the task, or null when any will do. */
export function agentNamedFor(task: Pick<Task, 'labels' | 'routing'>): string | null {
  return task.routing.agent ?? agentIn(task.labels);
}

/** What an agent must be able to do, by its `capabilities` in the policy. */
export function needsOf(task: Pick<Task, 'labels'>): string[] {
  return wordsAfter(task.labels, 'needs:');
}

/** Whether its PR is to be tested and landed by itself. */
export function isWantedAlone(task: Pick<Task, 'labels'>): boolean {
  return task.labels.includes('queue:alone');
}

export function complexityOf(task: Pick<Task, 'labels'>): Complexity | null {
  const [said = ''] = wordsAfter(task.labels, 'complexity:');
  return isOneOf(['low', 'medium', 'high'], said) ? said : null;
}

/** The routing after the labels have changed: where a label says something new, an older command is over. */
export function routingAfter(task: Pick<Task, 'labels' | 'routing'>, labels: readonly string[]): Routing {
  const { priority, agent } = task.routing;
  return {
    priority: priorityIn(labels) === priorityIn(task.labels) ? priority : noRouting.priority,
    agent: agentIn(labels) === agentIn(task.labels) ? agent : noRouting.agent,
  };
}
