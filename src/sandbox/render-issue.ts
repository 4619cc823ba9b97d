import type { Rest } from './github-types.ts';
import type {
  Account,
  Comment,
  Issue,
  Label,
  Reaction,
  ReactionContent,
  Repo,
  TimelineEvent,
} from './model.ts';
import { isPull, nodeId, type REACTIONS } from './model.ts';
import { renderApp } from './render-account.ts';
import { renderUser } from './render-user.ts';
import type { World } from './world.ts';
import { htmlUrl, repoUrl } from './world.ts';

export function renderLabel(world: World, repo: Repo, label: Label) {
  return {
    id: label.id,
    node_id: nodeId('Label', label.id),
    url: repoUrl(world, repo, `/labels/${encodeURIComponent(label.name)}`),
    name: label.name,
    description: label.description,
    color: label.color,
    default: false,
  } satisfies Rest['label'];
}

function renderReactionRollup(url: string, reactions: readonly Reaction[]) {
  const count = (content: ReactionContent) => reactions.filter((one) => one.content === content).length;
  return {
    url,
    total_count: reactions.length,
    '+1': count('+1'),
    '-1': count('-1'),
    laugh: count('laugh'),
    confused: count('confused'),
    heart: count('heart'),
    hooray: count('hooray'),
    rocket: count('rocket'),
    eyes: count('eyes'),
  } satisfies Rest['reaction-rollup'] & Record<(typeof REACTIONS)[number], number>;
}

export function renderReaction(world: World, reaction: Reaction) {
  return {
    id: reaction.id,
    node_id: nodeId('Reaction', reaction.id),
    user: renderUser(world, reaction.user),
    content: reaction.content,
    created_at: reaction.createdAt,
  } satisfies Rest['reaction'];
}

export function associationOf(repo: Repo, account: Account) {
  if (repo.owner === account) return 'OWNER' as const;
  return repo.collaborators.has(account.login.toLowerCase()) ? ('COLLABORATOR' as const) : ('NONE' as const);
}

function issueHtmlUrl(world: World, issue: Issue): string {
  return htmlUrl(world, issue.repo, `/${issue.pull === null ? 'issues' : 'pull'}/${issue.number}`);
}

export function renderIssue(world: World, issue: Issue) {
  const { repo } = issue;
  const url = repoUrl(world, repo, `/issues/${issue.number}`);
  const [assignee] = issue.assignees;
  const openBlockers = issue.blockedBy.filter((one) => one.state === 'open').length;
  const doneParts = issue.subIssues.filter((one) => one.state === 'closed').length;
  return {
    id: issue.id,
    node_id: nodeId(isPull(issue) ? 'PullRequest' : 'Issue', issue.id),
    number: issue.number,
    url,
    repository_url: repoUrl(world, repo),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    timeline_url: `${url}/timeline`,
    html_url: issueHtmlUrl(world, issue),
    state: issue.state,
    state_reason: issue.stateReason,
    title: issue.title,
    body: issue.body,
    user: renderUser(world, issue.user),
    labels: issue.labels.map((label) => renderLabel(world, repo, label)),
    assignee: assignee === undefined ? null : renderUser(world, assignee),
    assignees: issue.assignees.map((one) => renderUser(world, one)),
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: issue.comments.length,
    closed_at: issue.closedAt,
    closed_by: issue.closedBy === null ? null : renderUser(world, issue.closedBy),
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    author_association: associationOf(repo, issue.user),
    reactions: renderReactionRollup(`${url}/reactions`, issue.reactions),
    performed_via_github_app: issue.via === null ? null : renderApp(world, issue.via),
    sub_issues_summary: {
      total: issue.subIssues.length,
      completed: doneParts,
      percent_completed:
        issue.subIssues.length === 0 ? 0 : Math.round((100 * doneParts) / issue.subIssues.length),
    },
    issue_dependencies_summary: {
      blocked_by: openBlockers,
      total_blocked_by: issue.blockedBy.length,
      blocking: issue.blocking.filter((one) => one.state === 'open').length,
      total_blocking: issue.blocking.length,
    },
    ...(isPull(issue) ? renderPullLink(world, issue.repo, issue.number, issue.pull) : {}),
  } satisfies Rest['issue'];
}

function renderPullLink(
  world: World,
  repo: Repo,
  number: number,
  pull: { draft: boolean; mergedAt: string | null },
) {
  const html = htmlUrl(world, repo, `/pull/${number}`);
  return {
    draft: pull.draft,
    pull_request: {
      url: repoUrl(world, repo, `/pulls/${number}`),
      html_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      merged_at: pull.mergedAt,
    },
  };
}

export function renderComment(world: World, comment: Comment) {
  const { repo } = comment.issue;
  const url = repoUrl(world, repo, `/issues/comments/${comment.id}`);
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url,
    html_url: `${issueHtmlUrl(world, comment.issue)}#issuecomment-${comment.id}`,
    issue_url: repoUrl(world, repo, `/issues/${comment.issue.number}`),
    user: renderUser(world, comment.user),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: associationOf(repo, comment.user),
    performed_via_github_app: comment.via === null ? null : renderApp(world, comment.via),
    reactions: renderReactionRollup(`${url}/reactions`, comment.reactions),
  } satisfies Rest['issue-comment'];
}

/** One shape fits both lists: `issues/{n}/events` and the events within `issues/{n}/timeline`. */
export function renderTimelineEvent(world: World, repo: Repo, entry: TimelineEvent) {
  return {
    id: entry.id,
    node_id: nodeId('Event', entry.id),
    url: repoUrl(world, repo, `/issues/events/${entry.id}`),
    actor: renderUser(world, entry.actor),
    event: entry.event,
    commit_id: entry.commitId,
    commit_url: entry.commitId === null ? null : repoUrl(world, repo, `/commits/${entry.commitId}`),
    created_at: entry.createdAt,
    performed_via_github_app: entry.via === null ? null : renderApp(world, entry.via),
    ...(entry.label === undefined ? {} : { label: entry.label }),
    ...(entry.assignee === undefined
      ? {}
      : { assignee: renderUser(world, entry.assignee), assigner: renderUser(world, entry.actor) }),
    ...(entry.rename === undefined ? {} : { rename: entry.rename }),
    ...(entry.reviewer === undefined
      ? {}
      : {
          requested_reviewer: renderUser(world, entry.reviewer),
          review_requester: renderUser(world, entry.actor),
        }),
  } satisfies Rest['issue-event'] & Rest['state-change-issue-event'];
}

export function renderTimelineComment(world: World, comment: Comment) {
  return {
    ...renderComment(world, comment),
    event: 'commented',
    actor: renderUser(world, comment.user),
  } satisfies Rest['timeline-comment-event'];
}
