/** The messages of the commits that Signalbox makes. They close nothing, mention nobody and skip no CI. */
import { escapePlain } from './escape.ts';
import { shorten } from './shorten.ts';

/** What identifies a task in a commit: `task` is its id in the agent contract. */
export interface CommitTask {
  task: string;
  version: number;
  correlationId: string;
}

export interface CandidateEntry extends CommitTask {
  pull: number;
  title: string;
}

/** The trailers of design §4, one a line. */
export function commitTrailers({ task, version, correlationId }: CommitTask): string {
  return [
    `Task: ${escapePlain(task)}`,
    `Task-Version: ${version}`,
    `Correlation-Id: ${escapePlain(correlationId)}`,
  ].join('\n');
}

/** The empty commit that opens a task's branch. */
export function openingCommitMessage(of: CommitTask & { issue: number; title: string }): string {
  return `Open the branch for issue ${of.issue}: ${subject(of.title)}\n\n${commitTrailers(of)}`;
}

/** The empty commit that has CI run on work which a workflow pushed with its own token. */
export function checksMessage(of: CommitTask): string {
  return `Have the checks run\n\n${commitTrailers(of)}`;
}

/** The merge that brings a task's branch up to date. */
export function updateMessage(of: CommitTask & { base: string; branch: string }): string {
  return `Merge ${escapePlain(of.base)} into ${escapePlain(of.branch)}\n\n${commitTrailers(of)}`;
}

/**
 * A commit of a candidate: one entry's merge, or several at once with a line for each. GitHub reads only the last
 * paragraph as trailers, so several entries have all of theirs there, in order.
 */
export function candidateMessage(entries: readonly CandidateEntry[]): string {
  const [first] = entries;
  if (first === undefined) throw new Error('a candidate has at least one entry');
  const trailers = entries.map(commitTrailers).join('\n');
  if (entries.length === 1)
    return `Merge pull request #${first.pull}: ${subject(first.title)}\n\n${trailers}`;
  const pulls = entries.map((entry) => `#${entry.pull}`).join(', ');
  const lines = entries.map((entry) => `* #${entry.pull}: ${subject(entry.title)}`).join('\n');
  return `Merge pull requests ${pulls}\n\n${lines}\n\n${trailers}`;
}

/** What a landed commit says, by the policy's template or without one. */
export interface LandedMessage {
  /** Without trailers. */
  text: string;
  trailers: string;
}

/** The message of one entry's commit on the base branch. `rewritten`: its own commits are written anew. */
export function landedMessage(
  entry: CandidateEntry & { issue: number },
  { template, rewritten }: { template: string | null; rewritten: boolean },
): LandedMessage {
  const usual = rewritten ? '{title} (#{pull})' : 'Merge pull request #{pull}: {title}';
  const values = { title: subject(entry.title), pull: String(entry.pull), issue: String(entry.issue) };
  const text = (template ?? usual).replace(/\{(title|pull|issue)\}/gu, (whole, name: string) =>
    name === 'title' || name === 'pull' || name === 'issue' ? values[name] : whole,
  );
  return { text: text.trimEnd(), trailers: commitTrailers(entry) };
}

function subject(title: string): string {
  return shorten(escapePlain(title), 120);
}
