// GitHub Actions as others see it: runs that were asked for, their webhooks and their tokens. What a run does is up to
// whoever registers for it; nothing is executed here.
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWK, SignJWT } from 'jose';
import { parse } from 'yaml';
import { z } from 'zod';
import { announce } from './announce.ts';
import { ApiError, notFound } from './api-error.ts';
import { issueInstallationToken } from './auth.ts';
import { installApp } from './installation-changes.ts';
import type { Account, AppRecord, Repo, Sha } from './model.ts';
import { nodeId, stampNow } from './model.ts';
import { findEntry, loadCommit } from './objects.ts';
import { renderUser } from './render-user.ts';
import { resolveCommitish } from './resolve.ts';
import type { World } from './world.ts';
import { htmlUrl, repoUrl } from './world.ts';

export type RunConclusion =
  | 'success'
  | 'failure'
  | 'cancelled'
  | 'timed_out'
  | 'skipped'
  | 'action_required'
  | 'startup_failure';

export interface WorkflowRun {
  id: number;
  repo: Repo;
  /** Name of the file below `.github/workflows/`. */
  workflow: string;
  title: string;
  event: 'workflow_dispatch' | 'push' | 'pull_request';
  inputs: Readonly<Record<string, string>>;
  branch: string;
  headSha: Sha;
  actor: Account;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: RunConclusion | null;
  createdAt: string;
  updatedAt: string;
}

/** https://docs.github.com/en/actions/reference/security/oidc : what a job's token says about it. */
type OidcClaims = Record<string, string | number>;

export interface Actions {
  runs(): readonly WorkflowRun[];
  /** Called for each run that is asked for; it is queued until somebody moves it. */
  onRun: (run: WorkflowRun) => void;
  /** A run that a push or a pull request has started; who started it is the repository's owner. */
  add(wanted: {
    repo: string;
    workflow: string;
    event: 'push' | 'pull_request';
    branch: string;
    sha: Sha;
  }): Promise<WorkflowRun>;
  start(run: WorkflowRun): Promise<void>;
  finish(run: WorkflowRun, conclusion: RunConclusion): Promise<void>;
  /** A job's OIDC token; `changes` forges claims, `null` leaves one out. */
  oidcToken(
    run: WorkflowRun,
    audience: string,
    changes?: Record<string, string | number | null>,
  ): Promise<string>;
  /** The job's `GITHUB_TOKEN` with these permissions. */
  githubToken(run: WorkflowRun, permissions: Record<string, string>): string;
}

const FOLDER = '.github/workflows';
const SLUG = 'github-actions';

const WorkflowFile = z.object({
  'run-name': z.string().optional(),
  name: z.string().optional(),
  on: z.object({
    workflow_dispatch: z
      .object({
        inputs: z.record(z.string(), z.object({ required: z.boolean().optional() }).loose()).optional(),
      })
      .loose()
      .nullable(),
  }),
});

/** The workflow file at a branch; 404 when there is none, 422 when it cannot be dispatched. */
async function readWorkflow(repo: Repo, file: string, ref: string) {
  const commit = await resolveCommitish(repo, ref);
  if (commit === null) throw new ApiError(422, `No ref found for: ${ref}`);
  const entry = await findEntry(repo, commit.tree, `${FOLDER}/${file}`);
  if (entry === null) throw notFound();
  const text = (await repo.objects.read(entry.sha))?.body.toString('utf8') ?? '';
  const workflow = WorkflowFile.safeParse(parse(text));
  if (!workflow.success) throw new ApiError(422, "Workflow does not have 'workflow_dispatch' trigger");
  return { commit, workflow: workflow.data };
}

function checkInputs(
  declared: Record<string, { required?: boolean | undefined }>,
  given: Record<string, string>,
): void {
  const unexpected = Object.keys(given).filter((name) => !(name in declared));
  if (unexpected.length > 0)
    throw new ApiError(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
  for (const [name, { required }] of Object.entries(declared))
    if (required && (given[name] ?? '') === '')
      throw new ApiError(422, `Required input '${name}' not provided`);
}

/** The few expressions that a run's name is made of. */
function fillIn(template: string, inputs: Record<string, string>): string {
  return template.replace(
    /\$\{\{\s*(?:github\.event\.)?inputs\.([\w-]+)\s*\}\}/g,
    (_, name: string) => inputs[name] ?? '',
  );
}

export async function dispatchWorkflow(
  world: World,
  repo: Repo,
  wanted: { file: string; ref: string; inputs: Record<string, string>; actor: Account },
): Promise<WorkflowRun> {
  const branch = wanted.ref.replace(/^refs\/heads\//, '');
  const { commit, workflow } = await readWorkflow(repo, wanted.file, branch);
  checkInputs(workflow.on.workflow_dispatch?.inputs ?? {}, wanted.inputs);
  const at = stampNow();
  const run: WorkflowRun = {
    id: world.takeId(),
    repo,
    workflow: wanted.file,
    event: 'workflow_dispatch',
    title: fillIn(workflow['run-name'] ?? workflow.name ?? wanted.file, wanted.inputs),
    inputs: wanted.inputs,
    branch,
    headSha: commit.sha,
    actor: wanted.actor,
    status: 'queued',
    conclusion: null,
    createdAt: at,
    updatedAt: at,
  };
  world.book.workflowRuns.set(run.id, run);
  await announceRun(world, run, 'requested');
  world.book.onRun(run);
  return run;
}

/** Moves a run on; one that is completed stays as it is. */
export async function moveRun(
  world: World,
  run: WorkflowRun,
  to: RunConclusion | 'in_progress',
): Promise<void> {
  if (run.status === 'completed') return;
  run.status = to === 'in_progress' ? 'in_progress' : 'completed';
  run.conclusion = to === 'in_progress' ? null : to;
  run.updatedAt = stampNow();
  await announceRun(world, run, run.status);
}

export async function renderRun(world: World, run: WorkflowRun) {
  const { repo, id } = run;
  const url = repoUrl(world, repo, `/actions/runs/${id}`);
  const commit = await loadCommit(repo, run.headSha);
  return {
    id,
    node_id: nodeId('CheckSuite', id),
    name: run.workflow,
    display_title: run.title,
    path: `${FOLDER}/${run.workflow}@${run.branch}`,
    head_branch: run.branch,
    head_sha: run.headSha,
    run_number: id,
    run_attempt: 1,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: workflowId(run),
    url,
    html_url: htmlUrl(world, repo, `/actions/runs/${id}`),
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    run_started_at: run.createdAt,
    actor: renderUser(world, run.actor),
    triggering_actor: renderUser(world, run.actor),
    pull_requests: [],
    cancel_url: `${url}/cancel`,
    head_commit: { id: run.headSha, tree_id: commit.tree, message: commit.message },
  };
}

const workflowId = (run: WorkflowRun): number => run.repo.id * 1000 + run.workflow.length;

async function announceRun(
  world: World,
  run: WorkflowRun,
  action: 'requested' | 'in_progress' | 'completed',
) {
  const workflow = {
    id: workflowId(run),
    name: run.workflow,
    path: `${FOLDER}/${run.workflow}`,
    state: 'active',
  };
  const body = { workflow_run: await renderRun(world, run), workflow };
  announce(world, run.repo, `workflow_run.${action}`, body, run.actor);
}

function findOrAddApp(world: World, addApp: () => AppRecord): AppRecord {
  return [...world.book.apps.values()].find((app) => app.slug === SLUG) ?? addApp();
}

let keys: Promise<{ privateKey: GenerateKeyPairResult['privateKey']; jwk: JWK }> | null = null;

/** One key for all sandboxes of a process: making one takes longer than anything else here. */
function oidcKeys() {
  keys ??= generateKeyPair('RS256', { extractable: true }).then(async ({ privateKey, publicKey }) => ({
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid: 'sandbox', alg: 'RS256', use: 'sig' },
  }));
  return keys;
}

/** The path of the OIDC issuer, as on GitHub Enterprise Server. */
export const ISSUER_PATH = '/_services/token';

/** The issuer's public keys. */
export async function oidcKeySet(): Promise<{ keys: JWK[] }> {
  return { keys: [(await oidcKeys()).jwk] };
}

async function signOidc(
  world: World,
  run: WorkflowRun,
  audience: string,
  changes: Record<string, string | number | null>,
): Promise<string> {
  const { repo } = run;
  const ref = `refs/heads/${run.branch}`;
  const workflowRef = `${repo.fullName}/${FOLDER}/${run.workflow}@${ref}`;
  const now = Math.floor(Date.now() / 1000);
  const claims: OidcClaims = {
    iss: `${world.url}${ISSUER_PATH}`,
    aud: audience,
    sub: `repo:${repo.fullName}:ref:${ref}`,
    iat: now,
    nbf: now - 5,
    exp: now + 300,
    repository: repo.fullName,
    repository_id: String(repo.id),
    repository_owner: repo.owner.login,
    repository_owner_id: String(repo.owner.id),
    ref,
    ref_type: 'branch',
    sha: run.headSha,
    workflow_ref: workflowRef,
    job_workflow_ref: workflowRef,
    run_id: String(run.id),
    run_number: String(run.id),
    run_attempt: '1',
    actor: run.actor.login,
    event_name: 'workflow_dispatch',
    runner_environment: 'github-hosted',
  };
  const said = Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== null);
  const { privateKey } = await oidcKeys();
  return new SignJWT(Object.fromEntries(said))
    .setProtectedHeader({ alg: 'RS256', kid: 'sandbox' })
    .sign(privateKey);
}

/** What a test or a runner holds of the Actions of a sandbox. */
export function openActions(world: World, addApp: () => AppRecord): Actions {
  return {
    runs: () => [...world.book.workflowRuns.values()],
    get onRun() {
      return world.book.onRun;
    },
    set onRun(act) {
      world.book.onRun = act;
    },
    async add({ repo: name, workflow, event, branch, sha }) {
      const repo = [...world.book.repos.values()].find((each) => each.fullName === name);
      if (repo === undefined) throw notFound();
      const at = stampNow();
      const run: WorkflowRun = {
        id: world.takeId(),
        repo,
        workflow,
        title: workflow,
        event,
        inputs: {},
        branch,
        headSha: sha,
        actor: repo.owner,
        status: 'queued',
        conclusion: null,
        createdAt: at,
        updatedAt: at,
      };
      world.book.workflowRuns.set(run.id, run);
      await announceRun(world, run, 'requested');
      return run;
    },
    start: (run) => moveRun(world, run, 'in_progress'),
    finish: (run, conclusion) => moveRun(world, run, conclusion),
    oidcToken: (run, audience, changes = {}) => signOidc(world, run, audience, changes),
    githubToken(run, permissions) {
      const app = findOrAddApp(world, addApp);
      const installation = installApp(world, app, run.repo.owner, [run.repo]);
      const scope = { repoIds: new Set([run.repo.id]), permissions: { metadata: 'read', ...permissions } };
      return issueInstallationToken(world, installation, scope).token;
    },
  };
}

/** Renders what GitHub answers to a dispatch that asks for details. */
export function renderDispatch(world: World, run: WorkflowRun) {
  return {
    workflow_run_id: run.id,
    run_url: repoUrl(world, run.repo, `/actions/runs/${run.id}`),
    html_url: htmlUrl(world, run.repo, `/actions/runs/${run.id}`),
  };
}
