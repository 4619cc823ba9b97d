// What happened to an issue or pull request, in order: comments, reviews and events.
import { html } from 'hono/html';
import type { Account, AppRecord, Comment, Issue, Reaction, Repo, Review, TimelineEvent } from '../model.ts';
import type { Html } from './link-text.ts';
import { renderMarkdown } from './markdown.ts';
import { commentMarkdown, labelChip, shaLink, timeOf, who } from './parts.ts';
import { reactionRow } from './reactions.ts';

interface Said {
  anchor: string;
  user: Account;
  via: AppRecord | null;
  what: Html | null;
  body: string | null;
  at: string;
  edited: boolean;
  reactions: readonly Reaction[];
}

function card(repo: Repo, said: Said): Html {
  const text =
    said.body === null || said.body.trim() === ''
      ? html`<p class="quiet">No text.</p>`
      : renderMarkdown(said.body, commentMarkdown(repo));
  return html`<li class="card" id="${said.anchor}"><div class="head"><span>${who(said.user, said.via)} ${said.what}</span>
<span><a class="quiet" href="#${said.anchor}">${timeOf(said.at)}</a>${said.edited ? ' · edited' : null}</span></div>
<div class="body">${text}${reactionRow(said.reactions)}</div></li>`;
}

function opening(issue: Issue): Html {
  return card(issue.repo, {
    anchor: 'description',
    user: issue.user,
    via: issue.via,
    what: html`opened this`,
    body: issue.body,
    at: issue.createdAt,
    edited: false,
    reactions: issue.reactions,
  });
}

function commentCard(repo: Repo, comment: Comment): Html {
  return card(repo, {
    anchor: `issuecomment-${comment.id}`,
    user: comment.user,
    via: comment.via,
    what: null,
    body: comment.body,
    at: comment.createdAt,
    edited: comment.updatedAt !== comment.createdAt,
    reactions: comment.reactions,
  });
}

const REVIEWED: Record<Review['state'], string> = {
  APPROVED: 'approved',
  CHANGES_REQUESTED: 'asked for changes in',
  COMMENTED: 'reviewed',
  DISMISSED: 'reviewed (since dismissed)',
  PENDING: 'began to review',
};

function reviewCard(repo: Repo, review: Review): Html {
  return card(repo, {
    anchor: `pullrequestreview-${review.id}`,
    user: review.user,
    via: null,
    what: html`${REVIEWED[review.state]} ${shaLink(repo, review.commitId)}`,
    body: review.body,
    at: review.submittedAt,
    edited: false,
    reactions: [],
  });
}

function describeEvent(repo: Repo, entry: TimelineEvent): Html {
  const commit = entry.commitId === null ? null : shaLink(repo, entry.commitId);
  switch (entry.event) {
    case 'labeled':
      return html`added the label ${entry.label === undefined ? null : labelChip(entry.label)}`;
    case 'unlabeled':
      return html`removed the label ${entry.label === undefined ? null : labelChip(entry.label)}`;
    case 'closed':
      return commit === null ? html`closed this` : html`closed this with ${commit}`;
    case 'reopened':
      return html`reopened this`;
    case 'assigned':
      return html`assigned ${entry.assignee === undefined ? null : who(entry.assignee)}`;
    case 'unassigned':
      return html`unassigned ${entry.assignee === undefined ? null : who(entry.assignee)}`;
    case 'renamed':
      return html`changed the title from <q>${entry.rename?.from}</q> to <q>${entry.rename?.to}</q>`;
    case 'merged':
      return html`merged this as ${commit}`;
    case 'head_ref_deleted':
      return html`deleted the branch`;
    case 'head_ref_force_pushed':
      return html`force-pushed the branch to ${commit}`;
    case 'ready_for_review':
      return html`marked this as ready for review`;
    case 'convert_to_draft':
      return html`made this a draft`;
    case 'review_requested':
      return html`asked ${entry.reviewer === undefined ? null : who(entry.reviewer)} for a review`;
    default:
      return entry.event satisfies never;
  }
}

function eventLine(repo: Repo, entry: TimelineEvent): Html {
  return html`<li class="event">${who(entry.actor, entry.via)} ${describeEvent(repo, entry)} · ${timeOf(entry.createdAt)}</li>`;
}

/** The description and all that followed. Ids grow with time, so they order what one second holds. */
export function storyList(issue: Issue): Html {
  const { repo } = issue;
  const entries = [
    ...issue.comments.map((one) => ({ id: one.id, view: commentCard(repo, one) })),
    ...(issue.pull?.reviews ?? []).map((one) => ({ id: one.id, view: reviewCard(repo, one) })),
    ...issue.timeline.map((one) => ({ id: one.id, view: eventLine(repo, one) })),
  ].sort((a, b) => a.id - b.id);
  return html`<ol class="story">${opening(issue)}${entries.map(({ view }) => view)}</ol>`;
}
