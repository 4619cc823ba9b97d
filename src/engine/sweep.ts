/**
 * The sweep: everything that webhooks tell, asked for. A lost webhook costs the time until the next sweep and
 * nothing else.
 */
import { humanLabels, type LaneAddress, type LaneKey } from '../core/ids.ts';
import { isEnlisted } from '../core/lane/enlisted.ts';
import { type Look, lookAtComment } from '../core/lane/look.ts';
import { elsewhereOf, isLive } from '../core/lane/state.ts';
import { fetchCommentsSince } from '../github/fetch-comment.ts';
import {
  fetchInstallationRepositories,
  fetchInstallations,
  fetchSeesRepository,
} from '../github/fetch-installations.ts';
import { fetchIssuesWithLabel } from '../github/fetch-issue.ts';
import {
  claimSweep,
  hasLane,
  keyOf,
  lanesOfInstallation,
  noteCommentsRead,
  openLane,
  pauseLane,
} from '../ledger/lanes.ts';
import { loadForReading, readClock } from '../ledger/load-lane.ts';
import { filterSeen, requestLooks } from '../ledger/looks.ts';
import { advance, unticketed } from './advance.ts';
import { type EngineContext, laneContext } from './context.ts';

/** Makes sure that the lane exists and knows its name; a renamed repository is noticed here. */
export async function ensureLane(engine: EngineContext, address: LaneAddress): Promise<LaneKey> {
  const { key, isCurrent } = await openLane(engine.db, address);
  if (!isCurrent) {
    const { owner, repo, base } = address;
    await advance(engine.db, key, [unticketed({ kind: 'lane', owner, repo, base })]);
    await requestLooks(engine.db, key, [
      { kind: 'policy', subject: '' },
      { kind: 'base', subject: '' },
    ]);
  }
  return key;
}

/**
 * The lane that an event speaks of; null when it would be a new one and GitHub does not confirm that this installation
 * sees this repository (S08): a lane of a wrong pair could never do anything, and would stand beside the right one.
 */
export async function laneOfEvent(engine: EngineContext, address: LaneAddress): Promise<LaneKey | null> {
  if (await hasLane(engine.db, address)) return ensureLane(engine, address);
  const client = engine.github.forInstallation(address.installationId);
  const repo = { owner: address.owner, name: address.repo };
  if (await fetchSeesRepository(client, repo, address.repoId)) return ensureLane(engine, address);
  engine.log.warn(
    { ...address },
    'an event of a repository that its installation does not see is not followed',
  );
  return null;
}

/** Comments can be seen late: reading starts this long before the last reading began. */
const commentOverlapMs = 60_000;

async function commentLooks(engine: EngineContext, key: LaneKey, at: string): Promise<Look[]> {
  const ctx = await laneContext(engine, key);
  const since =
    (ctx.lane.comments_since ?? new Date(Date.parse(at) - commentOverlapMs)).getTime() - commentOverlapMs;
  const comments = await fetchCommentsSince(ctx.client, ctx.repo, new Date(since).toISOString());
  const byPeople = comments.filter((comment) => !comment.authorIsBot && comment.body.includes('/'));
  const seen = await filterSeen(
    engine.db,
    key,
    byPeople.map((comment) => `comment:${comment.id}:0`),
  );
  return byPeople
    .filter((comment) => !seen.has(`comment:${comment.id}:0`))
    .map((comment) => lookAtComment(comment.id, null));
}

/** Everything in a lane that GitHub might have something new about. */
async function sweepLane(engine: EngineContext, key: LaneKey): Promise<void> {
  const at = await readClock(engine.db);
  const ctx = await laneContext(engine, key);
  const { state } = await loadForReading(engine.db, key);
  const labelled = await fetchIssuesWithLabel(ctx.client, ctx.repo, humanLabels.ready);
  const live = Object.values(state.tasks).filter(isLive);
  const numbers = new Set([
    ...labelled.map((issue) => issue.number),
    ...live.filter((task) => !isEnlisted(task)).map((task) => task.issue),
    ...Object.keys(state.prerequisites).map(Number),
    ...Object.keys(state.refusals).map(Number),
  ]);
  const looks: Look[] = [
    { kind: 'policy', subject: '' },
    { kind: 'base', subject: '' },
    ...(await commentLooks(engine, key, at)),
    ...[...numbers].map((number): Look => ({ kind: 'issue', subject: String(number) })),
    ...live.flatMap(elsewhereOf).map((reference): Look => ({ kind: 'elsewhere', subject: reference })),
    ...live.flatMap((task): Look[] =>
      task.pull ? [{ kind: 'pull', subject: String(task.pull.number) }] : [],
    ),
    ...live.flatMap(({ attempt }): Look[] =>
      attempt?.runId ? [{ kind: 'run', subject: String(attempt.runId) }] : [],
    ),
    ...Object.values(state.builds).flatMap((build): Look[] =>
      build.sha && build.state === 'testing' ? [{ kind: 'checks', subject: build.sha }] : [],
    ),
  ];
  await requestLooks(engine.db, key, looks);
  await noteCommentsRead(engine.db, key, at);
  await engine.jobs.wakeLane(engine.db, key);
}

async function sweepInstallation(engine: EngineContext, installationId: number): Promise<void> {
  const client = engine.github.forInstallation(installationId);
  const repositories = await fetchInstallationRepositories(client);
  const visible = new Set(repositories.map((repository) => repository.repoId));
  for (const lane of await lanesOfInstallation(engine.db, installationId)) {
    const gone = visible.has(lane.repo_id) ? null : 'the repository is no longer part of the installation';
    if (lane.paused !== gone) await pauseLane(engine.db, keyOf(lane), gone);
  }
  for (const repository of repositories.filter((each) => !each.archived)) {
    const { repoId, owner, name: repo, defaultBranch: base } = repository;
    const key = await ensureLane(engine, { installationId, repoId, owner, repo, base });
    if (await claimSweep(engine.db, key, engine.sweepMs)) await sweepLane(engine, key);
  }
}

/** Asks GitHub for every installation, repository and open task. One installation's failure leaves the others be. */
export async function sweep(engine: EngineContext): Promise<void> {
  const installations = await fetchInstallations(engine.github.asApp());
  for (const { installationId, suspended } of installations) {
    try {
      if (!suspended) await sweepInstallation(engine, installationId);
    } catch (error) {
      engine.log.warn({ installationId, problem: String(error) }, 'sweeping an installation failed');
    }
  }
}

/** Stops working on an installation that is gone or suspended; the next sweep that sees it again resumes it. */
export async function pauseInstallation(
  engine: EngineContext,
  installationId: number,
  reason: string,
): Promise<void> {
  for (const lane of await lanesOfInstallation(engine.db, installationId)) {
    await pauseLane(engine.db, keyOf(lane), reason);
  }
}
