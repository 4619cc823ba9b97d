import { describe, expect, it } from 'vitest';
import { fetchDiff } from '../../src/github/fetch-diff.ts';
import { diffTexts, readPatch } from '../../src/github/read-patch.ts';
import { createTextCache } from '../../src/github/text-cache.ts';
import { commitBody, onRepo, openClient, repo, sha, useNock } from './github-world.ts';

useNock();

const [base, head, fork, oldTree, newTree] = [sha('b'), sha('a'), sha('f'), sha('0'), sha('1')];

/** `path mode sha size` */
const entries = (...lines: string[]) =>
  lines.map((line) => {
    const [path, mode = '100644', id = 'x', size] = line.split(' ');
    return { path, mode, sha: id, type: 'blob', ...(size ? { size: Number(size) } : {}) };
  });

interface World {
  before: string[];
  after: string[];
  files: object[];
  blobs?: Record<string, string | Buffer>;
}

function answer({ before, after, files, blobs = {} }: World): void {
  const commits = [
    { ...commitBody(sha('c'), oldTree, [fork]), author: { login: 'walt' }, committer: { login: 'web-flow' } },
    { ...commitBody(head, newTree, [sha('c')]), author: { login: 'ada' }, committer: null },
  ].map((body) => ({ ...body, commit: { tree: body.tree } }));
  const merge_base_commit = { sha: fork, commit: { committer: { date: '2026-01-01T00:00:00Z' } } };
  onRepo()
    .get(`/compare/${base}...${head}`)
    .query({ per_page: 100 })
    .reply(200, { merge_base_commit, behind_by: 3, commits, files });
  onRepo()
    .get(`/git/commits/${fork}`)
    .reply(200, commitBody(fork, oldTree, []));
  onRepo()
    .get(`/git/commits/${head}`)
    .reply(200, commitBody(head, newTree, [fork]));
  for (const [tree, lines] of [
    [oldTree, before],
    [newTree, after],
  ] as const)
    onRepo()
      .get(`/git/trees/${tree}`)
      .query({ recursive: '1' })
      .reply(200, { truncated: false, tree: entries(...lines) });
  for (const [id, content] of Object.entries(blobs))
    onRepo()
      .get(`/git/blobs/${id}`)
      .reply(200, { encoding: 'base64', content: Buffer.from(content).toString('base64') });
}

const read = (cache = createTextCache(1_000_000)) =>
  fetchDiff({ client: openClient(), repo, cache }, base, head);
const compared = (filename: string, id: string, patch: string | undefined, more: object = {}) => {
  const count = (mark: string) => (patch ?? '').split('\n').filter((line) => line.startsWith(mark)).length;
  return {
    filename,
    sha: id,
    status: 'modified',
    additions: count('+'),
    deletions: count('-'),
    ...(patch ? { patch } : {}),
    ...more,
  };
};

describe('fetchDiff', () => {
  it('takes lines from the comparison where they agree with the tree, and asks for nothing more', async () => {
    answer({
      before: ['a.js 100644 1 9', 'gone.js 100644 2 9'],
      after: ['a.js 100644 3 9', 'new.js 100755 4 9'],
      files: [
        compared('a.js', '3', '@@ -5,2 +5,3 @@\n same\n-old\n+new\n+more'),
        compared('gone.js', '2', '@@ -1 +0,0 @@\n-x', { status: 'removed' }),
        compared('new.js', '4', '@@ -0,0 +1 @@\n+x\n\\ No newline at end of file', { status: 'added' }),
      ],
    });
    const { changes, unread, comparison, paths } = await read();
    expect(changes).toEqual([
      {
        path: 'a.js',
        change: 'modified',
        mode: '100644',
        modeBefore: '100644',
        lines: {
          added: [
            { line: 6, text: 'new' },
            { line: 7, text: 'more' },
          ],
          removed: [{ line: 6, text: 'old' }],
        },
      },
      {
        path: 'gone.js',
        change: 'removed',
        mode: '100644',
        lines: { added: [], removed: [{ line: 1, text: 'x' }] },
      },
      {
        path: 'new.js',
        change: 'added',
        mode: '100755',
        lines: { added: [{ line: 1, text: 'x' }], removed: [] },
      },
    ]);
    expect(unread).toEqual([]);
    expect(comparison).toMatchObject({
      behind: 3,
      mergeBaseAt: '2026-01-01T00:00:00Z',
      authors: ['ada', 'walt'],
    });
    expect([...(paths ?? [])]).toEqual(['a.js', 'new.js']);
  });

  it.each([
    ['no patch', compared('a.js', '2', undefined, { additions: 1, deletions: 1 })],
    [
      'a patch that does not agree with its own count',
      compared('a.js', '2', '@@ -1 +1 @@\n-one\n+ONE', { additions: 9 }),
    ],
    [
      'F07: a file that was given up on as unchanged',
      compared('a.js', '2', undefined, { additions: 0, deletions: 0 }),
    ],
    ['a patch of another blob than the tree has', compared('a.js', '9', '@@ -1 +1 @@\n-one\n+ONE')],
    ['nothing at all', compared('other.js', '2', '@@ -1 +1 @@\n-one\n+ONE')],
  ])('reads the blobs where the comparison has %s', async (_, file) => {
    answer({
      before: ['a.js 100644 1 8'],
      after: ['a.js 100644 2 8'],
      files: [file],
      blobs: { 1: 'one\ntwo\n', 2: 'ONE\ntwo\n' },
    });
    const { changes, unread } = await read();
    expect(changes[0]?.lines).toEqual({
      added: [{ line: 1, text: 'ONE' }],
      removed: [{ line: 1, text: 'one' }],
    });
    expect(unread).toEqual([]);
  });

  it('a rename is two paths, with the changed lines under the new name', async () => {
    answer({
      before: ['old.js 100644 1 9'],
      after: ['new.js 100644 2 9'],
      files: [
        compared('new.js', '2', '@@ -1 +1 @@\n-one\n+ONE', {
          status: 'renamed',
          previous_filename: 'old.js',
        }),
      ],
    });
    expect((await read()).changes).toMatchObject([
      { path: 'new.js', change: 'added', lines: { added: [{ text: 'ONE' }] } },
      { path: 'old.js', change: 'removed', movedTo: 'new.js', lines: { added: [], removed: [] } },
    ]);
  });

  it('binaries, large files, links, submodules and modes have no lines', async () => {
    answer({
      before: ['mode 100644 1 5', 'sub 160000 2'],
      after: [
        'mode 100755 1 5',
        'sub 160000 3',
        'pic.png 100644 4 20',
        'huge.txt 100644 5 2000000',
        'link 120000 6 4',
      ],
      files: [],
      blobs: { 4: Buffer.from([137, 80, 0, 1]) },
    });
    expect(
      (await read()).changes.map(({ path, isBinary, lines }) => [path, isBinary ?? false, lines]),
    ).toEqual([
      ['huge.txt', true, undefined],
      ['link', false, undefined],
      ['mode', false, undefined],
      ['pic.png', true, undefined],
      ['sub', false, undefined],
    ]);
  });

  it('S32: says what it could not read when GitHub gives too little', async () => {
    const names = Array.from({ length: 450 }, (_, index) => `f${String(index).padStart(3, '0')}`);
    answer({
      before: [],
      after: names.map((name, index) => `${name} 100644 blob${index} 2`),
      files: [],
      blobs: Object.fromEntries(names.slice(0, 400).map((_, index) => [`blob${index}`, 'x\n'])),
    });
    const { changes, unread } = await read();
    expect(changes).toHaveLength(450);
    expect(unread).toEqual([expect.stringContaining('450 files')]);
  });

  it('gives the text of changed files, from what it has read already', async () => {
    answer({
      before: ['p.json 100644 1 3'],
      after: ['p.json 100644 2 3'],
      files: [],
      blobs: { 1: '{}', 2: '[]' },
    });
    const { readText } = await read();
    expect(await readText('p.json', 'before')).toBe('{}');
    expect(await readText('p.json', 'after')).toBe('[]');
    expect(await readText('other', 'after')).toBeNull();
  });
});

describe('lines', () => {
  it('of a patch are numbered on both sides', () => {
    const { added, removed } = readPatch(
      '@@ -1,3 +1,3 @@ heading\n a\n-b\n+B\n c\n@@ -10 +10,2 @@\n-+++ x\r\n+--- y\n+z',
    );
    expect(removed).toEqual([
      { line: 2, text: 'b' },
      { line: 10, text: '+++ x' },
    ]);
    expect(added).toEqual([
      { line: 2, text: 'B' },
      { line: 10, text: '--- y' },
      { line: 11, text: 'z' },
    ]);
  });

  it('of texts are found likewise, ends of lines aside', () => {
    expect(diffTexts('a\r\nb\r\n', 'a\nc\n')).toEqual({
      added: [{ line: 2, text: 'c' }],
      removed: [{ line: 2, text: 'b' }],
    });
    expect(diffTexts(null, 'a\nb')).toEqual({
      added: [
        { line: 1, text: 'a' },
        { line: 2, text: 'b' },
      ],
      removed: [],
    });
    expect(diffTexts('a', null)).toEqual({ added: [], removed: [{ line: 1, text: 'a' }] });
  });
});

describe('the cache', () => {
  it('reads once, forgets the longest unused, and keeps no failure', async () => {
    const cache = createTextCache(36);
    const reads: string[] = [];
    const take = (key: string) =>
      cache.take(key, async () => {
        reads.push(key);
        return key.repeat(9);
      });
    for (const key of ['a', 'a', 'b', 'c', 'd', 'a', 'e', 'a', 'b']) await take(key);
    expect(reads).toEqual(['a', 'b', 'c', 'd', 'e', 'b']);
    await expect(cache.take('x', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await cache.take('x', async () => 'now')).toBe('now');
  });
});
