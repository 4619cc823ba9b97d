/**
 * Looks for secrets in the commits of a branch one by one: what one of them adds and a later one takes away is in no
 * diff of the whole, and stays readable for whoever can read the branch.
 */
import type { LineChange, PastSighting, SearchedHistory } from '../core/gate/diff.ts';
import { fetchBlobText } from '../github/fetch-blob.ts';
import { type CommitFile, fetchCommitFiles, fetchSizes } from '../github/fetch-commit-files.ts';
import type { ComparedCommit } from '../github/fetch-comparison.ts';
import { type DiffSeen, mostBytes } from '../github/fetch-diff.ts';
import { diffTexts } from '../github/read-patch.ts';
import type { TextCache } from '../github/text-cache.ts';
import { scanSecrets } from '../inspect/scan-secrets.ts';
import type { LaneContext } from './context.ts';

/** Each costs a request the first time; commits never change, so what was found in one is kept. */
const mostCommits = 100;
/** Files of all commits together whose lines GitHub does not give. */
const mostBlobs = 50;
const atOnce = 8;

/** What one commit holds, whatever comes after it. */
interface Searched {
  found: (Omit<PastSighting, 'commit'> & { blob: string | null })[];
  /** Files of which GitHub gives no lines. */
  withoutLines: { path: string; blob: string }[];
  /** False: it changes more files than GitHub lists. */
  isWhole: boolean;
}

function scanLines(path: string, added: readonly LineChange[]) {
  return scanSecrets([{ path, change: 'modified', mode: '100644', lines: { added, removed: [] } }]);
}

async function scanMessage(message: string): Promise<Searched['found']> {
  const lines = message.split('\n').map((text, index) => ({ line: index + 1, text }));
  const found = await scanLines('commit message', lines);
  return found.map(({ what }) => ({ path: null, line: null, what, blob: null }));
}

async function scanFiles(files: readonly CommitFile[]): Promise<Searched['found']> {
  const found: Searched['found'] = [];
  for (const { path, blob, lines } of files)
    for (const { line, what } of await scanLines(path, lines?.added ?? []))
      found.push({ path, line, what, blob });
  return found;
}

async function searchCommit(
  ctx: LaneContext,
  { sha, message, parents }: ComparedCommit,
  own: ReadonlySet<string>,
): Promise<Searched> {
  const outside = parents.length > 1 ? (parents.find((parent) => !own.has(parent)) ?? null) : null;
  const files = await fetchCommitFiles(ctx.client, ctx.repo, sha, outside);
  return {
    found: [...(await scanMessage(message)), ...(await scanFiles(files ?? []))],
    withoutLines: (files ?? [])
      .filter(({ lines }) => lines === null)
      .map(({ path, blob }) => ({ path, blob })),
    isWhole: files !== null,
  };
}

/** `isWholeDiff`: its files hold nothing but what the whole diff shows, because it changes none, or makes all of it. */
function commitsToSearch({
  comparison,
  trees,
}: DiffSeen): { commit: ComparedCommit; isWholeDiff: boolean }[] {
  const treeOf = new Map(comparison.commits.map(({ sha, tree }) => [sha, tree]));
  treeOf.set(comparison.mergeBase, trees.before);
  return comparison.commits.map((commit) => {
    const [parent = ''] = commit.parents;
    const before = treeOf.get(parent);
    const isEmpty = commit.parents.length === 1 && before === commit.tree;
    const isWholeDiff = isEmpty || (before === trees.before && commit.tree === trees.after);
    return { commit, isWholeDiff };
  });
}

/** Reads what GitHub gave no lines of. A sentence for what is too much. */
async function searchBlobs(
  ctx: LaneContext,
  seen: DiffSeen,
  cache: TextCache,
  { commit, files }: { commit: ComparedCommit; files: readonly { path: string; blob: string }[] },
): Promise<SearchedHistory> {
  const sizes = files.length > 0 ? await fetchSizes(ctx.client, ctx.repo, commit) : null;
  const secrets: PastSighting[] = [];
  const unsearched: string[] = [];
  for (const { path, blob } of files) {
    const size = sizes?.get(path);
    if (size === undefined || size > mostBytes) {
      unsearched.push(`in commit ${commit.sha.slice(0, 12)}, ${path} is too large`);
      continue;
    }
    const text = await fetchBlobText(ctx.client, ctx.repo, blob, cache);
    if (text === null) continue;
    const { added } = diffTexts(await seen.readText(path, 'before'), text);
    for (const { line, what } of await scanLines(path, added))
      secrets.push({ commit: commit.sha, path, line, what });
  }
  return { secrets, unsearched };
}

const keyOf = ({ path, what }: { path: string | null; what: string }): string => `${what}:${path}`;

/** Each place and kind once, by the first commit that has it. */
function withoutRepeats(sightings: readonly PastSighting[]): PastSighting[] {
  const seen = new Set<string>();
  return sightings.filter((sighting) => {
    const key = keyOf(sighting);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * Searches the commits between base and head.
 * @param known what is told of the whole diff already
 */
export async function scanHistory(
  ctx: LaneContext,
  seen: DiffSeen,
  cache: TextCache,
  known: readonly { path: string; what: string }[],
): Promise<SearchedHistory> {
  const { commits, ahead } = seen.comparison;
  const own = new Set(commits.map(({ sha }) => sha));
  const results = new Map<string, Searched>();
  const queue = commitsToSearch(seen).slice(0, mostCommits);
  const order = queue.map(({ commit }) => commit);
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { commit, isWholeDiff } = next;
      if (isWholeDiff) {
        results.set(commit.sha, {
          found: await scanMessage(commit.message),
          withoutLines: [],
          isWhole: true,
        });
        continue;
      }
      const key = `history:${ctx.repo.owner}/${ctx.repo.name}/${commit.sha}`;
      const text = await cache.take(key, async () => JSON.stringify(await searchCommit(ctx, commit, own)));
      results.set(commit.sha, JSON.parse(text) as Searched);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));

  const secrets: PastSighting[] = [];
  const unsearched: string[] = [];
  if (ahead > order.length)
    unsearched.push(`there are ${ahead} commits, and at most ${mostCommits} are read`);
  let blobs = 0;
  for (const commit of order) {
    const searched = results.get(commit.sha);
    if (!searched) continue;
    const { found, withoutLines, isWhole } = searched;
    if (!isWhole) unsearched.push(`commit ${commit.sha.slice(0, 12)} changes more files than GitHub lists`);
    // What the head still has is in the whole diff, or was there before.
    const isGone = ({ path, blob }: { path: string | null; blob: string | null }): boolean =>
      path === null || blob !== seen.blobAt(path);
    secrets.push(
      ...found.filter(isGone).map(({ path, line, what }) => ({ commit: commit.sha, path, line, what })),
    );
    const files = withoutLines.filter(isGone);
    blobs += files.length;
    if (blobs > mostBlobs) {
      unsearched.push(`GitHub does not give the lines of more than ${mostBlobs} files on the way`);
      break;
    }
    const more = await searchBlobs(ctx, seen, cache, { commit, files });
    secrets.push(...more.secrets);
    unsearched.push(...more.unsearched);
  }
  const told = new Set(known.map(keyOf));
  return { secrets: withoutRepeats(secrets.filter((sighting) => !told.has(keyOf(sighting)))), unsearched };
}
