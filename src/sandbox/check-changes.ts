import { announceCheckRun, announceCheckSuite } from './announce.ts';
import type { Actor } from './issue-changes.ts';
import type { Annotation, AppRecord, CheckRun, CheckStatus, CheckSuite, Repo, Sha } from './model.ts';
import { stampNow } from './model.ts';
import { suiteStatus } from './render-check.ts';
import type { World } from './world.ts';
import { grants, installationsOf } from './world.ts';

export interface CheckRunInput {
  name?: string | undefined;
  status?: CheckStatus | undefined;
  conclusion?: CheckRun['conclusion'] | undefined;
  externalId?: string | undefined;
  detailsUrl?: string | undefined;
  startedAt?: string | undefined;
  completedAt?: string | undefined;
  output?:
    | { title?: string | undefined; summary?: string | undefined; text?: string | undefined }
    | undefined;
  annotations?: Annotation[] | undefined;
  actions?: CheckRun['actions'] | undefined;
}

/** One suite per App and commit, as on GitHub. */
export function findOrCreateSuite(
  world: World,
  repo: Repo,
  app: AppRecord,
  sha: Sha,
  origin: { branch: string | null; before: Sha | null },
): { suite: CheckSuite; created: boolean } {
  const existing = repo.suites.find((suite) => suite.app === app && suite.headSha === sha);
  if (existing !== undefined) return { suite: existing, created: false };
  const at = stampNow();
  const suite: CheckSuite = {
    id: world.takeId(),
    repo,
    app,
    headSha: sha,
    headBranch: origin.branch,
    before: origin.before,
    createdAt: at,
    updatedAt: at,
    runs: [],
    restartedAfter: null,
  };
  repo.suites.push(suite);
  return { suite, created: true };
}

/** Each push makes a suite for every App that may write checks, and tells that App alone. */
export async function requestSuites(
  world: World,
  repo: Repo,
  push: { branch: string; before: Sha; after: Sha },
  actor: Actor,
): Promise<void> {
  for (const { app } of installationsOf(world, repo)) {
    if (!grants(app.permissions, 'checks', 'write')) continue;
    const { suite } = findOrCreateSuite(world, repo, app, push.after, push);
    await announceCheckSuite(world, suite, 'requested', actor.account);
  }
}

function branchAt(repo: Repo, sha: Sha): string | null {
  for (const [ref, at] of repo.refs)
    if (at === sha && ref.startsWith('refs/heads/')) return ref.slice('refs/heads/'.length);
  return null;
}

function applyInput(run: CheckRun, input: CheckRunInput): void {
  run.name = input.name ?? run.name;
  run.externalId = input.externalId ?? run.externalId;
  run.detailsUrl = input.detailsUrl ?? run.detailsUrl;
  run.startedAt = input.startedAt ?? run.startedAt;
  run.actions = input.actions ?? run.actions;
  run.annotations.push(...(input.annotations ?? []));
  if (input.output !== undefined)
    run.output = {
      title: input.output.title ?? run.output.title,
      summary: input.output.summary ?? run.output.summary,
      text: input.output.text ?? run.output.text,
    };
  // A conclusion completes the run, whatever status came with it.
  const concluded = input.conclusion !== undefined && input.conclusion !== null;
  run.status = concluded ? 'completed' : (input.status ?? run.status);
  run.conclusion = run.status === 'completed' ? (input.conclusion ?? run.conclusion) : null;
  run.completedAt = run.status === 'completed' ? (input.completedAt ?? run.completedAt ?? stampNow()) : null;
}

async function announceProgress(
  world: World,
  run: CheckRun,
  was: CheckStatus | null,
  actor: Actor,
): Promise<void> {
  run.suite.updatedAt = stampNow();
  if (was === null) announceCheckRun(world, run, 'created', actor.account);
  if (run.status !== 'completed' || was === 'completed') return;
  announceCheckRun(world, run, 'completed', actor.account);
  if (suiteStatus(run.suite).status === 'completed')
    await announceCheckSuite(world, run.suite, 'completed', actor.account);
}

export async function createCheckRun(
  world: World,
  repo: Repo,
  app: AppRecord,
  start: { sha: Sha; name: string } & CheckRunInput,
): Promise<CheckRun> {
  const origin = { branch: branchAt(repo, start.sha), before: null };
  const { suite } = findOrCreateSuite(world, repo, app, start.sha, origin);
  const run: CheckRun = {
    id: world.takeId(),
    suite,
    name: start.name,
    externalId: '',
    detailsUrl: null,
    status: 'queued',
    conclusion: null,
    startedAt: stampNow(),
    completedAt: null,
    output: { title: null, summary: null, text: null },
    annotations: [],
    actions: [],
  };
  applyInput(run, start);
  suite.runs.push(run);
  repo.runs.set(run.id, run);
  await announceProgress(world, run, null, { account: app.bot, via: app });
  return run;
}

export async function updateCheckRun(world: World, run: CheckRun, input: CheckRunInput): Promise<void> {
  const was = run.status;
  applyInput(run, input);
  const { app } = run.suite;
  await announceProgress(world, run, was, { account: app.bot, via: app });
}

/** Asks the run's App to run it again; GitHub leaves the old run as it is and only tells the App. */
export function rerequestCheckRun(world: World, run: CheckRun, actor: Actor): void {
  announceCheckRun(world, run, 'rerequested', actor.account);
}

/** `latest`: of each name in each suite only the newest run, as the list endpoints answer by default. */
export function latestRuns(runs: readonly CheckRun[]): CheckRun[] {
  const newest = new Map<string, CheckRun>();
  for (const run of runs) newest.set(`${run.suite.id}:${run.name}`, run);
  return runs.filter((run) => newest.get(`${run.suite.id}:${run.name}`) === run);
}
