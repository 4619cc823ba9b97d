// A GitHub with memory, on real git, for one machine: start it, seed it, point an App at it.
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { type Actions, openActions } from './actions.ts';
import type { SandboxFaults } from './faults.ts';
import { forceRef, initBareRepository } from './git.ts';
import { installApp } from './installation-changes.ts';
import { personOf } from './merge.ts';
import type { AppRecord, Repo, Role, ToldRule } from './model.ts';
import { stampNow } from './model.ts';
import { openObjectReader } from './object-reader.ts';
import { changeTree, writeBlob, writeCommit } from './objects.ts';
import { createPages } from './pages.ts';
import type { PostOffice } from './post-office.ts';
import { openPostOffice } from './post-office.ts';
import { createRouter } from './router.ts';
import { UPDATE_HOOK } from './smart-http.ts';
import type { World } from './world.ts';
import { addAccount, createWorld, findRepo } from './world.ts';

export interface SandboxOptions {
  dir: string;
  /** 0 or absent: any free port */
  port?: number;
  host?: string;
  /** Requests that each caller is told to keep to in an hour; default: GitHub's 5,000. */
  hourlyLimit?: number;
}

const GITHUB_HOURLY_LIMIT = 5000;

interface NewRepo {
  owner: string;
  name: string;
  files: Record<string, string>;
  collaborators?: Record<string, Role>;
  private?: boolean;
  draftsAllowed?: boolean;
}

interface NewApp {
  slug: string;
  name?: string;
  webhookUrl?: string;
  webhookSecret?: string;
  permissions?: Record<string, string>;
}

export interface Sandbox {
  /** e.g. http://127.0.0.1:41233. The REST base is this and this + '/api/v3'; GraphQL at /graphql and /api/graphql */
  url: string;
  /** mutable at any time */
  faults: SandboxFaults;
  /** the workflow runs that were asked for; whoever registers plays the runner */
  actions: Actions;
  /** what it remembers, for those inside this folder: the CI and the pages */
  world: World;
  /** the token is good as a personal access token for REST and git */
  addUser(login: string): { login: string; id: number; token: string };
  addRepo(r: NewRepo): Promise<{ id: number; fullName: string }>;
  addApp(a: NewApp): {
    id: number;
    slug: string;
    clientId: string;
    clientSecret: string;
    privateKey: string;
    botLogin: string;
  };
  /** an App process may start later, or restart on another port */
  setWebhook(appSlug: string, w: { url: string; secret: string }): void;
  /** fires installation.created, or installation_repositories.added for an account that has the App already */
  install(appSlug: string, account: string, repos: string[]): { installationId: number };
  protect(
    repo: string,
    branch: string,
    p: {
      requiredChecks: { context: string; appId?: number }[];
      bypassApps?: string[];
      /** told by the API, and not enforced */
      rules?: ToldRule[];
    },
  ): void;
  /** resolves when no repository is locked and no delivery is queued or under way */
  idle(): Promise<void>;
  deliveries(): {
    guid: string;
    event: string;
    action: string | null;
    status: number | null;
    appSlug: string;
  }[];
  close(): Promise<void>;
}

const actionsApp: NewApp = {
  slug: 'github-actions',
  name: 'GitHub Actions',
  permissions: { checks: 'write', contents: 'write' },
};

const DEFAULT_PERMISSIONS = {
  actions: 'write',
  metadata: 'read',
  contents: 'write',
  issues: 'write',
  pull_requests: 'write',
  checks: 'write',
  statuses: 'write',
};

const REPOSITORY_SETTINGS = `
[http]
	receivepack = true
[receive]
	autogc = false
	denyDeleteCurrent = refuse
[gc]
	auto = 0
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
`;

function addUser(world: World, login: string) {
  const account = addAccount(world, login, login.endsWith('[bot]') ? 'Bot' : 'User');
  const token = `ghp_${randomBytes(18).toString('hex')}`;
  world.book.userTokens.set(token, account);
  return { login: account.login, id: account.id, token };
}

async function addRepo(world: World, start: NewRepo): Promise<{ id: number; fullName: string }> {
  const owner = addAccount(world, start.owner, 'User');
  const fullName = `${owner.login}/${start.name}`;
  if (findRepo(world, fullName) !== null) throw new Error(`${fullName} exists already`);
  const gitDir = join(world.dir, 'repositories', owner.login, `${start.name}.git`);
  await mkdir(gitDir, { recursive: true });
  await initBareRepository(gitDir);
  await appendFile(join(gitDir, 'config'), REPOSITORY_SETTINGS);
  await mkdir(join(gitDir, 'hooks'), { recursive: true });
  await writeFile(join(gitDir, 'hooks', 'update'), UPDATE_HOOK, { mode: 0o755 });
  const at = stampNow();
  const repo: Repo = {
    id: world.takeId(),
    owner,
    name: start.name,
    fullName,
    gitDir,
    objects: openObjectReader(gitDir),
    defaultBranch: 'main',
    private: start.private ?? false,
    draftsAllowed: start.draftsAllowed ?? true,
    collaborators: new Map(),
    refs: new Map(),
    labels: new Map(),
    issues: new Map(),
    comments: new Map(),
    suites: [],
    runs: new Map(),
    statuses: [],
    protections: new Map(),
    nextNumber: 1,
    createdAt: at,
    pushedAt: at,
    updatedAt: at,
  };
  for (const [login, role] of Object.entries(start.collaborators ?? {}))
    repo.collaborators.set(addAccount(world, login, 'User').login.toLowerCase(), role);
  const tip = await writeInitialCommit(repo, start.files);
  await forceRef(gitDir, 'refs/heads/main', tip);
  repo.refs.set('refs/heads/main', tip);
  world.book.repos.set(fullName.toLowerCase(), repo);
  return { id: repo.id, fullName };
}

async function writeInitialCommit(repo: Repo, files: Record<string, string>): Promise<string> {
  const changes = await Promise.all(
    Object.entries(files).map(async ([path, text]) => ({
      path,
      mode: '100644',
      sha: await writeBlob(repo.gitDir, text),
    })),
  );
  const tree = await changeTree(repo, null, changes);
  if (tree === null) throw new Error(`${repo.fullName} needs at least one file`);
  const author = personOf({ account: repo.owner, via: null });
  const message = 'Initial commit';
  return writeCommit(repo.gitDir, { tree, parents: [], author, committer: author, message });
}

function addApp(world: World, start: NewApp) {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const id = world.takeId();
  const app: AppRecord = {
    id,
    slug: start.slug,
    name: start.name ?? start.slug,
    clientId: `Iv23li${id}`,
    clientSecret: randomBytes(20).toString('hex'),
    publicKey: createPublicKey(keys.publicKey),
    permissions: { ...(start.permissions ?? DEFAULT_PERMISSIONS) },
    hook: null,
    owner: addAccount(world, 'app-owner', 'User'),
    bot: addAccount(world, `${start.slug}[bot]`, 'Bot'),
    createdAt: stampNow(),
  };
  world.book.apps.set(app.id, app);
  if (start.webhookUrl !== undefined)
    app.hook = { id: world.takeId(), url: start.webhookUrl, secret: start.webhookSecret ?? '' };
  const { slug, clientId, clientSecret, bot } = app;
  return { id, slug, clientId, clientSecret, privateKey: keys.privateKey, botLogin: bot.login };
}

function demandApp(world: World, slug: string): AppRecord {
  const app = [...world.book.apps.values()].find((one) => one.slug === slug);
  if (app === undefined) throw new Error(`no App ${slug}`);
  return app;
}

function demandRepo(world: World, fullName: string): Repo {
  const repo = findRepo(world, fullName);
  if (repo === null) throw new Error(`no repository ${fullName}`);
  return repo;
}

/** A webhook's receiver may call back, which locks and delivers anew: both must be quiet at once. */
async function becomeIdle(world: World, office: PostOffice): Promise<void> {
  for (;;) {
    await world.locksReleased();
    const quiet = office.isEmpty();
    await office.emptied();
    if (quiet && !world.isLocked()) return;
  }
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  await mkdir(options.dir, { recursive: true });
  const world = createWorld(options.dir, options.hourlyLimit ?? GITHUB_HOURLY_LIMIT);
  const office = openPostOffice(world);
  const answer = createRouter(world, office, createPages(world));
  const server = createAdaptorServer({ fetch: answer, hostname: options.host ?? '127.0.0.1' });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the sandbox has no port');
  world.url = `http://${options.host ?? '127.0.0.1'}:${address.port}`;
  return {
    url: world.url,
    get faults() {
      return world.faults;
    },
    set faults(faults) {
      world.faults = faults;
    },
    world,
    actions: openActions(world, () => demandApp(world, addApp(world, actionsApp).slug)),
    addUser: (login) => addUser(world, login),
    addRepo: (start) => addRepo(world, start),
    addApp: (start) => addApp(world, start),
    setWebhook(slug, { url, secret }) {
      const app = demandApp(world, slug);
      app.hook = { id: app.hook?.id ?? world.takeId(), url, secret };
    },
    install(slug, account, repos) {
      const found = repos.map((name) => demandRepo(world, name.includes('/') ? name : `${account}/${name}`));
      const owner = addAccount(world, account, 'User');
      return { installationId: installApp(world, demandApp(world, slug), owner, found).id };
    },
    protect(repo, branch, { requiredChecks, bypassApps, rules }) {
      demandRepo(world, repo).protections.set(branch, {
        requiredChecks: requiredChecks.map(({ context, appId }) => ({ context, appId: appId ?? null })),
        bypassApps: bypassApps ?? [],
        rules: rules ?? [],
      });
    },
    idle: () => becomeIdle(world, office),
    deliveries: () =>
      world.book.deliveries.map(({ guid, event, action, status, app }) => ({
        guid,
        event,
        action,
        status,
        appSlug: app.slug,
      })),
    async close() {
      office.close();
      const closed = once(server, 'close');
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
      await world.locksReleased();
      for (const repo of world.book.repos.values()) repo.objects.close();
    },
  };
}
