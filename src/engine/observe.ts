/**
 * Observing: a look becomes what GitHub says now. Reads only; what it amounts to is decided under the lane's lock.
 * A look may ask for more looks, so that each stays small and is tried again by itself.
 */
import { randomUUID } from 'node:crypto';
import { taskUnder } from '../core/gate/commands.ts';
import { humanLabels } from '../core/ids.ts';
import { hashOfWords, type Look, readCommentSubject } from '../core/lane/look.ts';
import type { Observation, SeenCommand, SeenIssue } from '../core/lane/observation.ts';
import { isLive, type LaneState, type PrerequisiteState } from '../core/lane/state.ts';
import { makeSpec, type SpecReading } from '../core/task/specification.ts';
import { fetchBlockedBy } from '../github/fetch-blocked-by.ts';
import { fetchComment } from '../github/fetch-comment.ts';
import { fetchIssue } from '../github/fetch-issue.ts';
import { fetchLabeller } from '../github/fetch-labeller.ts';
import { fetchPermission } from '../github/fetch-permission.ts';
import { fetchPull } from '../github/fetch-pull.ts';
import { fetchRef } from '../github/fetch-ref.ts';
import { fetchForcePushes } from '../github/fetch-reviews.ts';
import type { BlockedBy, CommentSeen, IssueSeen } from '../github/observed.ts';
import { postReaction } from '../github/post-reaction.ts';
import type { DueLook } from '../ledger/looks.ts';
import { type Command, commandTable } from '../protocol/command-table.ts';
import { parseCommands } from '../protocol/commands.ts';
import { stripHidden } from '../protocol/hidden-text.ts';
import { type IssueForm, parseIssueForm } from '../protocol/issue-form.ts';
import { type Sighting, unticketed } from './advance.ts';
import type { LaneContext } from './context.ts';
import { observeAction } from './observe-action.ts';
import { observeChecksOf } from './observe-checks.ts';
import { observeDiff } from './observe-diff.ts';
import { observeOpinion, opinionLooks } from './observe-opinion.ts';
import { observePolicy } from './observe-policy.ts';
import { findOwned, observeReviews } from './observe-reviews.ts';

export interface Observed {
  sightings: Sighting[];
  more: Look[];
  /** Whether GitHub has shown what there was to see; absent: when it was something new. */
  isSettled?: boolean;
}

const nothing: Observed = { sightings: [], more: [], isSettled: true };

function seen(look: DueLook, subject: string, observation: Observation): Sighting {
  return { observation, read: { subject, ticket: look.ticket } };
}

async function observeBase(ctx: LaneContext, look: DueLook): Promise<Observed> {
  const sha = await fetchRef(ctx.client, ctx.repo, `heads/${ctx.lane.base}`);
  if (sha === null) return nothing;
  const more: Look[] = sha === ctx.lane.base_sha ? [] : [{ kind: 'policy', subject: '' }];
  return { sightings: [seen(look, 'base', { kind: 'base', sha })], more };
}

function prerequisiteState(issue: IssueSeen | null): PrerequisiteState {
  if (!issue) return 'missing';
  if (issue.open) return 'open';
  return issue.stateReason === 'not_planned' ? 'not-planned' : 'completed';
}

async function observePrerequisite(ctx: LaneContext, number: number): Promise<Observation> {
  const issue = await fetchIssue(ctx.client, ctx.repo, number);
  return { kind: 'prerequisite', issue: number, state: prerequisiteState(issue) };
}

async function withPermission(ctx: LaneContext, login: string): Promise<SeenIssue['author']> {
  return { login, permission: await fetchPermission(ctx.client, ctx.repo, login) };
}

/** What is not understood refuses the whole request: a half-read specification would start the wrong work. */
function readSpec(
  ctx: LaneContext,
  issue: IssueSeen,
  form: IssueForm,
  elsewhere: readonly BlockedBy[],
): SpecReading {
  const repo = `${ctx.repo.owner}/${ctx.repo.name}`;
  const made = makeSpec({ ...form, title: stripHidden(issue.title).text, issue: issue.number, repo });
  const why = [
    ...form.problems,
    ...elsewhere.map(
      (link) =>
        `It is blocked by ${link.repo}#${link.number}, and prerequisites in other repositories do not work yet.`,
    ),
    ...(made.kind === 'refused' ? made.why : []),
  ];
  return why.length > 0 ? { kind: 'refused', why } : made;
}

function hasLabel(issue: IssueSeen, label: string): boolean {
  // GitHub's label names differ in case from what people type, and mean the same.
  return issue.labels.some((each) => each.toLowerCase() === label);
}

async function describeRequester(
  ctx: LaneContext,
  issue: IssueSeen,
): Promise<Pick<SeenIssue, 'labelledBy' | 'author'>> {
  const author = { login: issue.author, permission: 'none' as const };
  const labeller = await fetchLabeller(ctx.client, ctx.repo, issue.number, humanLabels.ready);
  switch (labeller.kind) {
    case 'known':
      return { labelledBy: await withPermission(ctx, labeller.login), author };
    case 'not-seen-yet':
      return { labelledBy: 'not-seen-yet', author };
    case 'no-events':
      return { labelledBy: null, author: await withPermission(ctx, issue.author) };
    default:
      return labeller satisfies never;
  }
}

async function describeIssue(ctx: LaneContext, issue: IssueSeen): Promise<SeenIssue> {
  const ready = hasLabel(issue, humanLabels.ready);
  const full = `${ctx.repo.owner}/${ctx.repo.name}`.toLowerCase();
  const form = parseIssueForm(issue.body);
  const links = ready ? await fetchBlockedBy(ctx.client, ctx.repo, issue.number) : [];
  const elsewhere = links.filter((link) => link.repo.toLowerCase() !== full);
  const requester: Pick<SeenIssue, 'labelledBy' | 'author'> = ready
    ? await describeRequester(ctx, issue)
    : { labelledBy: null, author: { login: issue.author, permission: 'none' } };
  return {
    title: issue.title,
    open: issue.open,
    stateReason: issue.stateReason,
    ready,
    held: hasLabel(issue, humanLabels.hold),
    ...requester,
    spec: readSpec(ctx, issue, form, elsewhere),
    hidden: form.hidden,
    blockedBy: links
      .filter((link) => !elsewhere.includes(link))
      .map((link) => link.number)
      .sort((a, b) => a - b),
  };
}

/** A repository that we cannot see any more answers like one whose issues are gone; only the latter is news. */
async function assertVisible(ctx: LaneContext): Promise<void> {
  if ((await fetchRef(ctx.client, ctx.repo, `heads/${ctx.lane.base}`)) !== null) return;
  throw new Error(
    `${ctx.repo.owner}/${ctx.repo.name} cannot be seen: nothing is concluded from what is missing there`,
  );
}

async function observeIssue(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  const number = Number(look.subject);
  const issue = await fetchIssue(ctx.client, ctx.repo, number);
  if (issue === null) await assertVisible(ctx);
  if (issue?.isPullRequest) return nothing;
  const asPrerequisite: Sighting = seen(look, `prerequisite:${number}`, {
    kind: 'prerequisite',
    issue: number,
    state: prerequisiteState(issue),
  });
  const described = issue ? await describeIssue(ctx, issue) : null;
  const asTask = seen(look, `issue:${number}`, {
    kind: 'issue',
    issue: number,
    seen: described,
    correlationId: randomUUID(),
  });
  const named =
    described?.ready && described.spec.kind === 'ok'
      ? [...described.spec.spec.dependsOn, ...described.blockedBy]
      : [];
  // A merged PR closes its issue: what became of the PR says whether that was the end or a cancellation.
  const pull = state.tasks[number]?.pull;
  const asPull = pull?.open && !issue?.open ? await observeHead(ctx, look, state, pull.number) : [];
  const others = [...new Set(named)].filter((other) => other !== number && !state.tasks[other]);
  const prerequisites = await Promise.all(others.map((other) => observePrerequisite(ctx, other)));
  return {
    sightings: [
      ...asPull,
      asTask,
      ...(state.tasks[number] && issue?.open ? [] : [asPrerequisite]),
      ...prerequisites.map(unticketed),
    ],
    more: [],
    ...(described?.labelledBy === 'not-seen-yet' && !state.tasks[number] ? { isSettled: false } : {}),
  };
}

async function observePull(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  const number = Number(look.subject);
  const task = Object.values(state.tasks).find((each) => each.pull?.number === number);
  if (!task) return nothing;
  const pull = await fetchPull(ctx.client, ctx.repo, number);
  if (pull === null) await assertVisible(ctx);
  if (!pull?.open || !isLive(task)) {
    const closed = seen(look, `pull:${number}`, { kind: 'pull', issue: task.issue, seen: pull });
    return { sightings: [closed], more: [] };
  }
  const reviews = await observeReviews(ctx, task, pull);
  const diff = await observeDiff(ctx, state, task, pull);
  const { forcePushes } = reviews;
  const asPull = seen(look, `pull:${number}`, {
    kind: 'pull',
    issue: task.issue,
    seen: { ...pull, base: pull.baseRef, ...(forcePushes === null ? {} : { forcePushes }) },
  });
  return {
    sightings: [asPull, ...diff, seen(look, `reviews:${number}`, reviews.observation)],
    more: [
      { kind: 'checks', subject: pull.headSha },
      ...opinionLooks(task, state),
      // Who speaks for the owners is known once the diff has been judged.
      ...(diff.length > 0 ? [{ kind: 'pull' as const, subject: look.subject }] : []),
    ],
  };
}

async function observeChecks(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  const checks = await observeChecksOf(ctx, state, look.subject);
  return checks === null ? nothing : { sightings: [seen(look, `checks:${look.subject}`, checks)], more: [] };
}

function commandSeen(command: Command, index: number): SeenCommand {
  switch (command.kind) {
    case 'approve':
      return { index, name: 'approve', sha: command.sha };
    case 'escalate':
      return { index, name: 'escalate', why: command.why };
    case 'override':
      return { index, name: 'override', rule: command.rule, why: command.why };
    case 'unapprove':
    case 'status':
    case 'help':
      return { index, name: command.kind };
    default:
      return { index, name: 'not-yet', typed: command.kind, needs: commandTable[command.kind].who };
  }
}

/** The PR as it is now, so that an approval is bound to the head that is there when it is carried out. */
async function observeHead(
  ctx: LaneContext,
  look: DueLook,
  state: LaneState,
  number: number,
): Promise<Sighting[]> {
  const task = taskUnder(state, number);
  if (!task) return [];
  const pull = await fetchPull(ctx.client, ctx.repo, number);
  const pushes = pull?.open ? await fetchForcePushes(ctx.client, ctx.repo, number) : null;
  const known = pull && { ...pull, base: pull.baseRef, ...(pushes ? { forcePushes: pushes.length } : {}) };
  return [seen(look, `pull:${number}`, { kind: 'pull', issue: task.issue, seen: known })];
}

/** An edit could put words into somebody's mouth, so an edited comment commands nothing. GitHub tells seconds only. */
function isEdited(comment: CommentSeen, hash: string | null): boolean {
  return comment.updatedAt !== comment.createdAt || (hash !== null && hash !== hashOfWords(comment.body));
}

/** Commands count in new comments by people; a comment that is gone again is not carried out. */
async function observeComment(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  const { id, hash } = readCommentSubject(look.subject);
  const comment = await fetchComment(ctx.client, ctx.repo, id);
  if (!comment) return { ...nothing, isSettled: false };
  if (comment.authorIsBot || isEdited(comment, hash)) return nothing;
  const reading = parseCommands(comment.body);
  const typed: SeenCommand[] = [
    ...reading.commands.map((command, index) => commandSeen(command, index)),
    ...reading.unknown.map((unknown, index) => ({
      index: reading.commands.length + index,
      name: 'unknown' as const,
      typed: unknown.text,
      suggestion: unknown.suggestion,
    })),
  ];
  if (reading.ignored > 0) typed.push({ index: typed.length, name: 'too-many', count: reading.ignored });
  if (typed.length === 0) return nothing;
  await postReaction(ctx.client, ctx.repo, comment.id, 'eyes');
  const permission = await fetchPermission(ctx.client, ctx.repo, comment.author);
  const pull = taskUnder(state, comment.issue)?.pull?.number ?? null;
  const head = pull === null ? [] : await observeHead(ctx, look, state, pull);
  const task = taskUnder(state, comment.issue);
  const isApproval = typed.some(({ name }) => name === 'approve');
  const owns = task && isApproval ? await findOwned(ctx, task, comment.author) : [];
  const commands = typed.map(
    (command): Sighting => ({
      observation: {
        kind: 'command',
        comment: comment.id,
        under: comment.issue,
        command,
        by: comment.author,
        permission,
        owns,
      },
      // Always the same ticket: a command is carried out once, however often its comment is read.
      read: { subject: `comment:${comment.id}:${command.index}`, ticket: 1 },
    }),
  );
  return {
    sightings: [...head, ...commands],
    more: pull === null ? [] : [{ kind: 'pull', subject: String(pull) }],
    isSettled: true,
  };
}

/** What GitHub says now about the subject of a look. `state` is only a hint for what is worth reading. */
export async function observe(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  switch (look.kind) {
    case 'base':
      return observeBase(ctx, look);
    case 'policy':
      return observePolicy(ctx, look, state);
    case 'issue':
      return observeIssue(ctx, look, state);
    case 'pull':
      return observePull(ctx, look, state);
    case 'checks':
      return observeChecks(ctx, look, state);
    case 'comment':
      return observeComment(ctx, look, state);
    case 'action':
      return observeAction(ctx, look, state);
    case 'opinion':
      return observeOpinion(ctx, look, state);
    default:
      return look.kind satisfies never;
  }
}
