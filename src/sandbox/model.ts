// What this GitHub remembers. Everything but git objects and refs' bytes lives here, in memory; the pages and
// the API both read it. Only the functions in this folder change it, under the lock of the repository.

import type { KeyObject } from 'node:crypto';
import { randomUUID } from 'node:crypto';
import type { WorkflowRun } from './actions.ts';
import type { ObjectReader } from './object-reader.ts';

export type Role = 'admin' | 'maintain' | 'write' | 'triage' | 'read';
export type Sha = string;
export const ZERO_SHA = '0'.repeat(40);

export interface Account {
  id: number;
  login: string;
  type: 'User' | 'Bot' | 'Organization';
  createdAt: string;
}

interface Hook {
  id: number;
  url: string;
  secret: string;
}

export interface AppRecord {
  id: number;
  slug: string;
  name: string;
  clientId: string;
  clientSecret: string;
  publicKey: KeyObject;
  permissions: Record<string, string>;
  hook: Hook | null;
  owner: Account;
  bot: Account;
  createdAt: string;
}

export interface Installation {
  id: number;
  app: AppRecord;
  account: Account;
  repos: Set<Repo>;
  createdAt: string;
  updatedAt: string;
  suspendedAt: string | null;
}

export interface InstallationToken {
  token: string;
  installation: Installation;
  /** null: every repository of the installation, also those added later */
  repoIds: ReadonlySet<number> | null;
  permissions: Record<string, string>;
  expiresAt: Date;
}

export interface Label {
  id: number;
  name: string;
  color: string;
  description: string | null;
}

export interface Reaction {
  id: number;
  user: Account;
  content: ReactionContent;
  createdAt: string;
}
export const REACTIONS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const;
export type ReactionContent = (typeof REACTIONS)[number];

export interface TimelineEvent {
  id: number;
  event:
    | 'labeled'
    | 'unlabeled'
    | 'closed'
    | 'reopened'
    | 'assigned'
    | 'unassigned'
    | 'renamed'
    | 'merged'
    | 'head_ref_deleted'
    | 'head_ref_force_pushed'
    | 'ready_for_review'
    | 'convert_to_draft'
    | 'review_requested';
  actor: Account;
  createdAt: string;
  via: AppRecord | null;
  commitId: Sha | null;
  label?: { name: string; color: string };
  assignee?: Account;
  rename?: { from: string; to: string };
  reviewer?: Account;
}

export interface Comment {
  id: number;
  issue: Issue;
  user: Account;
  via: AppRecord | null;
  body: string;
  createdAt: string;
  updatedAt: string;
  reactions: Reaction[];
}

export interface Review {
  id: number;
  user: Account;
  body: string;
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED' | 'PENDING';
  commitId: Sha;
  submittedAt: string;
}

/** Issues and pull requests share their numbers, comments, labels and timeline, as on GitHub. */
export interface Issue {
  id: number;
  number: number;
  repo: Repo;
  title: string;
  body: string | null;
  user: Account;
  via: AppRecord | null;
  state: 'open' | 'closed';
  stateReason: 'completed' | 'not_planned' | 'reopened' | 'duplicate' | null;
  labels: Label[];
  assignees: Account[];
  comments: Comment[];
  /** Of a text that was ever changed: the original first, then every change. */
  textEdits: { editor: Account; at: string }[];
  reactions: Reaction[];
  timeline: TimelineEvent[];
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  closedBy: Account | null;
  blockedBy: Issue[];
  blocking: Issue[];
  subIssues: Issue[];
  parent: Issue | null;
  pull: Pull | null;
}

/** An issue known to be a pull request. */
export type PullIssue = Issue & { pull: Pull };

export interface Pull {
  id: number;
  headRef: string;
  headSha: Sha;
  baseRef: string;
  baseSha: Sha;
  draft: boolean;
  mergedAt: string | null;
  mergedBy: Account | null;
  mergeCommitSha: Sha | null;
  requestedReviewers: Account[];
  reviews: Review[];
  /** What GitHub computes in the background: null until the first reader has asked and been told null. */
  mergeability: { head: Sha; base: Sha; mergeable: boolean | null } | null;
}

export type CheckStatus = 'queued' | 'in_progress' | 'completed';
export type CheckConclusion =
  | 'success'
  | 'failure'
  | 'neutral'
  | 'cancelled'
  | 'skipped'
  | 'timed_out'
  | 'action_required';

export interface CheckSuite {
  id: number;
  repo: Repo;
  app: AppRecord;
  headSha: Sha;
  headBranch: string | null;
  before: Sha | null;
  createdAt: string;
  updatedAt: string;
  runs: CheckRun[];
  /** Asked to run anew when this was the newest run; null when it was not. */
  restartedAfter: number | null;
}

export interface Annotation {
  path: string;
  start_line: number;
  end_line: number;
  annotation_level: 'notice' | 'warning' | 'failure';
  message: string;
  title: string | null;
}

export interface CheckRun {
  id: number;
  suite: CheckSuite;
  name: string;
  externalId: string;
  detailsUrl: string | null;
  status: CheckStatus;
  conclusion: CheckConclusion | null;
  startedAt: string;
  completedAt: string | null;
  output: { title: string | null; summary: string | null; text: string | null };
  annotations: Annotation[];
  actions: { label: string; description: string; identifier: string }[];
}

export interface CommitStatus {
  id: number;
  sha: Sha;
  state: 'error' | 'failure' | 'pending' | 'success';
  context: string;
  description: string | null;
  targetUrl: string | null;
  creator: Account;
  createdAt: string;
}

interface Protection {
  requiredChecks: { context: string; appId: number | null }[];
  bypassApps: string[];
  /** Further rules that are told and not enforced here. */
  rules: ToldRule[];
}

export type ToldRule = 'merge_queue' | 'required_linear_history' | 'required_signatures' | 'update';

export interface Repo {
  id: number;
  owner: Account;
  name: string;
  fullName: string;
  gitDir: string;
  objects: ObjectReader;
  defaultBranch: string;
  private: boolean;
  draftsAllowed: boolean;
  collaborators: Map<string, Role>;
  /** Full ref name to commit, heads and tags; the copy of what git holds, refreshed after each push. */
  refs: Map<string, Sha>;
  labels: Map<string, Label>;
  issues: Map<number, Issue>;
  comments: Map<number, Comment>;
  suites: CheckSuite[];
  runs: Map<number, CheckRun>;
  statuses: CommitStatus[];
  protections: Map<string, Protection>;
  nextNumber: number;
  createdAt: string;
  pushedAt: string;
  updatedAt: string;
}

export interface Delivery {
  id: number;
  guid: string;
  app: AppRecord;
  event: string;
  action: string | null;
  installationId: number | null;
  repositoryId: number | null;
  /** JSON as it was sent, fixed at the moment of the event; dropped from all but the latest */
  body: string;
  deliveredAt: string;
  redelivery: boolean;
  durationSeconds: number;
  /** HTTP status the receiver gave; null while queued, or for ever when a fault dropped it */
  status: number | null;
  statusText: string;
  dropped: boolean;
  requestHeaders: Record<string, string>;
  responseBody: string | null;
}

/** Told in-process of each event at the moment its webhooks are queued; the CI listens here. */
export type Observer = (happening: {
  event: string;
  action: string | null;
  repo: Repo | null;
  payload: Record<string, unknown>;
}) => void;

export interface RecordBook {
  accounts: Map<string, Account>;
  userTokens: Map<string, Account>;
  installationTokens: Map<string, InstallationToken>;
  apps: Map<number, AppRecord>;
  installations: Map<number, Installation>;
  repos: Map<string, Repo>;
  deliveries: Delivery[];
  observers: Set<Observer>;
  workflowRuns: Map<number, WorkflowRun>;
  /** Told of each workflow run that is asked for. */
  onRun: (run: WorkflowRun) => void;
}

export function createRecordBook(): RecordBook {
  return {
    accounts: new Map(),
    userTokens: new Map(),
    installationTokens: new Map(),
    apps: new Map(),
    installations: new Map(),
    repos: new Map(),
    deliveries: [],
    observers: new Set(),
    workflowRuns: new Map(),
    onRun: () => {},
  };
}

/** GitHub's times have whole seconds. */
export function formatTime(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

export function stampNow(): string {
  return formatTime(new Date());
}

const NODE_PREFIXES = {
  User: 'U',
  Bot: 'BOT',
  Organization: 'O',
  Repository: 'R',
  Issue: 'I',
  PullRequest: 'PR',
  IssueComment: 'IC',
  PullRequestReview: 'PRR',
  Label: 'LA',
  Reaction: 'REA',
  CheckRun: 'CR',
  CheckSuite: 'CS',
  Status: 'SC',
  App: 'A',
  Installation: 'MDIzOkludGVncmF0aW9u',
  Commit: 'C',
  Ref: 'REF',
  Blob: 'B',
  Event: 'LE',
} as const;

/** An opaque global id: prefix of the kind, then the number or name, base64url. */
export function nodeId(kind: keyof typeof NODE_PREFIXES, id: number | string): string {
  return `${NODE_PREFIXES[kind]}_${Buffer.from(String(id)).toString('base64url')}`;
}

export function numberFromNodeId(kind: keyof typeof NODE_PREFIXES, value: string): number | null {
  const prefix = `${NODE_PREFIXES[kind]}_`;
  if (!value.startsWith(prefix)) return null;
  const id = Number(Buffer.from(value.slice(prefix.length), 'base64url').toString());
  return Number.isInteger(id) ? id : null;
}

export function newGuid(): string {
  return randomUUID();
}

export function isPull(issue: Issue): issue is PullIssue {
  return issue.pull !== null;
}
