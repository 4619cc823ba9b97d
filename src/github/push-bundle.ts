import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureError } from './failure.ts';

export interface BundlePush {
  /** Where the repository is fetched from and pushed to, over HTTPS. */
  url: string;
  /** May push to it. */
  token: string;
  bundle: Buffer;
  /** The commit in it that the branch is to be at. */
  sha: string;
  branch: string;
  /** What git is started with. */
  env: Readonly<Record<string, string>>;
}

interface Ended {
  isOk: boolean;
  words: string;
}

/** Runs git in a folder of its own: no shell, no prompt, nobody's configuration, the token in the environment only. */
type Git = (...args: readonly string[]) => Promise<Ended>;

const longestMs = 300_000;

function openGit(folder: string, { token, env }: BundlePush): Git {
  const authorization = Buffer.from(`x-access-token:${token}`).toString('base64');
  const settings = {
    'http.extraHeader': `Authorization: Basic ${authorization}`,
    // Git would repeat the header to whatever host a redirect names.
    'http.followRedirects': 'false',
    'core.hooksPath': '/dev/null',
    'gc.auto': '0',
  };
  const given: Record<string, string> = {
    ...env,
    LC_ALL: 'C',
    HOME: folder,
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_COUNT: String(Object.keys(settings).length),
  };
  Object.entries(settings).forEach(([name, value], index) => {
    given[`GIT_CONFIG_KEY_${index}`] = name;
    given[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return (...args) =>
    new Promise((resolve) => {
      execFile('git', args, { cwd: folder, env: given, timeout: longestMs }, (error, _stdout, stderr) => {
        const words = (stderr || error?.message || '').trim().slice(-500);
        resolve({ isOk: error === null, words });
      });
    });
}

/** The commits that a bundle builds on, as its header names them; git's documentation, gitformat-bundle. */
function prerequisitesOf(bundle: Buffer): string[] {
  const end = bundle.indexOf('\n\n');
  const header = bundle.toString('latin1', 0, end < 0 ? 0 : end);
  return [...header.matchAll(/^-([0-9a-f]{40,64})/gmu)].flatMap(([, sha = '']) => sha);
}

function refused(message: string): Error {
  return failureError(message, { kind: 'refused', status: null, message });
}

/**
 * Pushes the work in a bundle as a branch; the same again changes nothing. The App's API cannot take a bundle, git can.
 * @throws with the failure `refused` when git, or the server, will never take it, and `unclear` when the network fails
 */
export async function pushBundle(push: BundlePush): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bundle-'));
  try {
    const git = openGit(folder, push);
    const made = await git('init', '--quiet', '--bare', '.');
    if (!made.isOk) throw refused(`git cannot be used where Signalbox runs: ${made.words}`);
    const bases = prerequisitesOf(push.bundle);
    const fetched = await git('fetch', '--quiet', '--no-tags', '--depth=1', push.url, ...bases);
    if (bases.length > 0 && !fetched.isOk) {
      if (/not our ref|unadvertised object/u.test(fetched.words))
        throw refused(`the bundle builds on commits that the repository does not have: ${fetched.words}`);
      throw failureError(`git could not fetch: ${fetched.words}`, { kind: 'unclear' });
    }
    const file = join(folder, 'late.bundle');
    await writeFile(file, push.bundle);
    const unpacked = await git('-c', 'transfer.fsckObjects=true', 'bundle', 'unbundle', file);
    if (!unpacked.isOk) throw refused(`git cannot read the bundle: ${unpacked.words}`);
    const known = await git('cat-file', '-e', `${push.sha}^{commit}`);
    if (!known.isOk) throw refused(`the bundle has no commit ${push.sha}`);
    const sent = await git('push', '--quiet', push.url, `${push.sha}:refs/heads/${push.branch}`);
    if (sent.isOk) return;
    if (/rejected|declined|denied/u.test(sent.words)) throw refused(`the push was refused: ${sent.words}`);
    throw failureError(`git could not push: ${sent.words}`, { kind: 'unclear' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
