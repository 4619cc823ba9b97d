/**
 * What this room reports: small plain objects in our words, holding only what is used. GitHub's own shapes do not
 * leave the room, so a field that a GitHub Enterprise or look-alike server leaves out is settled here, once.
 */
import type { CheckConclusion } from '../core/lane/pull-state.ts';

/** A repository by its present name; the numeric id is what is kept, names change. */
export interface RepoName {
  owner: string;
  name: string;
}

export interface Installation {
  installationId: number;
  account: string;
  suspended: boolean;
}

export interface InstallationRepository {
  repoId: number;
  owner: string;
  name: string;
  defaultBranch: string;
  archived: boolean;
}

export interface IssueSeen {
  number: number;
  title: string;
  body: string;
  author: string;
  open: boolean;
  /** GitHub's word: `completed`, `not_planned`, `reopened`, `duplicate`; null when it gives none. */
  stateReason: string | null;
  labels: string[];
  isPullRequest: boolean;
  /** How many sub-issues it has; null when the server does not say. */
  subIssues: number | null;
  updatedAt: string;
}

export interface BlockedBy {
  number: number;
  /** `owner/name`: a prerequisite may be in another repository. */
  repo: string;
}

export interface CommentSeen {
  id: number;
  /** The issue or PR that it is on. */
  issue: number;
  author: string;
  authorIsBot: boolean;
  body: string;
  createdAt: string;
  updatedAt: string;
}

export interface PullSeen {
  number: number;
  headSha: string;
  headRef: string;
  /** Null when the fork that held the head was deleted. */
  headRepoFullName: string | null;
  baseRef: string;
  baseSha: string;
  draft: boolean;
  open: boolean;
  merged: boolean;
  mergeCommitSha: string | null;
  author: string;
  title: string;
  body: string;
  nodeId: string;
}

export interface CommitSeen {
  sha: string;
  tree: string;
  parents: string[];
  message: string;
}

export interface CheckSeen {
  name: string;
  conclusion: CheckConclusion;
  url: string | null;
  /** The App that reported it; null for a commit status, which anyone with write access can set. */
  appId: number | null;
  appSlug: string | null;
  startedAt: string | null;
  /** The check suite that it is part of; null for a commit status. */
  suite: number | null;
}

/** Something we posted earlier. `isNew`: so recently that not finding it proves nothing. */
export interface KnownPost {
  id: number;
  isNew: boolean;
}

/** How one repository is named in GitHub's routes. */
export function inRepo(repo: RepoName): { owner: string; repo: string } {
  return { owner: repo.owner, repo: repo.name };
}
