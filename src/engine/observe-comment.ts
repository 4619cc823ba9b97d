/** Observing comments: the commands in them, and what these need to know. */
import { randomUUID } from 'node:crypto';
import { taskUnder } from '../core/gate/commands.ts';
import { isEnlisted, type OfferedPull } from '../core/lane/enlisted.ts';
import { hashOfWords, type Look, readCommentSubject } from '../core/lane/look.ts';
import type { Permission, SeenCommand } from '../core/lane/observation.ts';
import { isLive, type LaneState } from '../core/lane/state.ts';
import type { LandedPull } from '../core/queue/reverting.ts';
import { mostTriedWith } from '../core/queue/tries.ts';
import { referenceTo } from '../core/task/specification.ts';
import { classifyFailure } from '../github/failure.ts';
import { fetchComment } from '../github/fetch-comment.ts';
import { fetchPermission } from '../github/fetch-permission.ts';
import { fetchPull } from '../github/fetch-pull.ts';
import type { CommentSeen } from '../github/observed.ts';
import { postReaction } from '../github/post-reaction.ts';
import { type DueLook, noteSeen } from '../ledger/looks.ts';
import { parseCommands } from '../protocol/commands.ts';
import { stripHidden } from '../protocol/hidden-text.ts';
import type { Sighting } from './advance.ts';
import type { LaneContext } from './context.ts';
import { observeHead, observeIssue } from './observe-issue.ts';
import { findOwned } from './observe-reviews.ts';
import { nothing, type Observed } from './observed.ts';
import { readLanded } from './open-revert.ts';

/** An edit could put words into somebody's mouth, so an edited comment commands nothing. GitHub tells seconds only. */
function isEdited(comment: CommentSeen, hash: string | null): boolean {
  return comment.updatedAt !== comment.createdAt || (hash !== null && hash !== hashOfWords(comment.body));
}

/** A text that waits for somebody's word is read again first, so that the word is about what is there now. */
async function observeText(
  ctx: LaneContext,
  look: DueLook,
  state: LaneState,
  under: number,
): Promise<Sighting[]> {
  if (!state.tasks[under]?.suspension) return [];
  const subject = String(under);
  return (await observeIssue(ctx, { ...look, kind: 'issue', subject }, state)).sightings;
}

/** What a command names and the lane may not know yet. */
function looksFor(ctx: LaneContext, command: SeenCommand): Look[] {
  if (command.name !== 'depends') return [];
  const here = `${ctx.repo.owner}/${ctx.repo.name}`.toLowerCase();
  return command.issues.map(({ repo, number }): Look => {
    const isHere = repo === null || repo.toLowerCase() === here;
    return isHere
      ? { kind: 'issue', subject: String(number) }
      : { kind: 'elsewhere', subject: referenceTo(repo, number) };
  });
}

/** How often GitHub is asked what a person may do before the command is answered without knowing. */
const mostQuestions = 4;

async function askPermission(
  ctx: LaneContext,
  look: DueLook,
  login: string,
): Promise<Permission | 'unknown'> {
  try {
    return await fetchPermission(ctx.client, ctx.repo, login);
  } catch (error) {
    const isForGood = classifyFailure(error).kind === 'refused';
    if (!isForGood && look.tries + 1 < mostQuestions) throw error;
    return 'unknown';
  }
}

/**
 * Read, and no command in it. The sweep does not know what a comment said when it was written, and could not tell an
 * edit within the same second: it reads this one no more (S13).
 */
async function leaveAlone(ctx: LaneContext, id: number): Promise<Observed> {
  await noteSeen(ctx.db, ctx.key, `comment:${id}:0`, 1);
  return nothing;
}

/** The PR under which a command was typed, where it is open, comes to this lane, and no live task has it. */
async function offerPull(ctx: LaneContext, state: LaneState, under: number): Promise<OfferedPull | null> {
  const task = taskUnder(state, under);
  if (task && (isLive(task) || !isEnlisted(task))) return null;
  const pull = await fetchPull(ctx.client, ctx.repo, under);
  if (!pull?.open || pull.baseRef !== ctx.lane.base) return null;
  const { number, title, author, headSha, draft } = pull;
  const isHere = pull.headRepoFullName?.toLowerCase() === `${ctx.repo.owner}/${ctx.repo.name}`.toLowerCase();
  return {
    number,
    title: stripHidden(title).text,
    author,
    headSha,
    draft,
    ...(isHere ? { branch: pull.headRef } : {}),
    correlationId: randomUUID(),
  };
}

/** The open PRs to this lane's base that a command names. */
async function readNamed(
  ctx: LaneContext,
  command: SeenCommand,
): Promise<{ number: number; headSha: string }[]> {
  if (command.name !== 'try') return [];
  const named = [...new Set(command.pulls)].slice(0, mostTriedWith);
  const pulls = await Promise.all(named.map((number) => fetchPull(ctx.client, ctx.repo, number)));
  return pulls.flatMap((pull) =>
    pull?.open && pull.baseRef === ctx.lane.base ? [{ number: pull.number, headSha: pull.headSha }] : [],
  );
}

async function landedOf(ctx: LaneContext, command: SeenCommand): Promise<{ landed?: LandedPull }> {
  if (command.name !== 'revert') return {};
  const landed = await readLanded(ctx, command.pull);
  return landed ? { landed } : {};
}

/** Commands count in new comments by people; a comment that is gone again is not carried out. */
export async function observeComment(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  const { id, hash } = readCommentSubject(look.subject);
  const comment = await fetchComment(ctx.client, ctx.repo, id);
  if (!comment) {
    ctx.log.info({ comment: id }, 'a comment was gone before it was read: nothing in it is carried out');
    return { ...nothing, isSettled: false };
  }
  if (comment.authorIsBot || isEdited(comment, hash)) return leaveAlone(ctx, id);
  const reading = parseCommands(comment.body);
  const typed: SeenCommand[] = [
    ...reading.commands.map((command, index) => ({ index, ...command })),
    ...reading.unknown.map((unknown, index) => ({
      index: reading.commands.length + index,
      name: 'unknown' as const,
      typed: unknown.text,
      suggestion: unknown.suggestion,
    })),
  ];
  if (reading.ignored > 0) typed.push({ index: typed.length, name: 'too-many', count: reading.ignored });
  if (typed.length === 0) return leaveAlone(ctx, id);
  await postReaction(ctx.client, ctx.repo, comment.id, 'eyes');
  const permission = await askPermission(ctx, look, comment.author);
  const pull = taskUnder(state, comment.issue)?.pull?.number ?? null;
  const head = pull === null ? [] : await observeHead(ctx, look, state, pull);
  const offered = await offerPull(ctx, state, comment.issue);
  const task = taskUnder(state, comment.issue);
  const isApproval = typed.some(({ name }) => name === 'approve' || name === 'retry');
  const owns = task && isApproval ? await findOwned(ctx, task, comment.author) : [];
  const text = await observeText(ctx, look, state, comment.issue);
  const commands = typed.map(
    async (command): Promise<Sighting> => ({
      observation: {
        kind: 'command',
        comment: comment.id,
        under: comment.issue,
        command,
        by: comment.author,
        permission,
        owns,
        writtenAt: comment.createdAt,
        ...(offered ? { offered } : {}),
        named: await readNamed(ctx, command),
        ...(await landedOf(ctx, command)),
      },
      // Always the same ticket: a command is carried out once, however often its comment is read.
      read: { subject: `comment:${comment.id}:${command.index}`, ticket: 1 },
    }),
  );
  return {
    sightings: [...head, ...text, ...(await Promise.all(commands))],
    more: [
      ...(pull === null && !offered
        ? []
        : [{ kind: 'pull' as const, subject: String(pull ?? comment.issue) }]),
      ...typed.flatMap((command) => looksFor(ctx, command)),
    ],
    isSettled: true,
  };
}
