import type { Octokit } from '@octokit/rest';
import type { ChangedLines } from '../core/gate/diff.ts';
import { inRepo, type RepoName } from './observed.ts';
import { readPatch } from './read-patch.ts';

/** A file of a comparison or of a commit, as GitHub tells of it. */
export interface RawFile {
  filename: string;
  sha?: string | null;
  status: string;
  additions: number;
  deletions: number;
  patch?: string;
  previous_filename?: string;
}

/** Lines that GitHub's comparison gives for one file, already checked against its own counts. */
export interface ComparedFile {
  path: string;
  /** The blob at the head. */
  sha: string | null;
  previousPath: string | null;
  lines: ChangedLines;
}

/** One of the head's commits that the base has not got. */
export interface ComparedCommit {
  sha: string;
  tree: string;
  parents: string[];
  message: string;
}

export interface Comparison {
  mergeBase: string;
  /** The first hundred, oldest first. */
  commits: ComparedCommit[];
  /** How many there are in all. */
  ahead: number;
  /** When the merge base was committed, ISO 8601; null where the server does not say. */
  mergeBaseAt: string | null;
  behind: number;
  /** Logins of the commits' authors and committers, of the first hundred commits, without GitHub's own. */
  authors: string[];
  /** Only the files whose lines were given in full. */
  files: ComparedFile[];
}

const ownCommitters = new Set(['web-flow', 'github']);

/**
 * How the head differs from where it left the base (docs, "Compare two commits"): up to 300 files, with lines where
 * they are not too many. What is missing or does not agree with its own count is left out, not guessed.
 */
export async function fetchComparison(
  client: Octokit,
  repo: RepoName,
  baseSha: string,
  headSha: string,
): Promise<Comparison> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/compare/{basehead}', {
    ...inRepo(repo),
    basehead: `${baseSha}...${headSha}`,
    per_page: 100,
  });
  const mergeBase = data.merge_base_commit?.sha;
  if (typeof mergeBase !== 'string' || mergeBase === '')
    throw new Error('GitHub did not name the merge base');
  const commits = (data.commits ?? []).map(toCommit);
  const people = (data.commits ?? []).flatMap((commit) => [commit.author?.login, commit.committer?.login]);
  const authors = people.filter(
    (login) => typeof login === 'string' && !ownCommitters.has(login.toLowerCase()),
  );
  return {
    mergeBase,
    mergeBaseAt: data.merge_base_commit.commit?.committer?.date ?? null,
    behind: data.behind_by ?? 0,
    commits,
    ahead: Math.max(commits.length, data.total_commits ?? 0),
    authors: [...new Set(authors as string[])].sort(),
    files: ((data.files ?? []) as RawFile[]).flatMap((file) => toCompared(file) ?? []),
  };
}

interface RawCommit {
  sha?: string;
  commit?: { message?: string; tree?: { sha?: string } };
  parents?: { sha?: string }[];
}

function toCommit({ sha, commit, parents }: RawCommit): ComparedCommit {
  const tree = commit?.tree?.sha;
  const above = (parents ?? []).map((parent) => parent.sha);
  if (!sha || !tree || above.some((parent) => !parent)) throw new Error('GitHub listed an incomplete commit');
  return { sha, tree, parents: above.map(String), message: commit?.message ?? '' };
}

/** A truncated patch is sent as none, and a file that was given up on as one without changes (F07). */
export function toCompared(file: RawFile): ComparedFile | null {
  const lines = file.patch === undefined ? { added: [], removed: [] } : readPatch(file.patch);
  const isUnchanged = file.status === 'renamed' && file.additions === 0 && file.deletions === 0;
  const agrees = lines.added.length === file.additions && lines.removed.length === file.deletions;
  if (!isUnchanged && (file.patch === undefined || !agrees || file.additions + file.deletions === 0))
    return null;
  return {
    path: file.filename,
    sha: file.sha ?? null,
    previousPath: file.status === 'renamed' ? (file.previous_filename ?? null) : null,
    lines,
  };
}
