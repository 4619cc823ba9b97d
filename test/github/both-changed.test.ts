import { expect, it } from 'vitest';
import { fetchBothChanged } from '../../src/github/fetch-both-changed.ts';
import { createTextCache } from '../../src/github/text-cache.ts';
import { commitBody, onRepo, openClient, repo, sha, useNock } from './github-world.ts';

useNock();

const [base, ours, theirs] = [sha('a'), sha('b'), sha('c')];

function answerTree(tree: string, files: Record<string, string>): void {
  const entries = Object.entries(files).map(([path, content]) => ({
    path,
    mode: '100644',
    type: 'blob',
    sha: content.repeat(40),
    size: path === 'large.txt' ? 1_000_000 : 10,
  }));
  onRepo().get(`/git/trees/${tree}`).query(true).times(2).reply(200, { tree: entries, truncated: false });
}

const answerBlob = (letter: string) =>
  onRepo()
    .get(`/git/blobs/${letter.repeat(40)}`)
    .reply(200, { encoding: 'base64', content: Buffer.from(`text ${letter}\n`).toString('base64') });

it('gives the three versions of what both sides changed otherwise, and counts what is left out', async () => {
  onRepo()
    .get(`/compare/${theirs}...${ours}`)
    .query(true)
    .reply(200, { merge_base_commit: { sha: base }, files: [] });
  for (const [commit, tree] of [
    [base, sha('1')],
    [ours, sha('2')],
    [theirs, sha('3')],
  ] as const)
    onRepo()
      .get(`/git/commits/${commit}`)
      .reply(200, commitBody(commit, tree, []));
  const at = {
    'both.js': '4',
    'large.txt': '4',
    'mine.js': '4',
    'same.js': '4',
    'gone.js': '4',
    'z.js': '4',
  };
  answerTree(sha('1'), at);
  onRepo()
    .get(`/git/trees/${sha('2')}`)
    .query(true)
    .reply(200, {
      truncated: false,
      tree: [
        { path: 'both.js', mode: '100644', type: 'blob', sha: sha('5'), size: 10 },
        { path: 'large.txt', mode: '100644', type: 'blob', sha: sha('5'), size: 1_000_000 },
        { path: 'mine.js', mode: '100644', type: 'blob', sha: sha('5'), size: 10 },
        { path: 'same.js', mode: '100644', type: 'blob', sha: sha('6'), size: 10 },
        { path: 'z.js', mode: '100644', type: 'blob', sha: sha('5'), size: 10 },
      ],
    });
  onRepo()
    .get(`/git/trees/${sha('3')}`)
    .query(true)
    .reply(200, {
      truncated: false,
      tree: [
        { path: 'both.js', mode: '100644', type: 'blob', sha: sha('7'), size: 10 },
        { path: 'large.txt', mode: '100644', type: 'blob', sha: sha('7'), size: 1_000_000 },
        { path: 'mine.js', mode: '100644', type: 'blob', sha: sha('4'), size: 10 },
        { path: 'same.js', mode: '100644', type: 'blob', sha: sha('6'), size: 10 },
        { path: 'gone.js', mode: '100644', type: 'blob', sha: sha('7'), size: 10 },
        { path: 'z.js', mode: '100644', type: 'blob', sha: sha('7'), size: 10 },
      ],
    });
  for (const letter of ['4', '5', '7']) answerBlob(letter);
  const source = { client: openClient(), repo, cache: createTextCache(10_000) };
  expect(await fetchBothChanged(source, { ours, theirs }, 3)).toEqual({
    files: [
      { path: 'both.js', base: 'text 4\n', ours: 'text 5\n', theirs: 'text 7\n' },
      { path: 'gone.js', base: 'text 4\n', ours: null, theirs: 'text 7\n' },
      { path: 'large.txt', base: 'binary', ours: 'binary', theirs: 'binary' },
    ],
    more: 1,
  });
});
