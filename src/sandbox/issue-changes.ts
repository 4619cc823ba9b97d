// What can happen to an issue (or to the issue half of a pull request): state, timeline, webhook, in that order.
import { announce, asHookLabel, renderHookIssue, renderHookPull } from './announce.ts';
import type { Account, AppRecord, Comment, Issue, Label, Pull, Repo, Sha, TimelineEvent } from './model.ts';
import { isPull, stampNow } from './model.ts';
import { renderComment, renderLabel } from './render-issue.ts';
import { renderUser } from './render-user.ts';
import type { World } from './world.ts';

/** Who acts: an account, and the App through which it does. */
export interface Actor {
  account: Account;
  via: AppRecord | null;
}

export function record(
  world: World,
  issue: Issue,
  actor: Actor,
  entry: Pick<TimelineEvent, 'event'> & Partial<TimelineEvent>,
): void {
  issue.updatedAt = stampNow();
  issue.timeline.push({
    commitId: null,
    ...entry,
    id: world.takeId(),
    actor: actor.account,
    via: actor.via,
    createdAt: issue.updatedAt,
  });
}

export function createIssue(
  world: World,
  repo: Repo,
  actor: Actor,
  start: { title: string; body: string | null; pull: Pull | null },
): Issue {
  const at = stampNow();
  const issue: Issue = {
    id: world.takeId(),
    number: repo.nextNumber,
    repo,
    ...start,
    user: actor.account,
    via: actor.via,
    state: 'open',
    stateReason: null,
    labels: [],
    assignees: [],
    comments: [],
    textEdits: [],
    reactions: [],
    timeline: [],
    createdAt: at,
    updatedAt: at,
    closedAt: null,
    closedBy: null,
    blockedBy: [],
    blocking: [],
    subIssues: [],
    parent: null,
  };
  repo.nextNumber += 1;
  repo.issues.set(issue.number, issue);
  return issue;
}

/** GitHub creates a label it does not know when it is put on an issue. */
export function findOrCreateLabel(world: World, repo: Repo, name: string): Label {
  const existing = repo.labels.get(name.toLowerCase());
  if (existing !== undefined) return existing;
  const label: Label = { id: world.takeId(), name, color: 'ededed', description: null };
  repo.labels.set(name.toLowerCase(), label);
  return label;
}

function announceLabel(
  world: World,
  issue: Issue,
  label: Label,
  actor: Actor,
  kind: 'labeled' | 'unlabeled',
) {
  const rendered = asHookLabel(renderLabel(world, issue.repo, label));
  if (isPull(issue)) {
    const body = { number: issue.number, pull_request: renderHookPull(world, issue), label: rendered };
    if (kind === 'labeled') announce(world, issue.repo, 'pull_request.labeled', body, actor.account);
    else announce(world, issue.repo, 'pull_request.unlabeled', body, actor.account);
    return;
  }
  const body = { issue: renderHookIssue(world, issue), label: rendered };
  if (kind === 'labeled') announce(world, issue.repo, 'issues.labeled', body, actor.account);
  else announce(world, issue.repo, 'issues.unlabeled', body, actor.account);
}

export function addLabels(world: World, issue: Issue, actor: Actor, names: readonly string[]): void {
  for (const name of names) {
    const label = findOrCreateLabel(world, issue.repo, name);
    if (issue.labels.includes(label)) continue;
    issue.labels.push(label);
    record(world, issue, actor, { event: 'labeled', label: { name: label.name, color: label.color } });
    announceLabel(world, issue, label, actor, 'labeled');
  }
}

export function removeLabel(world: World, issue: Issue, actor: Actor, label: Label): void {
  issue.labels = issue.labels.filter((one) => one !== label);
  record(world, issue, actor, { event: 'unlabeled', label: { name: label.name, color: label.color } });
  announceLabel(world, issue, label, actor, 'unlabeled');
}

export function setLabels(world: World, issue: Issue, actor: Actor, names: readonly string[]): void {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  for (const label of issue.labels.filter((one) => !wanted.has(one.name.toLowerCase())))
    removeLabel(world, issue, actor, label);
  addLabels(world, issue, actor, names);
}

export function setAssignees(world: World, issue: Issue, actor: Actor, wanted: readonly Account[]): void {
  const removed = issue.assignees.filter((one) => !wanted.includes(one));
  const added = wanted.filter((one) => !issue.assignees.includes(one));
  for (const [event, accounts] of [
    ['unassigned', removed],
    ['assigned', added],
  ] as const) {
    for (const account of accounts) {
      issue.assignees =
        event === 'assigned'
          ? [...issue.assignees, account]
          : issue.assignees.filter((one) => one !== account);
      record(world, issue, actor, { event, assignee: account });
      announceAssignee(world, issue, actor, event, account);
    }
  }
}

function announceAssignee(
  world: World,
  issue: Issue,
  actor: Actor,
  kind: 'assigned' | 'unassigned',
  account: Account,
): void {
  const assignee = renderUser(world, account);
  if (isPull(issue)) {
    const body = { number: issue.number, pull_request: renderHookPull(world, issue), assignee };
    announce(world, issue.repo, `pull_request.${kind}`, body, actor.account);
    return;
  }
  announce(
    world,
    issue.repo,
    `issues.${kind}`,
    { issue: renderHookIssue(world, issue), assignee },
    actor.account,
  );
}

export interface IssueEdit {
  title?: string | undefined;
  body?: string | null | undefined;
}

export function editIssue(world: World, issue: Issue, actor: Actor, edit: IssueEdit): void {
  const changes: { title?: { from: string }; body?: { from: string } } = {};
  if (edit.title !== undefined && edit.title !== issue.title) {
    changes.title = { from: issue.title };
    record(world, issue, actor, { event: 'renamed', rename: { from: issue.title, to: edit.title } });
    issue.title = edit.title;
  }
  if (edit.body !== undefined && edit.body !== issue.body) {
    changes.body = { from: issue.body ?? '' };
    if (issue.textEdits.length === 0) issue.textEdits.push({ editor: issue.user, at: issue.createdAt });
    issue.textEdits.push({ editor: actor.account, at: stampNow() });
    issue.body = edit.body;
  }
  if (changes.title === undefined && changes.body === undefined) return;
  issue.updatedAt = stampNow();
  if (isPull(issue)) {
    const body = { number: issue.number, pull_request: renderHookPull(world, issue), changes };
    announce(world, issue.repo, 'pull_request.edited', body, actor.account);
  } else {
    announce(
      world,
      issue.repo,
      'issues.edited',
      { issue: renderHookIssue(world, issue), changes },
      actor.account,
    );
  }
}

export function closeIssue(
  world: World,
  issue: Issue,
  actor: Actor,
  how: { reason?: Issue['stateReason']; commitId?: Sha | null } = {},
): void {
  if (issue.state === 'closed') return;
  issue.state = 'closed';
  issue.closedAt = stampNow();
  issue.closedBy = actor.account;
  issue.stateReason = isPull(issue) ? null : (how.reason ?? 'completed');
  record(world, issue, actor, { event: 'closed', commitId: how.commitId ?? null });
  if (isPull(issue)) {
    const body = { number: issue.number, pull_request: renderHookPull(world, issue) };
    announce(world, issue.repo, 'pull_request.closed', body, actor.account);
  } else {
    announce(world, issue.repo, 'issues.closed', { issue: renderHookIssue(world, issue) }, actor.account);
  }
}

export function reopenIssue(world: World, issue: Issue, actor: Actor): void {
  if (issue.state === 'open') return;
  issue.state = 'open';
  issue.closedAt = null;
  issue.closedBy = null;
  issue.stateReason = isPull(issue) ? null : 'reopened';
  record(world, issue, actor, { event: 'reopened' });
  if (isPull(issue)) {
    const body = { number: issue.number, pull_request: renderHookPull(world, issue) };
    announce(world, issue.repo, 'pull_request.reopened', body, actor.account);
  } else {
    announce(world, issue.repo, 'issues.reopened', { issue: renderHookIssue(world, issue) }, actor.account);
  }
}

export function addComment(world: World, issue: Issue, actor: Actor, body: string): Comment {
  const at = stampNow();
  const comment: Comment = {
    id: world.takeId(),
    issue,
    user: actor.account,
    via: actor.via,
    body,
    createdAt: at,
    updatedAt: at,
    reactions: [],
  };
  issue.comments.push(comment);
  issue.repo.comments.set(comment.id, comment);
  issue.updatedAt = at;
  announceComment(world, comment, actor, 'created', null);
  return comment;
}

export function announceComment(
  world: World,
  comment: Comment,
  actor: Actor,
  kind: 'created' | 'edited' | 'deleted',
  previousBody: string | null,
): void {
  const { issue } = comment;
  const body = {
    issue: renderHookIssue(world, issue),
    comment: { ...renderComment(world, comment), performed_via_github_app: null },
  };
  if (kind === 'edited') {
    const changes = { body: { from: previousBody ?? '' } };
    announce(world, issue.repo, 'issue_comment.edited', { ...body, changes }, actor.account);
  } else announce(world, issue.repo, `issue_comment.${kind}`, body, actor.account);
}
