/**
 * Pull requests that no task owns and that a person has brought to the queue. Such a PR has a task record of its own
 * under its own number, so that gate, queue, ledger and replay treat it like any other; it owns no paths, has no issue
 * and no agent, and only a person's `/approve` moves it.
 */
import type { Task } from './state.ts';

/** An open PR as a command about it found it. */
export interface OfferedPull {
  number: number;
  title: string;
  author: string;
  headSha: string;
  draft: boolean;
  /** The branch that it comes from; absent where that is in a fork. */
  branch?: string;
  correlationId: string;
}

/** GitHub numbers issues and PRs in one row, so a task that has its PR's number is that of the PR alone. */
export function isEnlisted({ issue, pull }: Pick<Task, 'issue' | 'pull'>): boolean {
  return pull?.number === issue;
}
