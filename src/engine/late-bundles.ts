/** Bundles of attempts that had ended: put on a branch where people can look at them, or saved as files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { Effect } from '../core/lane/effects.ts';
import type { Observation } from '../core/lane/observation.ts';
import { fetchCloneUrl } from '../github/fetch-clone-url.ts';
import { mintContentsToken } from '../github/mint-contents-token.ts';
import { pushBundle } from '../github/push-bundle.ts';
import { listBundles, readLateBundle } from '../ledger/checkpoints.ts';
import type { DB } from '../ledger/schema.ts';
import type { LaneContext } from './context.ts';

/** Pushes the bundle with a token that is good for this alone. */
export async function keepLateBundle(
  ctx: LaneContext,
  { issue, number, late: branch, sha, fence }: Extract<Effect, { kind: 'keep-late-bundle' }>,
): Promise<Observation> {
  const bundle = await readLateBundle(ctx.db, ctx.key, fence);
  const kept: Observation = { kind: 'late-work-kept', issue, number, branch, isBack: false };
  if (!bundle) return { ...kept, branch: null, why: 'its bundle is not in the ledger any more' };
  const url = await fetchCloneUrl(ctx.client, ctx.repo);
  const { token } = await mintContentsToken(ctx.github.asApp(), ctx.key.installationId, ctx.lane.repo_id);
  try {
    await pushBundle({ url, token, bundle, sha, branch, env: ctx.gitEnv });
  } finally {
    await ctx.github.revokeToken(token).catch((error: unknown) => {
      ctx.log.warn({ err: error }, 'a token could not be revoked; it ends within the hour');
    });
  }
  return kept;
}

/**
 * Saves all bundles of a task as files.
 * @returns what to print, and whether there were any
 */
export async function saveBundles(
  db: Kysely<DB>,
  of: { owner: string; repo: string; issue: number; folder: string },
): Promise<{ text: string; ok: boolean }> {
  const bundles = await listBundles(db, of);
  if (bundles.length === 0)
    return { text: `No bundle is kept of ${of.owner}/${of.repo}#${of.issue}.`, ok: false };
  await mkdir(of.folder, { recursive: true });
  const lines = await Promise.all(
    bundles.map(async ({ attempt, fence, late, head, bundle, savedAt }) => {
      const file = join(of.folder, `${of.issue}-attempt-${attempt}-${fence}${late ? '-late' : ''}.bundle`);
      await writeFile(file, bundle);
      return `${file}: attempt ${attempt}${late ? ', late' : ''}, commit ${head}, saved ${savedAt}`;
    }),
  );
  const use = 'To look at one, in a clone: git bundle unbundle <file> && git switch -c late <commit>';
  return { text: [...lines, use].join('\n'), ok: true };
}
