/** Observing issues: what is asked for, who asked, and who has changed it since. */
import { randomUUID } from 'node:crypto';
import { taskUnder } from '../core/gate/commands.ts';
import { humanLabels } from '../core/ids.ts';
import type { Look } from '../core/lane/look.ts';
import type { Observation, SeenIssue } from '../core/lane/observation.ts';
import { type LaneState, mayGoOn, type PrerequisiteState, type Task } from '../core/lane/state.ts';
import { inAreas } from '../core/task/areas.ts';
import { makeSpec, referenceTo, type SpecReading } from '../core/task/specification.ts';
import { fetchBlockedBy } from '../github/fetch-blocked-by.ts';
import { fetchIssue } from '../github/fetch-issue.ts';
import { fetchLabeller } from '../github/fetch-labeller.ts';
import { fetchPermission } from '../github/fetch-permission.ts';
import { fetchPull } from '../github/fetch-pull.ts';
import { fetchRef } from '../github/fetch-ref.ts';
import { fetchForcePushes } from '../github/fetch-reviews.ts';
import { fetchTextEdits, type TextEdit } from '../github/fetch-text-edits.ts';
import type { IssueSeen } from '../github/observed.ts';
import type { DueLook } from '../ledger/looks.ts';
import { stripHidden } from '../protocol/hidden-text.ts';
import { type IssueForm, parseIssueForm } from '../protocol/issue-form.ts';
import { type Sighting, unticketed } from './advance.ts';
import type { LaneContext } from './context.ts';
import { nothing, type Observed, seen } from './observed.ts';

export function prerequisiteState(issue: IssueSeen | null): PrerequisiteState {
  if (!issue) return 'missing';
  if (issue.open) return 'open';
  return issue.stateReason === 'not_planned' ? 'not-planned' : 'completed';
}

export async function observePrerequisite(ctx: LaneContext, number: number): Promise<Observation> {
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
export async function assertVisible(ctx: LaneContext): Promise<void> {
  if ((await fetchRef(ctx.client, ctx.repo, `heads/${ctx.lane.base}`)) !== null) return;
  throw new Error(
    `${ctx.repo.owner}/${ctx.repo.name} cannot be seen: nothing is concluded from what is missing there`,
  );
}

export async function observeIssue(ctx: LaneContext, look: DueLook, state: LaneState): Promise<Observed> {
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

/** The PR as it is now, so that an approval is bound to the head that is there when it is carried out. */
export async function observeHead(
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
