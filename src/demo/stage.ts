/** The stage: a sandbox GitHub with the tasks-app repository, people, a CI that really runs, and Signalbox as an App. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ci, startCi } from '../sandbox/ci.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';

export const repository = { owner: 'railway', name: 'tasks-app' };
export const appSlug = 'signalbox';
export const agents = ['ada', 'grace', 'linus'] as const;

export interface Stage {
  sandbox: Sandbox;
  ci: Ci;
  app: { id: number; privateKey: string; botLogin: string };
  /** A maintainer with write access: opens and labels the issues, reviews and approves. */
  maintainer: { login: string; token: string };
  /** Somebody who may read, and open issues, and no more. */
  visitor: { login: string; token: string };
  close(): Promise<void>;
}

/**
 * Short times, so that the story fits into a minute; a real repository keeps the defaults.
 * @param changes sections to be otherwise, as YAML after the key
 */
export function demoPolicy(changes: Readonly<Record<string, string>>): string {
  const sections = {
    schedule: '{ grace: 2s }',
    ownership: '{ lease: 2m, heartbeat: 2s }',
    gate: '{ checks: [ci], approvals: 1 }',
    limits: '{ attempts: 3, backoff: [1s, 2s, 3s], breaker: { agent: 20, repository: 40 } }',
    ...changes,
  };
  return [
    '# How Signalbox works in this repository. Every key has a default.',
    'version: 1',
    'agents:',
    ...agents.map((name) => `  ${name}: { via: pull, capacity: 1 }`),
    ...Object.entries(sections).map(([key, value]) => `${key}: ${value}`),
    '',
  ].join('\n');
}

const tasksApp = fileURLToPath(new URL('./tasks-app/', import.meta.url));

async function readFiles(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const read = files.map(async (entry): Promise<[string, string]> => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(folder.length), await readFile(path, 'utf8')];
  });
  return Object.fromEntries(await Promise.all(read));
}

/**
 * Builds the stage in `dir`; CI takes `paceMs` longer than it needs. The App's webhook is set when it is started.
 * @param policy `.github/signalbox.yml` of the repository
 */
export async function buildStage(dir: string, paceMs: number, policy: string): Promise<Stage> {
  const sandbox = await startSandbox({ dir: join(dir, 'github') });
  const maintainer = sandbox.addUser('mary');
  const visitor = sandbox.addUser('eve');
  const files = { ...(await readFiles(tasksApp)), '.github/signalbox.yml': policy };
  const { fullName } = await sandbox.addRepo({
    ...repository,
    files,
    collaborators: { [maintainer.login]: 'maintain' },
  });
  const ci = await startCi(sandbox, { delayMs: paceMs });
  const app = sandbox.addApp({ slug: appSlug, name: 'Signalbox' });
  sandbox.protect(fullName, 'main', {
    requiredChecks: [{ context: 'ci' }, { context: 'signalbox/arbiter', appId: app.id }],
  });
  sandbox.install(appSlug, repository.owner, [fullName]);
  return {
    sandbox,
    ci,
    app,
    maintainer,
    visitor,
    close: async () => {
      await ci.close();
      await sandbox.close();
    },
  };
}
