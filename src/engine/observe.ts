/**
 * Observing: a look becomes what GitHub says now. Reads only; what it amounts to is decided under the lane's lock.
 * A look may ask for more looks, so that each stays small and is tried again by itself.
 */
import { randomUUID } from 'node:crypto';
import { taskUnder } from '../core/gate/commands.ts';
import { humanLabels } from '../core/ids.ts';
import { isEnlisted, type OfferedPull } from '../core/lane/enlisted.ts';
import { hashOfWords, type Look, readCommentSubject } from '../core/lane/look.ts';
import type { Observation, Permission, SeenCommand, SeenIssue } from '../core/lane/observation.ts';
import { isLive, type LaneState, mayGoOn, type PrerequisiteState, type Task } from '../core/lane/state.ts';
import type { LandedPull } from '../core/queue/reverting.ts';
import { mostTriedWith } from '../core/queue/tries.ts';
import { inAreas } from '../core/task/areas.ts';
import { makeSpec, referenceTo, type SpecReading } from '../core/task/specification.ts';
import { classifyFailure } from '../github/failure.ts';
import { fetchBlockedBy } from '../github/fetch-blocked-by.ts';
import { fetchComment } from '../github/fetch-comment.ts';
import { fetchIssue } from '../github/fetch-issue.ts';
import { fetchLabeller } from '../github/fetch-labeller.ts';
import { fetchPermission } from '../github/fetch-permission.ts';
import { fetchPull } from '../github/fetch-pull.ts';
import { fetchRef } from '../github/fetch-ref.ts';
import { fetchForcePushes } from '../github/fetch-reviews.ts';
import { fetchTextEdits, type TextEdit } from '../github/fetch-text-edits.ts';
import type { CommentSeen, IssueSeen } from '../github/observed.ts';
import { postReaction } from '../github/post-reaction.ts';
import { type DueLook, noteSeen } from '../ledger/looks.ts';
import { parseCommands } from '../protocol/commands.ts';
import { stripHidden } from '../protocol/hidden-text.ts';
import { type IssueForm, parseIssueForm } from '../protocol/issue-form.ts';
import { type Sighting, unticketed } from './advance.ts';
import type { LaneContext } from './context.ts';
import { observeAction } from './observe-action.ts';
import { observeChecksOf } from './observe-checks.ts';
import { observeDiff } from './observe-diff.ts';
import { observeFoundPull } from './observe-found-pull.ts';
import { observeOpinion, opinionLooks } from './observe-opinion.ts';
import { observePolicy } from './observe-policy.ts';
import { findOwned, observeReviews } from './observe-reviews.ts';
import { observeRun } from './observe-run.ts';
import { readLanded } from './open-revert.ts';
import { previewPolicy } from './policy-preview.ts';
import { readMoved } from './update-branch.ts';

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
  const known = ctx.lane.base_sha;
  if (sha === known) return { sightings: [seen(look, 'base', { kind: 'base', sha })], more: [] };
  const paths = known === null ? [] : await readMoved(ctx, known, sha);
  const more: Look[] = [{ kind: 'policy', subject: '' }];
  return { sightings: [seen(look, 'base', { kind: 'base', sha, paths })], more };
}

function prerequisiteState(issue: IssueSeen | null): PrerequisiteState {
  if (!issue) return 'missing';
  if (issue.open) return 'open';
  return issue.stateReason === 'not_planned' ? 'not-planned' : 'completed';
}

async function observePrerequisite(ctx: LaneContext, number: number): Promise<Observation> {
  const issue = await fetchIssue(ctx.client, ctx.repo, number);
  if (!issue?.isPullRequest || issue.open)
    return { kind: 'prerequisite', issue: number, state: prerequisiteState(issue) };
  // A PR that was closed without landing has done nothing of what was waited for.
  const pull = await fetchPull(ctx.client, ctx.repo, number);
  return { kind: 'prerequisite', issue: number, state: pull?.merged ? 'completed' : 'not-planned' };
}

async function withPermission(ctx: LaneContext, login: string): Promise<SeenIssue['author']> {
  return { login, permission: await fetchPermission(ctx.client, ctx.repo, login) };
}

/** What is not understood refuses the whole request: a half-read specification would start the wrong work. */
function readSpec(ctx: LaneContext, issue: IssueSeen, form: IssueForm): SpecReading {
  const repo = `${ctx.repo.owner}/${ctx.repo.name}`;
  const made = makeSpec({ ...form, title: stripHidden(issue.title).text, issue: issue.number, repo });
  const why = [...form.problems, ...(made.kind === 'refused' ? made.why : [])];
  return why.length > 0 ? { kind: 'refused', why } : made;
}

function hasLabel(issue: IssueSeen, label: string): boolean {
  // GitHub's label names differ in case from what people type, and mean the same.
  return issue.labels.some((each) => each.toLowerCase() === label);
}

type Requester = Pick<SeenIssue, 'labelledBy' | 'labelledAt' | 'author' | 'edits'>;

async function describeEdits(
  ctx: LaneContext,
  issue: IssueSeen,
  renames: readonly TextEdit[],
): Promise<SeenIssue['edits']> {
  const edits = await fetchTextEdits(ctx.client, ctx.repo, issue.number);
  if (edits === null) return null;
  const all = [...edits, ...renames].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const people = new Map<string, SeenIssue['author']>();
  for (const { login } of all) if (!people.has(login)) people.set(login, await withPermission(ctx, login));
  return all.flatMap(({ login, at }) => {
    const by = people.get(login);
    return by ? [{ by, at }] : [];
  });
}

/** @param isNews whether the text is not the one that was accepted: only then it matters who wrote it */
async function describeRequester(ctx: LaneContext, issue: IssueSeen, isNews: boolean): Promise<Requester> {
  const author = { login: issue.author, permission: 'none' as const };
  const labeller = await fetchLabeller(ctx.client, ctx.repo, issue.number, humanLabels.ready);
  switch (labeller.kind) {
    case 'known':
      return {
        labelledBy: await withPermission(ctx, labeller.login),
        labelledAt: labeller.at,
        edits: isNews ? await describeEdits(ctx, issue, labeller.renames) : null,
        author,
      };
    case 'not-seen-yet':
      return { labelledBy: 'not-seen-yet', labelledAt: null, edits: null, author };
    case 'no-events':
      return {
        labelledBy: null,
        labelledAt: null,
        edits: isNews ? await describeEdits(ctx, issue, []) : null,
        author: await withPermission(ctx, issue.author),
      };
    default:
      return labeller satisfies never;
  }
}

const unlabelled: Requester = {
  labelledBy: null,
  labelledAt: null,
  edits: null,
  author: { login: '', permission: 'none' },
};

async function describeIssue(ctx: LaneContext, issue: IssueSeen, task: Task | undefined): Promise<SeenIssue> {
  const ready = hasLabel(issue, humanLabels.ready);
  const full = `${ctx.repo.owner}/${ctx.repo.name}`.toLowerCase();
  const form = parseIssueForm(issue.body);
  const links = ready ? await fetchBlockedBy(ctx.client, ctx.repo, issue) : [];
  const elsewhere = links.filter((link) => link.repo.toLowerCase() !== full);
  const spec = readSpec(ctx, issue, form);
  const known = task && mayGoOn(task) ? inAreas(spec, task.areas) : null;
  const isNews = !(known?.kind === 'ok' && known.hash === task?.writtenHash);
  return {
    title: issue.title,
    open: issue.open,
    stateReason: issue.stateReason,
    ready,
    held: hasLabel(issue, humanLabels.hold),
    labels: issue.labels,
    ...(ready ? await describeRequester(ctx, issue, isNews) : unlabelled),
    spec,
    hidden: form.hidden,
    blockedBy: links
      .filter((link) => !elsewhere.includes(link))
      .map((link) => link.number)
      .sort((a, b) => a - b),
    blockedElsewhere: elsewhere.map((link) => referenceTo(link.repo, link.number)).sort(),
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
  if (issue?.isPullRequest) {
    if (state.tasks[number]) return nothing;
    const observation = await observePrerequisite(ctx, number);
    return { sightings: [seen(look, `prerequisite:${number}`, observation)], more: [] };
  }
  const asPrerequisite: Sighting = seen(look, `prerequisite:${number}`, {
    kind: 'prerequisite',
    issue: number,
    state: prerequisiteState(issue),
  });
  const described = issue ? await describeIssue(ctx, issue, state.tasks[number]) : null;
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
  const elsewhere =
    described?.ready && described.spec.kind === 'ok'
      ? [...described.spec.spec.dependsElsewhere, ...described.blockedElsewhere]
      : [];
  const isNewVersion = described?.edits != null && pull?.open === true;
  return {
    sightings: [
      ...asPull,
      asTask,
      ...(state.tasks[number] && issue?.open ? [] : [asPrerequisite]),
      ...prerequisites.map(unticketed),
    ],
    more: [
      ...elsewhere.map((reference): Look => ({ kind: 'elsewhere', subject: reference })),
      // A new version is judged anew.
      ...(isNewVersion ? [{ kind: 'pull' as const, subject: String(pull.number) }] : []),
    ],
    ...(described?.labelledBy === 'not-seen-yet' && !state.tasks[number] ? { isSettled: false } : {}),
  };
}

async function observePull(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  const number = Number(look.subject);
  const task = Object.values(state.tasks).find((each) => each.pull?.number === number);
  const pull = await fetchPull(ctx.client, ctx.repo, number);
  if (pull === null) await assertVisible(ctx);
  const preview: Look[] =
    pull?.open && pull.baseRef === ctx.lane.base ? [{ kind: 'policy', subject: pull.headSha }] : [];
  if (!task) {
    const found = pull ? await observeFoundPull(ctx, pull, state) : [];
    return { sightings: found, more: preview, isSettled: true };
  }
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
      ...preview,
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
async function observeComment(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
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

/** A prerequisite in another repository of the installation. */
async function observeElsewhere(ctx: LaneContext, look: DueLook): Promise<Observed> {
  const reference = look.subject;
  const [, owner = '', name = '', number = ''] = /^([^/]+)\/([^#]+)#(\d+)$/.exec(reference) ?? [];
  const issue = await fetchIssue(ctx.client, { owner, name }, Number(number));
  const observation: Observation = { kind: 'elsewhere', reference, state: prerequisiteState(issue) };
  return { sightings: [seen(look, `elsewhere:${reference}`, observation)], more: [] };
}

/** What GitHub says now about the subject of a look. `state` is only a hint for what is worth reading. */
export async function observe(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
  switch (look.kind) {
    case 'base':
      return observeBase(ctx, look);
    case 'policy':
      if (look.subject === '') return observePolicy(ctx, look, state);
      await previewPolicy(ctx, state, look.subject);
      return nothing;
    case 'issue':
      return observeIssue(ctx, look, state);
    case 'elsewhere':
      return observeElsewhere(ctx, look);
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
    case 'run':
      return observeRun(ctx, look, state);
    default:
      return look.kind satisfies never;
  }
}
