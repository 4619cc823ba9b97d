import { z } from 'zod';
import type { RefChange } from './announce-push.ts';
import type { Api } from './api.ts';
import { readBody } from './api.ts';
import { ApiError } from './api-error.ts';
import type { Caller } from './auth.ts';
import { actorOf, appOf, demandAccess } from './auth.ts';
import { isAncestor } from './git.ts';
import type { Field } from './graphql-document.ts';
import { GraphqlSyntaxError, readDocument } from './graphql-document.ts';
import { setAssignees } from './issue-changes.ts';
import type { Account, Issue, PullIssue, Repo } from './model.ts';
import { isPull, nodeId, numberFromNodeId, ZERO_SHA } from './model.ts';
import { readCommit } from './objects.ts';
import { refuseUpdate } from './protection.ts';
import { setDraft } from './pull-changes.ts';
import { moveRefs } from './ref-changes.ts';
import type { World } from './world.ts';
import { findRepo, htmlUrl } from './world.ts';

interface GraphqlError {
  type: string;
  path: string[];
  message: string;
}

const RefUpdate = z.object({
  name: z.string().startsWith('refs/'),
  afterOid: z.string().regex(/^[0-9a-f]{40}$/),
  beforeOid: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .nullish(),
  force: z.boolean().nullish(),
});
const UpdateRefsInput = z.object({
  repositoryId: z.string(),
  refUpdates: z.array(RefUpdate).min(1),
  clientMutationId: z.string().nullish(),
});
const PullInput = z.object({ pullRequestId: z.string(), clientMutationId: z.string().nullish() });

function unresolved(id: string): ApiError {
  return new ApiError(404, `Could not resolve to a node with the global id of '${id}'`);
}

async function planRefUpdate(
  repo: Repo,
  caller: Caller,
  update: z.infer<typeof RefUpdate>,
): Promise<RefChange> {
  const { name: ref, afterOid: after, beforeOid, force } = update;
  const before = repo.refs.get(ref) ?? ZERO_SHA;
  if (beforeOid != null && beforeOid !== before)
    throw new ApiError(422, `Reference ${ref} was expected to be at ${beforeOid} but is at ${before}`);
  if (after !== ZERO_SHA && (await readCommit(repo, after)) === null)
    throw new ApiError(422, `Object ${after} does not exist`);
  const exists = before !== ZERO_SHA;
  const fastForward = !exists || (after !== ZERO_SHA && (await isAncestor(repo.gitDir, before, after)));
  if (!fastForward && after !== ZERO_SHA && force !== true)
    throw new ApiError(422, `Update of ${ref} is not a fast forward`);
  if (ref.startsWith('refs/heads/')) {
    const move = { after: after === ZERO_SHA ? null : after, fastForward };
    const reason = refuseUpdate(repo, ref.slice('refs/heads/'.length), appOf(caller), move);
    if (reason !== null) throw new ApiError(422, reason);
  }
  return { ref, before, after };
}

/**
 * All or nothing, each ref only from the value its caller names: the true compare-and-swap of GitHub.
 * https://docs.github.com/en/graphql/reference/mutations#updaterefs
 */
async function updateRefs(world: World, caller: Caller, given: unknown): Promise<object> {
  const input = UpdateRefsInput.parse(given);
  const id = numberFromNodeId('Repository', input.repositoryId);
  const repo = [...world.book.repos.values()].find((one) => one.id === id);
  if (repo === undefined) throw unresolved(input.repositoryId);
  demandAccess(caller, repo, { permissions: ['contents'], level: 'write', role: 'write' });
  return world.withLock(repo, async () => {
    const changes: RefChange[] = [];
    for (const update of input.refUpdates) changes.push(await planRefUpdate(repo, caller, update));
    const moving = changes.filter((change) => change.before !== change.after);
    const refusal = moving.length === 0 ? null : await moveRefs(world, repo, moving, actorOf(world, caller));
    if (refusal !== null) throw new ApiError(422, `Reference update failed: ${refusal}`);
    return { clientMutationId: input.clientMutationId ?? null };
  });
}

function renderPullNode(world: World, issue: PullIssue) {
  return {
    id: nodeId('PullRequest', issue.id),
    number: issue.number,
    title: issue.title,
    url: htmlUrl(world, issue.repo, `/pull/${issue.number}`),
    isDraft: issue.pull.draft,
    state: issue.pull.mergedAt !== null ? 'MERGED' : issue.state.toUpperCase(),
    merged: issue.pull.mergedAt !== null,
    headRefName: issue.pull.headRef,
    headRefOid: issue.pull.headSha,
    baseRefName: issue.pull.baseRef,
    baseRefOid: issue.pull.baseSha,
  };
}

/** Bots that are no App's own here: agents that GitHub offers as assignees. */
function isAssignable({ type, login }: Account): boolean {
  return type === 'Bot' && login.startsWith('copilot-');
}

function renderActor(account: Account) {
  // GraphQL has bots' logins without what REST adds to them.
  return { id: nodeId('User', account.id), login: account.login.replace(/\[bot\]$/, '') };
}

/** https://docs.github.com/en/graphql/reference/objects#usercontentedit */
function renderIssueNode(issue: Issue) {
  return {
    id: nodeId('Issue', issue.id),
    number: issue.number,
    title: issue.title,
    createdAt: issue.createdAt,
    assignees: { nodes: issue.assignees.map(renderActor) },
    userContentEdits: (args: Record<string, unknown>) => ({
      totalCount: issue.textEdits.length,
      nodes: issue.textEdits
        .slice(-Number(args.last ?? 100))
        .map(({ editor, at }) => ({ editedAt: at, editor: { login: editor.login } })),
    }),
  };
}

async function changeDraft(world: World, caller: Caller, given: unknown, draft: boolean): Promise<object> {
  const input = PullInput.parse(given);
  const id = numberFromNodeId('PullRequest', input.pullRequestId);
  const issue = [...world.book.repos.values()]
    .flatMap((repo) => [...repo.issues.values()])
    .find((one) => one.id === id);
  if (issue === undefined || !isPull(issue)) throw unresolved(input.pullRequestId);
  demandAccess(caller, issue.repo, { permissions: ['pull_requests'], level: 'write', role: 'write' });
  return world.withLock(issue.repo, async () => {
    setDraft(world, issue, actorOf(world, caller), draft);
    return {
      clientMutationId: input.clientMutationId ?? null,
      pullRequest: renderPullNode(world, issue),
    };
  });
}

function readRepository(world: World, caller: Caller, args: Record<string, unknown>): object {
  const repo = findRepo(world, `${String(args.owner)}/${String(args.name)}`);
  if (repo === null)
    throw new ApiError(404, `Could not resolve to a Repository with the name '${args.owner}/${args.name}'.`);
  demandAccess(caller, repo, { permissions: ['metadata'], level: 'read', role: 'read' });
  return {
    id: nodeId('Repository', repo.id),
    databaseId: repo.id,
    name: repo.name,
    nameWithOwner: repo.fullName,
    isPrivate: repo.private,
    url: htmlUrl(world, repo),
    // Bots that work by being assigned are offered to people only: an App sees none.
    suggestedActors: {
      nodes:
        caller.kind === 'user' ? [...world.book.accounts.values()].filter(isAssignable).map(renderActor) : [],
    },
    issue: (inner: Record<string, unknown>) => {
      const issue = repo.issues.get(Number(inner.number));
      return issue === undefined || isPull(issue) ? null : renderIssueNode(issue);
    },
    pullRequest: (inner: Record<string, unknown>) => {
      const issue = repo.issues.get(Number(inner.number));
      return issue !== undefined && isPull(issue) ? renderPullNode(world, issue) : null;
    },
  };
}

const AssignInput = z.object({ assignableId: z.string(), actorIds: z.array(z.string()) });

/** https://docs.github.com/en/graphql/reference/mutations#replaceactorsforassignable */
async function replaceActors(world: World, caller: Caller, given: unknown): Promise<object> {
  const input = AssignInput.parse(given);
  const id = numberFromNodeId('Issue', input.assignableId);
  const issue = [...world.book.repos.values()]
    .flatMap((repo) => [...repo.issues.values()])
    .find((one) => one.id === id);
  if (issue === undefined) throw unresolved(input.assignableId);
  demandAccess(caller, issue.repo, { permissions: ['issues'], level: 'write', role: 'write' });
  if (caller.kind !== 'user') throw new ApiError(403, 'Resource not accessible by integration');
  const ids = new Set(input.actorIds.map((each) => numberFromNodeId('User', each)));
  const accounts = [...world.book.accounts.values()].filter((one) => ids.has(one.id));
  return world.withLock(issue.repo, async () => {
    setAssignees(world, issue, actorOf(world, caller), accounts);
    return { assignable: { id: input.assignableId } };
  });
}

async function resolveField(world: World, caller: Caller, field: Field): Promise<unknown> {
  const given = field.args.input;
  switch (field.name) {
    case 'updateRefs':
      return updateRefs(world, caller, given);
    case 'markPullRequestReadyForReview':
      return changeDraft(world, caller, given, false);
    case 'convertPullRequestToDraft':
      return changeDraft(world, caller, given, true);
    case 'replaceActorsForAssignable':
      return replaceActors(world, caller, given);
    case 'repository':
      return readRepository(world, caller, field.args);
    case 'viewer':
      return { login: actorOf(world, caller).account.login };
    default:
      throw new ApiError(422, `Field '${field.name}' doesn't exist`);
  }
}

/** Cuts a full answer down to what was asked for. */
function select(value: unknown, fields: readonly Field[]): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => select(item, fields));
  if (fields.length === 0 || typeof value !== 'object' || value === null) return value;
  const known = new Map<string, unknown>(Object.entries(value));
  const pairs = fields.map((field) => {
    const member = known.get(field.name);
    const resolved: unknown = typeof member === 'function' ? member(field.args) : member;
    return [field.alias, select(resolved ?? null, field.selection)];
  });
  return Object.fromEntries(pairs);
}

function errorType(error: ApiError): string {
  if (error.status === 404) return 'NOT_FOUND';
  return error.status === 403 ? 'FORBIDDEN' : 'UNPROCESSABLE';
}

const GraphqlRequest = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

/** GraphQL answers 200 even to what fails; the failure is in `errors`. */
export function addGraphqlRoute(world: World, api: Api): void {
  api.post('/graphql', async (c) => {
    const request = await readBody(c, GraphqlRequest);
    const caller = c.get('caller');
    const data: Record<string, unknown> = {};
    const errors: GraphqlError[] = [];
    try {
      const { fields } = readDocument(request.query, request.variables ?? {});
      for (const field of fields) {
        data[field.alias] = null;
        try {
          data[field.alias] = select(await resolveField(world, caller, field), field.selection);
        } catch (error) {
          if (error instanceof z.ZodError)
            errors.push({ type: 'INVALID', path: [field.alias], message: z.prettifyError(error) });
          else if (error instanceof ApiError)
            errors.push({ type: errorType(error), path: [field.alias], message: error.message });
          else throw error;
        }
      }
    } catch (error) {
      if (!(error instanceof GraphqlSyntaxError)) throw error;
      return c.json({ errors: [{ message: error.message }] });
    }
    return c.json(errors.length === 0 ? { data } : { data, errors });
  });
}
