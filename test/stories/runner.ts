/** A runner of GitHub Actions of a few lines: OIDC tokens, a folder, a checkout, and the scripts of our actions. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WorkflowRun } from '../../src/sandbox/actions.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

const execute = promisify(execFile);
const scripts = fileURLToPath(new URL('../../action/lib/', import.meta.url));

export interface Runner {
  script(name: string, env?: Record<string, string>): Promise<string>;
  read(file: string): Promise<string>;
  write(file: string, text: string): Promise<void>;
  /** Checks the branch out with the job's token, and answers its head. */
  checkOut(branch: string): Promise<string>;
  close(): Promise<void>;
}

export async function startRunner(sandbox: Sandbox, url: string, run: WorkflowRun): Promise<Runner> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-runner-'));
  const tree = join(folder, 'tree');
  const issuer = createServer((request, response) => {
    const audience = new URL(request.url ?? '/', 'http://runner').searchParams.get('audience') ?? '';
    const isJob = request.headers.authorization === 'Bearer the-request-token';
    void sandbox.actions
      .oidcToken(run, audience)
      .then((value) => response.writeHead(isJob ? 200 : 401).end(JSON.stringify(isJob ? { value } : {})));
  });
  issuer.listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  await mkdir(tree);
  const remote = new URL(`/${run.repo.fullName}.git`, sandbox.url);
  remote.username = 'x-access-token';
  remote.password = sandbox.actions.githubToken(run, { contents: 'write' });
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    RUNNER_TEMP: folder,
    GITHUB_WORKSPACE: tree,
    GITHUB_OUTPUT: join(folder, 'output'),
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/?v=1`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'the-request-token',
    SIGNALBOX_URL: url,
    SIGNALBOX_TASK: run.inputs.task ?? '',
    SIGNALBOX_ATTEMPT: run.inputs.attempt ?? '',
    SIGNALBOX_REMOTE: remote.href,
  };
  return {
    script: async (name, more = {}) =>
      (await execute(process.execPath, [join(scripts, name)], { env: { ...env, ...more } })).stdout,
    read: (file) => readFile(join(folder, file), 'utf8'),
    write: async (file, text) => {
      await mkdir(dirname(join(tree, file)), { recursive: true });
      await writeFile(join(tree, file), text);
    },
    checkOut: async (branch) => {
      await execute('git', ['clone', '--quiet', '--branch', branch, remote.href, tree]);
      return (await execute('git', ['-C', tree, 'rev-parse', 'HEAD'])).stdout.trim();
    },
    close: async () => {
      issuer.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
