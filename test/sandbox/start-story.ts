import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';

const execute = promisify(execFile);
export const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface Story {
  sandbox: Sandbox;
  dir: string;
  owner: string;
  name: string;
  target: { owner: string; repo: string };
  appId: number;
  privateKey: string;
  installationId: number;
  /** the App's installation */
  bot: Octokit;
  /** the App itself, by JWT */
  app: Octokit;
  /** the repository's owner */
  ada: Octokit;
  adaToken: string;
  close(): Promise<void>;
}

export const SECRET = 'a secret of sufficient length';

export function userClient(sandbox: Sandbox, token: string): Octokit {
  return new Octokit({ auth: token, baseUrl: sandbox.url, log: QUIET });
}

export function installationClient(
  story: Pick<Story, 'sandbox' | 'appId' | 'privateKey' | 'installationId'>,
) {
  const { sandbox, appId, privateKey, installationId } = story;
  return new Octokit({
    authStrategy: createAppAuth,
    auth: { appId, privateKey, installationId },
    baseUrl: `${sandbox.url}/api/v3`,
    log: QUIET,
  });
}

/** One repository of ada's with an App installed on it. */
export async function startStory(
  options: { webhookUrl?: string; draftsAllowed?: boolean; private?: boolean } = {},
): Promise<Story> {
  const dir = await mkdtemp(join(tmpdir(), 'sandbox-'));
  const sandbox = await startSandbox({ dir });
  const { token: adaToken } = sandbox.addUser('ada');
  await sandbox.addRepo({
    owner: 'ada',
    name: 'engine',
    files: { 'README.md': '# Engine\n', 'src/count.js': 'export const count = 1;\n' },
    ...(options.draftsAllowed === undefined ? {} : { draftsAllowed: options.draftsAllowed }),
    ...(options.private === undefined ? {} : { private: options.private }),
  });
  const { id: appId, privateKey } = sandbox.addApp({
    slug: 'conductor',
    ...(options.webhookUrl === undefined ? {} : { webhookUrl: options.webhookUrl, webhookSecret: SECRET }),
  });
  const { installationId } = sandbox.install('conductor', 'ada', ['engine']);
  const app = new Octokit({
    authStrategy: createAppAuth,
    auth: { appId, privateKey },
    baseUrl: sandbox.url,
    log: QUIET,
  });
  return {
    sandbox,
    dir,
    owner: 'ada',
    name: 'engine',
    target: { owner: 'ada', repo: 'engine' },
    appId,
    privateKey,
    installationId,
    bot: installationClient({ sandbox, appId, privateKey, installationId }),
    app,
    ada: userClient(sandbox, adaToken),
    adaToken,
    async close() {
      await sandbox.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export async function tipOf(story: Story, branch: string): Promise<string> {
  const { data } = await story.ada.git.getRef({ ...story.target, ref: `heads/${branch}` });
  return data.object.sha;
}

/** A branch off main with one file written. */
export async function pushFile(
  story: Story,
  branch: string,
  path: string,
  text: string,
  message = `write ${path}`,
): Promise<string> {
  const { ada, target } = story;
  const refs = await ada.git.listMatchingRefs({ ...target, ref: `heads/${branch}` });
  if (!refs.data.some((ref) => ref.ref === `refs/heads/${branch}`))
    await ada.git.createRef({ ...target, ref: `refs/heads/${branch}`, sha: await tipOf(story, 'main') });
  const existing = await ada.repos
    .getContent({ ...target, path, ref: branch })
    .then(({ data }) => (Array.isArray(data) ? undefined : data.sha))
    .catch(() => undefined);
  const { data } = await ada.repos.createOrUpdateFileContents({
    ...target,
    path,
    branch,
    message,
    content: Buffer.from(text).toString('base64'),
    ...(existing === undefined ? {} : { sha: existing }),
  });
  return data.commit.sha ?? '';
}

export async function openPull(story: Story, head: string, body = ''): Promise<number> {
  const { data } = await story.ada.pulls.create({ ...story.target, title: head, head, base: 'main', body });
  return data.number;
}

/** Status and body of a refused request. */
export async function refusal(request: Promise<unknown>): Promise<{ status: number; message: string }> {
  try {
    await request;
  } catch (error) {
    if (error instanceof Error && 'status' in error)
      return { status: Number(error.status), message: error.message };
    throw error;
  }
  throw new Error('the request was not refused');
}

/** The real git, as a machine elsewhere would run it. Never synchronously: the server is in this process. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    HOME: cwd,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
  };
  const { stdout } = await execute('git', args, { cwd, env });
  return stdout.trim();
}

export function cloneUrl(story: Story, token = story.adaToken): string {
  return `${story.sandbox.url.replace('http://', `http://x-access-token:${token}@`)}/ada/engine.git`;
}
