import { describe, expect, it } from 'vitest';
import { fetchTreeDiff, type TreeChange } from '../../src/github/fetch-tree-diff.ts';
import { onRepo, openClient, openGitHub, repo, sha, useNock } from './github-world.ts';

useNock();

const [oldTree, newTree] = [sha('0'), sha('1')];
const trees = { before: oldTree, after: newTree };

/** Entries as `path mode sha`, the type following from the mode as in git. */
const entries = (...lines: string[]) =>
  lines.map((line) => {
    const [path, mode = '100644', id = 'x'] = line.split(' ');
    return { path, mode, sha: id, type: mode === '040000' ? 'tree' : mode === '160000' ? 'commit' : 'blob' };
  });
const brief = ({ path, before, after }: TreeChange): string => {
  const [old, fresh] = [before, after].map((leaf) => (leaf ? `${leaf.mode}:${leaf.sha}` : '-'));
  return `${path} ${old} ${fresh}`;
};
const answerTree = (tree: string, recursive: boolean, body: object) =>
  onRepo()
    .get(`/git/trees/${tree}`)
    .query(recursive ? { recursive: '1' } : {})
    .reply(200, body);

describe('fetchTreeDiff', () => {
  it('compares trees: renames as two, modes, links and submodules included', async () => {
    const client = openClient();
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
    const { changes, blobs } = await fetchTreeDiff(client, repo, trees);
    expect(changes.map(brief)).toEqual([
      'lib 160000:5 160000:7',
      'run 100644:4 100755:4',
      'src/a 100644:1 -',
      'src/b 100644:2 100644:9',
      'src/c - 100644:1',
      'x 100644:6 -',
      'x/y - 120000:8',
    ]);
    expect([...(blobs?.keys() ?? [])]).toEqual(['src/c', 'src/b', 'same', 'run', 'lib', 'x/y']);
  });

  it('walks down, only into what differs, when a tree is too large to be listed', async () => {
    const client = openClient();
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
    const { changes, blobs } = await fetchTreeDiff(client, repo, trees);
    expect(changes.map(brief)).toEqual([
      'f 100644:1 100644:2',
      'fresh/z - 100644:1',
      'gone/z 100644:1 -',
      'src/b 100644:2 100644:3',
    ]);
    expect(blobs).toBeNull();
  });

  it('needs no trees when there is nothing to compare', async () => {
    const same = { before: oldTree, after: oldTree };
    expect((await fetchTreeDiff(openGitHub().github.forInstallation(1), repo, same)).changes).toEqual([]);
  });

  it.each([
    ['no entries', { truncated: false }, /without entries/],
    ['an incomplete entry', { tree: [{ path: 'a', mode: '100644', type: 'blob' }] }, /incomplete/],
  ])('throws on %s', async (_, body, message) => {
    const client = openClient();
    answerTree(oldTree, true, { tree: [] });
    answerTree(newTree, true, body);
    await expect(fetchTreeDiff(client, repo, trees)).rejects.toThrow(message);
  });

  it('throws when even one folder is too large', async () => {
    const client = openClient();
    for (const recursive of [true, false]) {
      answerTree(oldTree, recursive, { truncated: true, tree: [] });
      answerTree(newTree, recursive, { truncated: true, tree: [] });
    }
    await expect(fetchTreeDiff(client, repo, trees)).rejects.toThrow('too large');
  });
});
