import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import type { Repo } from './model.ts';

const compress = promisify(deflate);

export interface Person {
  name: string;
  email: string;
  /** ISO 8601, whole seconds */
  date: string;
}

export interface Commit {
  sha: string;
  tree: string;
  parents: string[];
  author: Person;
  committer: Person;
  message: string;
}

export interface TreeEntry {
  mode: string;
  name: string;
  sha: string;
}

/** Writes a loose object in-process: git would cost a spawn for each. */
async function writeObject(
  gitDir: string,
  type: 'blob' | 'tree' | 'commit' | 'tag',
  body: Buffer,
): Promise<string> {
  const whole = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]);
  const sha = createHash('sha1').update(whole).digest('hex');
  const path = join(gitDir, 'objects', sha.slice(0, 2), sha.slice(2));
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) return sha;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, await compress(whole), { mode: 0o444 });
  await rename(temporary, path);
  return sha;
}

export function writeBlob(gitDir: string, body: Buffer | string): Promise<string> {
  return writeObject(gitDir, 'blob', typeof body === 'string' ? Buffer.from(body) : body);
}

function writeTree(gitDir: string, entries: readonly TreeEntry[]): Promise<string> {
  // git sorts a directory as if its name ended in a slash.
  const key = (entry: TreeEntry) => Buffer.from(entry.mode === '40000' ? `${entry.name}/` : entry.name);
  const sorted = [...entries].sort((a, b) => Buffer.compare(key(a), key(b)));
  const parts = sorted.flatMap((entry) => [
    Buffer.from(`${entry.mode} ${entry.name}\0`),
    Buffer.from(entry.sha, 'hex'),
  ]);
  return writeObject(gitDir, 'tree', Buffer.concat(parts));
}

function formatPerson(person: Person): string {
  const clean = (text: string) => text.replace(/[<>\n\0]/g, '');
  return `${clean(person.name)} <${clean(person.email)}> ${Math.floor(Date.parse(person.date) / 1000)} +0000`;
}

export function writeCommit(gitDir: string, commit: Omit<Commit, 'sha'>): Promise<string> {
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((sha) => `parent ${sha}`),
    `author ${formatPerson(commit.author)}`,
    `committer ${formatPerson(commit.committer)}`,
    '',
    commit.message,
  ];
  return writeObject(gitDir, 'commit', Buffer.from(lines.join('\n')));
}

function parsePerson(text: string): Person {
  const match = /^(.*) <(.*)> (\d+) [+-]\d{4}$/.exec(text);
  return {
    name: match?.[1] ?? '',
    email: match?.[2] ?? '',
    date: `${new Date(Number(match?.[3] ?? 0) * 1000).toISOString().slice(0, 19)}Z`,
  };
}

function parseCommit(sha: string, body: Buffer): Commit {
  const text = body.toString();
  const split = text.indexOf('\n\n');
  const commit: Commit = {
    sha,
    tree: '',
    parents: [],
    author: { name: '', email: '', date: '' },
    committer: { name: '', email: '', date: '' },
    message: text.slice(split + 2),
  };
  for (const line of text.slice(0, split).split('\n')) {
    const space = line.indexOf(' ');
    const value = line.slice(space + 1);
    if (line.startsWith('tree ')) commit.tree = value;
    else if (line.startsWith('parent ')) commit.parents.push(value);
    else if (line.startsWith('author ')) commit.author = parsePerson(value);
    else if (line.startsWith('committer ')) commit.committer = parsePerson(value);
  }
  return commit;
}

export async function readCommit(repo: Repo, sha: string): Promise<Commit | null> {
  const object = /^[0-9a-f]{40}$/.test(sha) ? await repo.objects.read(sha) : null;
  return object?.type === 'commit' ? parseCommit(sha, object.body) : null;
}

/** For a commit that is known to be there: a missing one is a broken repository. */
export async function loadCommit(repo: Repo, sha: string): Promise<Commit> {
  const commit = await readCommit(repo, sha);
  if (commit === null) throw new Error(`${repo.fullName}: no commit ${sha}`);
  return commit;
}

export async function readTree(repo: Repo, sha: string): Promise<TreeEntry[] | null> {
  const object = await repo.objects.read(sha);
  if (object?.type !== 'tree') return null;
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < object.body.length) {
    const space = object.body.indexOf(32, at);
    const zero = object.body.indexOf(0, space);
    entries.push({
      mode: object.body.subarray(at, space).toString(),
      name: object.body.subarray(space + 1, zero).toString(),
      sha: object.body.subarray(zero + 1, zero + 21).toString('hex'),
    });
    at = zero + 21;
  }
  return entries;
}

export interface TreeChange {
  path: string;
  mode: string;
  /** null removes the path */
  sha: string | null;
}

/** A tree with some paths put or removed; directories appear and vanish as needed, as in git. */
export async function changeTree(
  repo: Repo,
  treeSha: string | null,
  changes: readonly TreeChange[],
): Promise<string | null> {
  const entries = new Map(
    (treeSha === null ? [] : ((await readTree(repo, treeSha)) ?? [])).map((e) => [e.name, e]),
  );
  const below = new Map<string, TreeChange[]>();
  for (const change of changes) {
    const slash = change.path.indexOf('/');
    if (slash < 0) {
      if (change.sha === null) entries.delete(change.path);
      else
        entries.set(change.path, {
          name: change.path,
          mode: change.mode.replace(/^0/, ''),
          sha: change.sha,
        });
      continue;
    }
    const directory = change.path.slice(0, slash);
    const inner = { ...change, path: change.path.slice(slash + 1) };
    below.set(directory, [...(below.get(directory) ?? []), inner]);
  }
  for (const [name, inner] of below) {
    const existing = entries.get(name);
    const sha = await changeTree(repo, existing?.mode === '40000' ? existing.sha : null, inner);
    if (sha === null) entries.delete(name);
    else entries.set(name, { name, mode: '40000', sha });
  }
  return entries.size === 0 ? null : writeTree(repo.gitDir, [...entries.values()]);
}

/** The entry at a path of a tree, or null. The empty path is the tree itself. */
export async function findEntry(repo: Repo, treeSha: string, path: string): Promise<TreeEntry | null> {
  let entry: TreeEntry = { mode: '40000', name: '', sha: treeSha };
  for (const name of path.split('/').filter((part) => part !== '')) {
    const entries = entry.mode === '40000' ? await readTree(repo, entry.sha) : null;
    const next = entries?.find((one) => one.name === name);
    if (next === undefined) return null;
    entry = next;
  }
  return entry;
}
