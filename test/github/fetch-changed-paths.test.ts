import { describe, expect, it } from 'vitest';
import { classifyFailure } from '../../src/github/failure.ts';
import { fetchChangedPaths } from '../../src/github/fetch-changed-paths.ts';
import { commitBody, onRepo, openClient, repo, sha, useNock } from './github-world.ts';

useNock();

const [base, head, fork, oldTree, newTree] = [sha('b'), sha('a'), sha('f'), sha('0'), sha('1')];

function answerCommits(): void {
  onRepo()
    .get(`/compare/${base}...${head}`)
    .query(true)
    .reply(200, { merge_base_commit: { sha: fork }, files: [] });
  onRepo()
    .get(`/git/commits/${fork}`)
    .reply(200, commitBody(fork, oldTree, []));
  onRepo()
    .get(`/git/commits/${head}`)
    .reply(200, commitBody(head, newTree, [fork]));
}

/** Entries as `path mode sha`, the type following from the mode as in git. */
const entries = (...lines: string[]) =>
  lines.map((line) => {
    const [path, mode = '100644', id = 'x'] = line.split(' ');
    return { path, mode, sha: id, type: mode === '040000' ? 'tree' : mode === '160000' ? 'commit' : 'blob' };
  });
const answerTree = (tree: string, recursive: boolean, body: object) =>
  onRepo()
    .get(`/git/trees/${tree}`)
    .query(recursive ? { recursive: '1' } : {})
    .reply(200, body);

describe('fetchChangedPaths', () => {
  it('compares trees: renames as two, modes, links and submodules included', async () => {
    const client = openClient();
    answerCommits();
    answerTree(oldTree, true, {
      truncated: false,
      tree: entries(
        'src 040000 t1',
        'src/a 100644 1',
        'src/b 100644 2',
        'same 100644 3',
        'run 100644 4',
        'lib 160000 5',
        'x 100644 6',
      ),
    });
    answerTree(newTree, true, {
      truncated: false,
      tree: entries(
        'src 040000 t2',
        'src/c 100644 1',
        'src/b 100644 9',
        'same 100644 3',
        'run 100755 4',
        'lib 160000 7',
        'x 040000 t3',
        'x/y 120000 8',
      ),
    });
    expect(await fetchChangedPaths(client, repo, base, head)).toEqual([
      { path: 'lib', change: 'modified', mode: '160000' },
      { path: 'run', change: 'modified', mode: '100755' },
      { path: 'src/a', change: 'removed', mode: '100644' },
      { path: 'src/b', change: 'modified', mode: '100644' },
      { path: 'src/c', change: 'added', mode: '100644' },
      { path: 'x', change: 'removed', mode: '100644' },
      { path: 'x/y', change: 'added', mode: '120000' },
    ]);
  });

  it('walks down, only into what differs, when a tree is too large to be listed', async () => {
    const client = openClient();
    answerCommits();
    answerTree(oldTree, true, { truncated: true, tree: entries('hidden 100644 1') });
    answerTree(newTree, true, { truncated: false, tree: [] });
    answerTree(oldTree, false, {
      tree: entries('same 040000 s', 'src 040000 s1', 'gone 040000 g', 'f 100644 1'),
    });
    answerTree(newTree, false, {
      tree: entries('same 040000 s', 'src 040000 s2', 'fresh 040000 n', 'f 100644 2'),
    });
    answerTree('s1', false, { tree: entries('a 100644 1', 'b 100644 2') });
    answerTree('s2', false, { tree: entries('a 100644 1', 'b 100644 3') });
    answerTree('g', false, { tree: entries('z 100644 1') });
    answerTree('n', false, { tree: entries('z 100644 1') });
    expect(await fetchChangedPaths(client, repo, base, head)).toEqual([
      { path: 'f', change: 'modified', mode: '100644' },
      { path: 'fresh/z', change: 'added', mode: '100644' },
      { path: 'gone/z', change: 'removed', mode: '100644' },
      { path: 'src/b', change: 'modified', mode: '100644' },
    ]);
  });

  it('needs no trees when there is nothing to compare', async () => {
    const client = openClient();
    onRepo()
      .get(`/compare/${base}...${head}`)
      .query(true)
      .reply(200, { merge_base_commit: { sha: fork } });
    onRepo()
      .get(`/git/commits/${fork}`)
      .reply(200, commitBody(fork, oldTree, []));
    onRepo()
      .get(`/git/commits/${head}`)
      .reply(200, commitBody(head, oldTree, [fork]));
    expect(await fetchChangedPaths(client, repo, base, head)).toEqual([]);
  });

  it('throws when the merge base is not named', async () => {
    const client = openClient();
    onRepo().get(`/compare/${base}...${head}`).query(true).reply(200, {});
    await expect(fetchChangedPaths(client, repo, base, head)).rejects.toThrow('merge base');
  });

  it('throws when the head is not there (yet), which the caller may look at again', async () => {
    const client = openClient();
    onRepo()
      .get(`/compare/${base}...${head}`)
      .query(true)
      .reply(200, { merge_base_commit: { sha: fork } });
    onRepo()
      .get(`/git/commits/${fork}`)
      .reply(200, commitBody(fork, oldTree, []));
    onRepo().get(`/git/commits/${head}`).reply(404, {});
    const error = await fetchChangedPaths(client, repo, base, head).catch((thrown: unknown) => thrown);
    expect(classifyFailure(error)).toEqual({ kind: 'gone' });
  });

  it.each([
    ['no entries', { truncated: false }, /without entries/],
    ['an incomplete entry', { tree: [{ path: 'a', mode: '100644', type: 'blob' }] }, /incomplete/],
  ])('throws on %s', async (_, body, message) => {
    const client = openClient();
    answerCommits();
    answerTree(oldTree, true, { tree: [] });
    answerTree(newTree, true, body);
    await expect(fetchChangedPaths(client, repo, base, head)).rejects.toThrow(message);
  });

  it('throws when even one folder is too large', async () => {
    const client = openClient();
    answerCommits();
    for (const recursive of [true, false]) {
      answerTree(oldTree, recursive, { truncated: true, tree: [] });
      answerTree(newTree, recursive, { truncated: true, tree: [] });
    }
    await expect(fetchChangedPaths(client, repo, base, head)).rejects.toThrow('too large');
  });
});
