import { describe, expect, it } from 'vitest';
import type { LaneContext } from '../../src/engine/context.ts';
import { scanHistory } from '../../src/engine/scan-history.ts';
import type { ComparedCommit } from '../../src/github/fetch-comparison.ts';
import type { DiffSeen } from '../../src/github/fetch-diff.ts';
import { createTextCache } from '../../src/github/text-cache.ts';
import { onRepo, openClient, repo, sha, useNock } from '../github/github-world.ts';

useNock();

const secret = `ghp_${'aB3dE5gH1jK7'.repeat(3)}`;
const id = (n: number) => n.toString(16).padStart(40, '0');
const base = sha('b');

/** A line of commits from the merge base, each with a tree of its own. */
const line = (count: number): ComparedCommit[] =>
  Array.from({ length: count }, (_, n) => ({
    sha: id(n + 1),
    tree: `tree${n + 1}`,
    parents: [n === 0 ? base : id(n)],
    message: `commit ${n + 1}`,
  }));

interface Scene {
  commits: ComparedCommit[];
  ahead?: number;
  after?: string;
  blobs?: Record<string, string>;
}

function seenOf({ commits, ahead = commits.length, after = 'head', blobs = {} }: Scene): DiffSeen {
  const comparison = {
    mergeBase: base,
    mergeBaseAt: null,
    behind: 0,
    authors: [],
    files: [],
    commits,
    ahead,
  };
  return {
    changes: [],
    unread: [],
    comparison,
    paths: null,
    trees: { before: 'start', after },
    blobAt: (path) => blobs[path] ?? null,
    readText: async () => null,
  };
}

/** Only what the search asks for. */
const context = () => ({ client: openClient(), repo }) as unknown as LaneContext;
const contextWithoutRequests = { client: null, repo } as unknown as LaneContext;
const cache = () => createTextCache(1_000_000);

const answer = (commit: ComparedCommit, files: object[]) =>
  onRepo().get(`/commits/${commit.sha}`).reply(200, { files });
const added = (filename: string, blob: string, text: string) => ({
  filename,
  sha: blob,
  status: 'added',
  additions: 1,
  deletions: 0,
  patch: `@@ -0,0 +1 @@\n+${text}`,
});

describe('searching the commits on the way', () => {
  it('asks for nothing where one commit makes all of the difference, the empty one that opened the branch aside', async () => {
    const [opening, work] = line(2);
    const commits = [{ ...opening, tree: 'start' }, work] as ComparedCommit[];
    const seen = seenOf({ commits, after: 'tree2' });
    expect(await scanHistory(contextWithoutRequests, seen, cache(), [])).toEqual({
      secrets: [],
      unsearched: [],
    });
  });

  it('names the first commit, and passes over what the head still has and what is told of it already', async () => {
    const commits = line(3);
    const [one, two, three] = commits as [ComparedCommit, ComparedCommit, ComparedCommit];
    answer(one, [
      added('gone.js', '1', secret),
      added('stays.js', '2', secret),
      added('told.js', '3', secret),
    ]);
    answer(two, [added('gone.js', '4', `${secret} `)]);
    answer(three, [{ filename: 'gone.js', sha: '4', status: 'removed', additions: 0, deletions: 1 }]);
    const seen = seenOf({ commits, blobs: { 'stays.js': '2', 'told.js': '9' } });
    const known = [{ path: 'told.js', what: 'GitHub token' }];
    const kept = cache();
    const once = await scanHistory(context(), seen, kept, known);
    expect(once).toEqual({
      secrets: [{ commit: one.sha, path: 'gone.js', line: 1, what: 'GitHub token' }],
      unsearched: [],
    });
    // Commits do not change: the second time costs nothing.
    expect(await scanHistory(contextWithoutRequests, seen, kept, known)).toEqual(once);
  });

  it('says what it could not search: more commits than are read, more files than are listed, files that are too large', async () => {
    const commits = line(2);
    const [one, two] = commits as [ComparedCommit, ComparedCommit];
    answer(
      one,
      Array.from({ length: 300 }, (_, n) => added(`f${n}`, `${n}`, 'x')),
    );
    answer(two, [{ filename: 'big.txt', sha: '7', status: 'added', additions: 0, deletions: 0 }]);
    onRepo()
      .get('/git/trees/tree2')
      .query({ recursive: '1' })
      .reply(200, { truncated: false, tree: [{ path: 'big.txt', type: 'blob', sha: '7', size: 2_000_000 }] });
    const found = await scanHistory(context(), seenOf({ commits, ahead: 240 }), cache(), []);
    expect(found).toEqual({
      secrets: [],
      unsearched: [
        'there are 240 commits, and at most 100 are read',
        `commit ${one.sha.slice(0, 12)} changes more files than GitHub lists`,
        `in commit ${two.sha.slice(0, 12)}, big.txt is too large`,
      ],
    });
  });

  it('reads a small file whose lines GitHub does not give', async () => {
    const commits = line(2);
    const [one, two] = commits as [ComparedCommit, ComparedCommit];
    answer(one, [{ filename: 'a.txt', sha: '7', status: 'added', additions: 0, deletions: 0 }]);
    answer(two, []);
    onRepo()
      .get('/git/trees/tree1')
      .query({ recursive: '1' })
      .reply(200, { truncated: false, tree: [{ path: 'a.txt', type: 'blob', sha: '7', size: 90 }] });
    onRepo()
      .get('/git/blobs/7')
      .reply(200, { encoding: 'base64', content: Buffer.from(`\n${secret}\n`).toString('base64') });
    const { secrets } = await scanHistory(context(), seenOf({ commits }), cache(), []);
    expect(secrets).toEqual([{ commit: one.sha, path: 'a.txt', line: 2, what: 'GitHub token' }]);
  });

  it('compares a merge of the base with the base, so that only the branch answers for what it brings', async () => {
    const [one] = line(1) as [ComparedCommit];
    const merge = { sha: id(9), tree: 'merged', parents: [one.sha, sha('d')], message: 'Merge' };
    answer(one, []);
    onRepo()
      .get(`/compare/${sha('d')}...${merge.sha}`)
      .query({ per_page: 1 })
      .reply(200, { files: [added('evil.js', '1', secret)] });
    const { secrets } = await scanHistory(context(), seenOf({ commits: [one, merge] }), cache(), []);
    expect(secrets).toEqual([{ commit: merge.sha, path: 'evil.js', line: 1, what: 'GitHub token' }]);
  });
});
