/** Signalbox against the sandbox GitHub, both in this process, with a database of the test's own. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { type Kysely, sql } from 'kysely';
import { type Logger, pino } from 'pino';
import { expect, vi } from 'vitest';
import { replayJournal } from '../../src/core/lane/replay.ts';
import type { LaneView, PlanRow } from '../../src/core/lane/view.ts';
import { readJournal } from '../../src/ledger/journal.ts';
import { keyOf, listLanes } from '../../src/ledger/lanes.ts';
import { loadWholeLane } from '../../src/ledger/load-lane.ts';
import type { DB } from '../../src/ledger/schema.ts';
import { type Ci, type CiOptions, startCi } from '../../src/sandbox/ci.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { serve } from '../../src/serve.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const run = promisify(execFile);
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** What the sandbox signs its deliveries with. */
export const webhookSecret = 'a secret of sufficient length';
const patienceMs = 40_000;

export interface World {
  sandbox: Sandbox;
  db: TestDatabase['db'];
  url: string;
  botLogin: string;
  appId: number;
  installationId: number;
  /** Octokit of a person, by login: `mary` maintains, `walt` writes, `tess` triages, `rita` only reads. */
  as: Record<'mary' | 'walt' | 'tess' | 'rita', Octokit>;
  /** Octokit of somebody with no role in the repository. */
  guest(login: string): Octokit;
  /** Octokit of another App that is installed here. */
  bot(slug: string): Octokit;
  repo: { owner: string; repo: string };
  /** Opens an issue and labels it, as `by`. */
  request(by: keyof World['as'], title: string, body: string): Promise<number>;
  /** Commits files onto a branch and pushes, as a person with a clone would. */
  push(branch: string, message: string, files: Record<string, string | null>): Promise<string>;
  /** The same with any token; rejects with what git says when the server refuses. */
  pushAs(
    token: string,
    branch: string,
    message: string,
    files: Record<string, string | null>,
  ): Promise<string>;
  say(by: keyof World['as'], under: number, body: string): Promise<number>;
  /** The task's row of the plan once `holds` is true of it. */
  until(issue: number, holds: (row: PlanRow) => boolean, what: string): Promise<PlanRow>;
  /** Anything read from outside, once it is true. */
  eventually<T>(read: () => Promise<T | null | undefined | false>, what: string): Promise<T>;
  view(): Promise<LaneView>;
  ours(under: number): Promise<{ id: number; body: string }[]>;
  checkOf(
    sha: string,
    name: string,
  ): Promise<
    { conclusion: string | null; output: { title: string | null; text: string | null } } | undefined
  >;
  tipOf(branch: string): Promise<string>;
  /** Everything that was delivered has been worked through, and whatever that led to is done. */
  rest(): Promise<void>;
  /** How many deliveries the ledger has taken in. */
  countDeliveries(): Promise<number>;
  /** Proves I7: the journal folded from the start is the stored state. */
  proveReplay(): Promise<void>;
  close(): Promise<void>;
}

export interface WorldOptions {
  files?: Record<string, string>;
  draftsAllowed?: boolean;
  policy?: string;
  /** A package registry of this machine; absent: none is asked. */
  npmUrl?: string;
  agentToken?: string;
  /** What people's tokens are sealed with; absent: agents are assigned in nobody's name. */
  tokenKey?: string;
  /** How the repository's CI judges; by default it runs the tests. */
  ci?: CiOptions;
  /** Requests an hour that the App is granted; by default GitHub's 5,000. */
  hourlyLimit?: number;
  /** How often everything is read again. */
  sweepMs?: number;
  /** Where the App logs to; by default to nobody. */
  log?: Logger;
}

const basicFiles = {
  'package.json': '{ "name": "engine", "type": "module", "scripts": { "test": "node --test" } }\n',
  'src/one.js': 'export const one = 1;\n',
  'src/two.js': 'export const two = 2;\n',
  'test/one.test.js':
    "import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { one } from '../src/one.js';\ntest('one', () => assert.ok(one > 0));\n",
};

const quickPolicy = 'schedule: { grace: 0ms }\n';

async function openRepository(sandbox: Sandbox, options: WorldOptions): Promise<World['as']> {
  const add = (login: string) => sandbox.addUser(login);
  const people = { mary: add('mary'), walt: add('walt'), tess: add('tess'), rita: add('rita') };
  await sandbox.addRepo({
    owner: 'acme',
    name: 'engine',
    files: { ...basicFiles, '.github/signalbox.yml': options.policy ?? quickPolicy, ...options.files },
    collaborators: { mary: 'maintain', walt: 'write', tess: 'triage', rita: 'read' },
    ...(options.draftsAllowed === undefined ? {} : { draftsAllowed: options.draftsAllowed }),
  });
  const client = ({ token }: { token: string }) =>
    new Octokit({ auth: token, baseUrl: sandbox.url, log: quiet });
  return {
    mary: client(people.mary),
    walt: client(people.walt),
    tess: client(people.tess),
    rita: client(people.rita),
  };
}

interface Parts {
  sandbox: Sandbox;
  ci: Ci;
  dir: string;
  stop: () => Promise<void>;
}

async function closeParts({ sandbox, ci, dir, stop }: Parts, drop: () => Promise<void>): Promise<void> {
  await stop();
  await ci.close();
  await sandbox.close();
  await drop();
  await rm(dir, { recursive: true, force: true });
}

/** A clone in `dir` that fetches as `walt` and pushes with the token that it is given. */
function pusher(dir: string, sandbox: Sandbox, token: string): World['pushAs'] {
  const clone = join(dir, 'clone');
  const git = async (...args: string[]): Promise<string> =>
    (await run('git', ['-C', clone, ...args])).stdout.trim();
  let cloned: Promise<unknown> | null = null;
  const remote = (password: string): string => {
    const url = new URL('/acme/engine.git', sandbox.url);
    url.username = 'walt';
    url.password = password;
    return url.href;
  };
  return async (pushing, branch, message, files) => {
    cloned ??= run('git', ['clone', '--quiet', remote(token), clone]);
    await cloned;
    await git('fetch', '--quiet', 'origin');
    await git('checkout', '--quiet', '-B', branch, `origin/${branch}`);
    for (const [path, content] of Object.entries(files)) {
      if (content === null) await git('rm', '--quiet', path);
      else await run(process.execPath, ['-e', writeFileProgram, join(clone, path), content]);
    }
    await git('add', '--all');
    await git(
      '-c',
      'user.name=Walt',
      '-c',
      'user.email=walt@example.org',
      'commit',
      '--quiet',
      '-m',
      message,
    );
    await git('push', '--quiet', remote(pushing), branch);
    return git('rev-parse', 'HEAD');
  };
}

const writeFileProgram =
  "const fs=require('node:fs'),p=require('node:path');const [,f,t]=process.argv;fs.mkdirSync(p.dirname(f),{recursive:true});fs.writeFileSync(f,t)";

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'signalbox-story-'));
  await chmod(dir, 0o755);
  const database = await testDatabase();
  const sandbox = await startSandbox({
    dir: join(dir, 'github'),
    ...(options.hourlyLimit === undefined ? {} : { hourlyLimit: options.hourlyLimit }),
  });
  const as = await openRepository(sandbox, options);
  const ci = await startCi(sandbox, options.ci ?? {});
  const app = sandbox.addApp({ slug: 'signalbox' });
  const log = options.log ?? pino({ level: process.env.LOG_LEVEL ?? 'silent' });
  const running = await serve(
    {
      appId: String(app.id),
      privateKey: app.privateKey,
      webhookSecret,
      previousWebhookSecret: null,
      apiUrl: sandbox.url,
      host: '127.0.0.1',
      port: 0,
      publicUrl: 'http://127.0.0.1:0',
      oidcIssuer: null,
      agentToken: options.agentToken ?? null,
      dashboardToken: null,
      sweepMs: options.sweepMs ?? 20_000,
      gitEnv: { PATH: process.env.PATH ?? '' },
      registries: { npm: options.npmUrl ?? null, pypi: null, crates: null, go: null },
      signIn:
        options.tokenKey === undefined
          ? null
          : { clientId: app.clientId, clientSecret: app.clientSecret, tokenKey: options.tokenKey },
      model: null,
      databaseUrl: database.url,
      dataDir: dir,
      log: { level: 'silent', format: 'json' },
    },
    log,
  );
  sandbox.setWebhook('signalbox', { url: `${running.url}/api/github/webhooks`, secret: webhookSecret });
  const { installationId } = sandbox.install('signalbox', 'acme', ['acme/engine']);
  const repo = { owner: 'acme', repo: 'engine' };
  const token = sandbox.addUser('walt').token;

  const pushAs = pusher(dir, sandbox, token);
  const eventually: World['eventually'] = (read, what) =>
    vi.waitFor(
      async () => {
        const value = await read();
        if (!value) throw new Error(`never came true: ${what}`);
        return value;
      },
      { timeout: patienceMs, interval: 100 },
    );
  const view = async (): Promise<LaneView> => {
    const response = await fetch(`${running.url}/api/v1/lanes/acme/engine/main`);
    return (await response.json()) as LaneView;
  };

  return {
    sandbox,
    db: database.db,
    url: running.url,
    botLogin: app.botLogin,
    appId: app.id,
    installationId,
    as,
    guest: (login) => new Octokit({ auth: sandbox.addUser(login).token, baseUrl: sandbox.url, log: quiet }),
    bot: (slug) => {
      const { id: appId, privateKey } = sandbox.addApp({ slug });
      const auth = { appId, privateKey, ...sandbox.install(slug, 'acme', ['acme/engine']) };
      return new Octokit({ authStrategy: createAppAuth, auth, baseUrl: sandbox.url, log: quiet });
    },
    repo,
    view,
    eventually,
    request: async (by, title, body) => {
      const { data } = await as[by].issues.create({ ...repo, title, body });
      await as[by].issues.addLabels({ ...repo, issue_number: data.number, labels: ['agent-ready'] });
      return data.number;
    },
    push: (branch, message, files) => pushAs(token, branch, message, files),
    pushAs,
    say: async (by, under, body) =>
      (await as[by].issues.createComment({ ...repo, issue_number: under, body })).data.id,
    until: (issue, holds, what) =>
      eventually(async () => {
        const row = (await view()).plan?.find((each) => each.issue === issue);
        return row && holds(row) ? row : null;
      }, `#${issue} ${what}`),
    ours: async (under) => {
      const { data } = await as.mary.issues.listComments({ ...repo, issue_number: under, per_page: 100 });
      return data
        .filter((comment) => comment.user?.login === app.botLogin)
        .map((comment) => ({ id: comment.id, body: comment.body ?? '' }));
    },
    checkOf: async (sha, name) =>
      (await as.mary.checks.listForRef({ ...repo, ref: sha })).data.check_runs.find(
        (each) => each.name === name,
      ),
    tipOf: async (branch) => (await as.mary.git.getRef({ ...repo, ref: `heads/${branch}` })).data.object.sha,
    rest: async () => {
      await sandbox.idle();
      await eventually(() => isAtRest(database.db), 'nothing is due any more');
    },
    countDeliveries: async () => {
      const { count } = await database.db
        .selectFrom('delivery')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(count);
    },
    proveReplay: async () => {
      for (const row of await listLanes(database.db)) {
        const key = keyOf(row);
        // Both of one moment: the lane may still be moving.
        const { journal, state } = await eventually(async () => {
          const facts = await readJournal(database.db, key);
          const loaded = await loadWholeLane(database.db, key);
          return loaded.seq === facts.length && { journal: facts, state: loaded.state };
        }, 'the lane is still for a moment');
        expect(replayJournal(journal)).toEqual(state);
      }
    },
    close: () => closeParts({ sandbox, ci, dir, stop: running.stop }, database.drop),
  };
}

/** Looks that are to be repeated later, because reads may lag behind writes, are not due. */
async function isAtRest(db: Kysely<DB>): Promise<boolean> {
  const { rows } = await sql<{ due: number }>`
    select (select count(*) from delivery where processed_at is null)
      + (select count(*) from look where due_at <= now())
      + (select count(*) from effect where done_at is null and due_at <= now())
      + (select count(*) from task where changed_seq > published_seq) as due`.execute(db);
  return Number(rows[0]?.due) === 0;
}

/** An issue's body in the form's headings. */
export function form(fields: { owns: string[]; dependsOn?: number[]; requirements?: string }): string {
  return [
    '### Requirements',
    fields.requirements ?? 'As the title says.',
    '### Owned files',
    fields.owns.join('\n'),
    '### Depends on',
    (fields.dependsOn ?? []).map((number) => `#${number}`).join(', ') || '_No response_',
  ].join('\n\n');
}
