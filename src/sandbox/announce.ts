// Every event the sandbox tells the world about, typed by GitHub's own description of its webhooks.
import type { Webhook } from './github-types.ts';
import type {
  Account,
  AppRecord,
  CheckRun,
  CheckSuite,
  Installation,
  Issue,
  PullIssue,
  Repo,
} from './model.ts';
import { renderInstallation } from './render-account.ts';
import { renderCheckSuite, renderHookCheckRun } from './render-check.ts';
import { renderSimpleCommit } from './render-commit.ts';
import { renderIssue } from './render-issue.ts';
import { renderPull } from './render-pull.ts';
import { renderRepo } from './render-repo.ts';
import { renderUser } from './render-user.ts';
import type { World } from './world.ts';
import { grants, installationStub, installationsOf, queueDelivery } from './world.ts';

/**
 * In these kinds the published schema is the intersection of a whole issue with a loose one whose `assignee` must be
 * an empty object, which no issue can satisfy; the issue of `issues.labeled` stands in.
 */
type WithPlainIssue<K extends keyof Webhook> = Omit<Webhook[K], 'issue'> & {
  issue: Webhook['webhook-issues-labeled']['issue'];
};

/** The part of a run that is told; the published schemas ask for two whole repositories more. */
type RunEvent = Pick<Webhook['webhook-workflow-run-requested'], 'repository' | 'sender'> & {
  action: string;
  installation?: unknown;
  organization?: unknown;
  workflow: { id: number; name: string; path: string; state: string };
  workflow_run: { id: number; head_sha: string; status: string; conclusion: string | null };
};

interface Events {
  'issues.opened': Webhook['webhook-issues-opened'];
  'issues.edited': Webhook['webhook-issues-edited'];
  'issues.closed': WithPlainIssue<'webhook-issues-closed'>;
  'issues.reopened': Webhook['webhook-issues-reopened'];
  'issues.labeled': Webhook['webhook-issues-labeled'];
  'issues.unlabeled': Webhook['webhook-issues-unlabeled'];
  'issues.assigned': Webhook['webhook-issues-assigned'];
  'issues.unassigned': Webhook['webhook-issues-unassigned'];
  'issue_comment.created': WithPlainIssue<'webhook-issue-comment-created'>;
  'issue_comment.edited': WithPlainIssue<'webhook-issue-comment-edited'>;
  'issue_comment.deleted': WithPlainIssue<'webhook-issue-comment-deleted'>;
  'pull_request.opened': Webhook['webhook-pull-request-opened'];
  'pull_request.edited': Webhook['webhook-pull-request-edited'];
  'pull_request.closed': Webhook['webhook-pull-request-closed'];
  'pull_request.reopened': Webhook['webhook-pull-request-reopened'];
  'pull_request.synchronize': Webhook['webhook-pull-request-synchronize'];
  'pull_request.labeled': Webhook['webhook-pull-request-labeled'];
  'pull_request.unlabeled': Webhook['webhook-pull-request-unlabeled'];
  'pull_request.assigned': Webhook['webhook-pull-request-assigned'];
  'pull_request.unassigned': Webhook['webhook-pull-request-unassigned'];
  'pull_request.ready_for_review': Webhook['webhook-pull-request-ready-for-review'];
  'pull_request.converted_to_draft': Webhook['webhook-pull-request-converted-to-draft'];
  'pull_request.review_requested': Webhook['webhook-pull-request-review-requested'];
  'pull_request_review.submitted': Webhook['webhook-pull-request-review-submitted'];
  'pull_request_review.dismissed': Webhook['webhook-pull-request-review-dismissed'];
  'check_run.created': Webhook['webhook-check-run-created'];
  'check_run.completed': Webhook['webhook-check-run-completed'];
  'check_run.rerequested': Webhook['webhook-check-run-rerequested'];
  'check_run.requested_action': Webhook['webhook-check-run-requested-action'];
  'check_suite.requested': Webhook['webhook-check-suite-requested'];
  'check_suite.rerequested': Webhook['webhook-check-suite-rerequested'];
  'check_suite.completed': Webhook['webhook-check-suite-completed'];
  status: Webhook['webhook-status'];
  push: Webhook['webhook-push'];
  create: Webhook['webhook-create'];
  delete: Webhook['webhook-delete'];
  repository_dispatch: Webhook['webhook-repository-dispatch-sample'];
  'issue_dependencies.blocked_by_added': Webhook['webhook-issue-dependencies-blocked-by-added'];
  'issue_dependencies.blocked_by_removed': Webhook['webhook-issue-dependencies-blocked-by-removed'];
  'sub_issues.sub_issue_added': Webhook['webhook-sub-issues-sub-issue-added'];
  'sub_issues.sub_issue_removed': Webhook['webhook-sub-issues-sub-issue-removed'];
  'workflow_run.requested': RunEvent;
  'workflow_run.in_progress': RunEvent;
  'workflow_run.completed': RunEvent;
}
export type EventName = keyof Events;

/** `organization` is demanded by some kinds although repositories of users have none; nobody here has one. */
type Bare<K extends EventName> = Omit<
  Events[K],
  'action' | 'installation' | 'repository' | 'sender' | 'organization'
>;

const PERMISSIONS_OF_EVENT: Record<string, readonly string[]> = {
  issues: ['issues'],
  issue_comment: ['issues', 'pull_requests'],
  issue_dependencies: ['issues'],
  sub_issues: ['issues'],
  pull_request: ['pull_requests'],
  pull_request_review: ['pull_requests'],
  check_run: ['checks'],
  check_suite: ['checks'],
  status: ['statuses'],
  push: ['contents'],
  create: ['contents'],
  delete: ['contents'],
  repository_dispatch: ['contents'],
  workflow_run: ['actions'],
};

/** Queues the event for every App installed on the repository that may see it; `only` narrows it to one App. */
export function announce<K extends EventName>(
  world: World,
  repo: Repo,
  name: K,
  bare: Bare<K>,
  sender: Account,
  options: { only?: AppRecord; action?: string } = {},
): void {
  const [event = '', named] = name.split('.');
  const action = options.action ?? named ?? null;
  const payload = {
    ...(action === null ? {} : { action }),
    ...bare,
    repository: renderRepo(world, repo) satisfies Webhook['repository-webhooks'],
    sender: renderUser(world, sender) satisfies Webhook['simple-user'],
  };
  for (const observer of world.book.observers) observer({ event, action, repo, payload });
  for (const installation of installationsOf(world, repo)) {
    const { app } = installation;
    if (installation.suspendedAt !== null || (options.only !== undefined && options.only !== app)) continue;
    const needed = PERMISSIONS_OF_EVENT[event] ?? [];
    if (!needed.some((permission) => grants(app.permissions, permission, 'read'))) continue;
    queueDelivery(world, { app, installationId: installation.id, repositoryId: repo.id }, event, action, {
      ...payload,
      installation: installationStub(installation),
    });
  }
}

type InstallationEvents = {
  'installation.created': Webhook['webhook-installation-created'];
  'installation.deleted': Webhook['webhook-installation-deleted'];
  'installation.suspend': Webhook['webhook-installation-suspend'];
  'installation.unsuspend': Webhook['webhook-installation-unsuspend'];
  'installation_repositories.added': Webhook['webhook-installation-repositories-added'];
  'installation_repositories.removed': Webhook['webhook-installation-repositories-removed'];
};

/** Tells one App about its own installation; these events need no permission. */
export function announceInstallation<K extends keyof InstallationEvents>(
  world: World,
  installation: Installation,
  name: K,
  bare: Omit<InstallationEvents[K], 'action' | 'installation' | 'sender' | 'organization'>,
): void {
  const [event = '', action = ''] = name.split('.');
  queueDelivery(
    world,
    { app: installation.app, installationId: installation.id, repositoryId: null },
    event,
    action,
    {
      action,
      ...bare,
      installation: renderInstallation(world, installation),
      sender: renderUser(world, installation.account),
    },
  );
}

export function renderHookIssue(world: World, issue: Issue) {
  const rendered = renderIssue(world, issue);
  return {
    ...rendered,
    labels: rendered.labels.map(asHookLabel),
    performed_via_github_app: null,
    state_reason: hookStateReason(rendered.state_reason),
  };
}

/** Webhooks describe labels with an archive mark that no REST schema knows. */
export function asHookLabel<T extends object>(label: T) {
  return { ...label, archived_at: null, archived_by: null };
}

/** `duplicate` is an answer of the REST API which the webhooks' description does not have yet. */
function hookStateReason(reason: Issue['stateReason']) {
  return reason === 'duplicate' ? 'not_planned' : reason;
}

/** A pull request inside a webhook: GitHub has not computed its mergeability when it sends one. */
export function renderHookPull(world: World, issue: PullIssue) {
  const figures = { mergeable: null, mergeableState: 'unknown' as const, commits: 0, files: [] };
  const rendered = renderPull(world, issue, figures);
  return { ...rendered, labels: rendered.labels.map(asHookLabel) };
}

export function announceCheckRun(
  world: World,
  run: CheckRun,
  kind: 'created' | 'completed' | 'rerequested',
  sender: Account,
): void {
  const check_run = renderHookCheckRun(world, run);
  const { repo, app } = run.suite;
  if (kind === 'created') announce(world, repo, 'check_run.created', { check_run }, sender);
  else if (kind === 'completed') announce(world, repo, 'check_run.completed', { check_run }, sender);
  else announce(world, repo, 'check_run.rerequested', { check_run }, sender, { only: app });
}

/** A button of a check run, pressed on its page: only the run's own App is told. */
export function announceRequestedAction(
  world: World,
  run: CheckRun,
  identifier: string,
  sender: Account,
): void {
  const check_run = renderHookCheckRun(world, run);
  const { repo, app } = run.suite;
  const bare = { check_run, requested_action: { identifier } };
  announce(world, repo, 'check_run.requested_action', bare, sender, { only: app });
}

export async function announceCheckSuite(
  world: World,
  suite: CheckSuite,
  kind: 'requested' | 'rerequested' | 'completed',
  sender: Account,
): Promise<void> {
  const rendered = await renderCheckSuite(world, suite);
  const { repository: _, ...core } = rendered;
  const check_suite = { ...core, head_commit: await renderSimpleCommit(suite.repo, suite.headSha) };
  if (kind === 'completed') {
    announce(world, suite.repo, 'check_suite.completed', { check_suite }, sender);
    return;
  }
  const asked = { check_suite: { ...check_suite, status: 'queued' as const, conclusion: null } };
  const only = { only: suite.app };
  if (kind === 'requested') announce(world, suite.repo, 'check_suite.requested', asked, sender, only);
  else announce(world, suite.repo, 'check_suite.rerequested', asked, sender, only);
}
