import type { Octokit } from '@octokit/rest';
import { classifyFailure, failureError, isGraphqlError, isMissing } from './failure.ts';
import { fetchRef } from './fetch-ref.ts';
import { inRepo, type RepoName } from './observed.ts';
import { pushBranch } from './push-branch.ts';

export interface BaseMove {
  base: string;
  /** GraphQL's id of the repository; asked for when absent. */
  repoNodeId?: string;
  before: string;
  after: string;
  /** Allows a move that is no fast-forward. Never for a base branch. */
  force?: boolean;
}

export type BaseMoved = 'moved' | 'already' | { kind: 'base-is'; sha: string };

/**
 * GitHub's docs, GraphQL `updateRefs` with `beforeOid`: the only true compare-and-swap. REST promises no more than a
 * fast-forward, which also succeeds after the branch was set back (F17).
 */
const updateRefs = `mutation ($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }`;

/** Moves the base branch from one commit to the next, if it is still there. Every answer is checked by reading. */
export async function pushBase(client: Octokit, repo: RepoName, move: BaseMove): Promise<BaseMoved> {
  const at = await readBase(client, repo, move);
  if (at === move.after) return 'already';
  if (at !== move.before) return { kind: 'base-is', sha: at };

  let refusal = await sendByGraphql(client, repo, move);
  if (refusal === 'unusable') {
    // Time has passed: look again, since from here on only a fast-forward is promised.
    const again = await readBase(client, repo, move);
    if (again !== move.before) return again === move.after ? 'already' : { kind: 'base-is', sha: again };
    refusal = await sendByRest(client, repo, move);
  }
  const now = await readBase(client, repo, move);
  if (now === move.after) return 'moved';
  if (now !== move.before) return { kind: 'base-is', sha: now };
  // Still where it was: either GitHub said no, or its "yes" is not to be seen yet.
  throw (
    refusal ??
    failureError(`GitHub confirmed the move of ${move.base}, yet it has not moved`, { kind: 'unclear' })
  );
}

async function readBase(client: Octokit, repo: RepoName, move: BaseMove): Promise<string> {
  const sha = await fetchRef(client, repo, `heads/${move.base}`);
  if (sha === null) throw failureError(`the branch ${move.base} is gone`, { kind: 'gone' });
  return sha;
}

/** Null when accepted, the error when refused or unclear, `unusable` when this server has no such mutation. */
async function sendByGraphql(client: Octokit, repo: RepoName, move: BaseMove): Promise<unknown> {
  const repositoryId = move.repoNodeId ?? (await fetchNodeId(client, repo));
  if (repositoryId === null) return 'unusable';
  const refUpdates = [
    {
      name: `refs/heads/${move.base}`,
      beforeOid: move.before,
      afterOid: move.after,
      force: move.force ?? false,
    },
  ];
  try {
    const answer = await client.graphql<{ updateRefs?: unknown } | null>(updateRefs, {
      input: { repositoryId, refUpdates },
    });
    return answer?.updateRefs == null ? 'unusable' : null;
  } catch (error) {
    const failure = classifyFailure(error);
    if (failure.kind === 'rate-limited') throw error;
    return isMissing(error) || isUnknownToServer(error) ? 'unusable' : error;
  }
}

async function sendByRest(client: Octokit, repo: RepoName, move: BaseMove): Promise<unknown> {
  try {
    await pushBranch(client, repo, { branch: move.base, sha: move.after, force: move.force ?? false });
    return null;
  } catch (error) {
    if (classifyFailure(error).kind === 'rate-limited') throw error;
    return error;
  }
}

async function fetchNodeId(client: Octokit, repo: RepoName): Promise<string | null> {
  const { data } = await client.request('GET /repos/{owner}/{repo}', inRepo(repo));
  return data.node_id ?? null;
}

/** GraphQL servers word an unknown mutation or type differently; an id or a right they do not know has a type. */
function isUnknownToServer(error: unknown): boolean {
  if (!isGraphqlError(error)) {
    // A server without GraphQL may also call the request malformed.
    return [400, 403, 415].includes(Number(error instanceof Error && Reflect.get(error, 'status')));
  }
  return error.errors.every(
    ({ type, message = '', extensions }) =>
      type === 'NOT_FOUND' ||
      type === 'FORBIDDEN' ||
      type === 'NOT_IMPLEMENTED' ||
      /^(undefinedField|undefinedType|missingField|GRAPHQL_VALIDATION_FAILED)$/.test(
        extensions?.code ?? '',
      ) ||
      /doesn't exist on type|isn't a defined|cannot query field|unknown (type|field|argument|mutation)|not (supported|implemented)/i.test(
        message,
      ),
  );
}
