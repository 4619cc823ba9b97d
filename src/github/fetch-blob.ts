import type { Octokit } from '@octokit/rest';
import { inRepo, type RepoName } from './observed.ts';
import type { TextCache } from './text-cache.ts';

/** Git's own sign of a binary: a NUL among the first 8,000 bytes. */
const sniffed = 8_000;
const binaryMark = '\u0000';

/**
 * The text of a blob, or null when it is a binary. Read once per process: a blob never changes.
 * GitHub's docs, "Get a blob": up to 100 megabytes, as base64.
 */
export async function fetchBlobText(
  client: Octokit,
  repo: RepoName,
  sha: string,
  cache: TextCache,
): Promise<string | null> {
  const text = await cache.take(`${repo.owner}/${repo.name}/${sha}`, async () => {
    const { data } = await client.request('GET /repos/{owner}/{repo}/git/blobs/{file_sha}', {
      ...inRepo(repo),
      file_sha: sha,
    });
    if (data.encoding !== 'base64') throw new Error(`GitHub sent a blob as ${data.encoding}`);
    const bytes = Buffer.from(data.content, 'base64');
    return bytes.subarray(0, sniffed).includes(0) ? binaryMark : bytes.toString('utf8');
  });
  return text === binaryMark ? null : text;
}
