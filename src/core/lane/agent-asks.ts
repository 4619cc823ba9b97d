/** What an agent asks of people while it works. */
import { matches } from '../task/patterns.ts';
import type { FactBody } from './facts.ts';
import type { AgentWord } from './observation.ts';
import type { Task } from './state.ts';

type RequestPaths = Extract<AgentWord, { kind: 'request-paths' }>;

/** One attempt can ask for this many patterns; more would be another task. */
const mostAsked = 50;

/** Patterns that the task neither owns nor has been asked for in this attempt. */
export function newlyAsked(task: Task, paths: readonly string[]): string[] {
  const asked = task.attempt?.asked ?? [];
  return [...new Set(paths)].filter((path) => !matches(task.claims, path) && !asked.includes(path));
}

/** Asking again for the same files is heard once. */
export function requestPaths(task: Task, { paths, why }: RequestPaths): FactBody[] {
  const { attempt, issue } = task;
  const wanted = newlyAsked(task, paths);
  if (!attempt || wanted.length === 0 || attempt.asked.length + wanted.length > mostAsked) return [];
  return [{ kind: 'paths-requested', issue, attempt: attempt.number, paths: wanted, why, by: attempt.agent }];
}

/** The context of an escalation with the ways on that the agent sees, by letter. */
export function withOptions(context: string, options: readonly string[]): string {
  if (options.length === 0) return context;
  const lines = options.map((option, index) => `${String.fromCharCode(65 + index)}. ${option}`);
  return `${context}\n\nThe agent sees these ways on:\n${lines.join('\n')}`;
}
