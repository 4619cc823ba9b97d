import { z } from 'zod';
import { announce, renderHookIssue } from '../announce.ts';
import type { AddRepoRoute, RepoCall } from '../api.ts';
import { readBody, takePage } from '../api.ts';
import { ApiError, notFound, validationFailed } from '../api-error.ts';
import { hasRole } from '../auth.ts';
import {
  addLabels,
  closeIssue,
  createIssue,
  editIssue,
  findOrCreateLabel,
  removeLabel,
  reopenIssue,
  setAssignees,
  setLabels,
} from '../issue-changes.ts';
import type { Account, Issue, Repo } from '../model.ts';
import { renderIssue, renderLabel, renderTimelineComment, renderTimelineEvent } from '../render-issue.ts';
import type { World } from '../world.ts';
import { findAccount } from '../world.ts';

export function demandIssue(repo: Repo, number: string): Issue {
  const issue = repo.issues.get(Number(number));
  if (issue === undefined) throw notFound();
  return issue;
}

/** GitHub ignores assignees who may not be assigned; only users who can read the repository may. */
export function findAssignees(world: World, logins: readonly string[]): Account[] {
  return logins.map((login) => findAccount(world, login)).filter((account) => account !== null);
}

function sortIssues(issues: Issue[], by: string | undefined, direction: string | undefined): Issue[] {
  const key = (issue: Issue) =>
    by === 'updated' ? issue.updatedAt : by === 'comments' ? issue.comments.length : issue.number;
  const sign = direction === 'asc' ? 1 : -1;
  return issues.sort((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.number - b.number));
}

function listIssues(world: World, { c, repo, query }: RepoCall): Response {
  const state = query('state') ?? 'open';
  const labels = (query('labels') ?? '').split(',').filter((name) => name !== '');
  const since = query('since');
  const [assignee, creator] = [query('assignee'), query('creator')];
  const matching = [...repo.issues.values()].filter(
    (issue) =>
      (state === 'all' || issue.state === state) &&
      labels.every((name) => issue.labels.some((one) => one.name.toLowerCase() === name.toLowerCase())) &&
      (since === undefined || Date.parse(issue.updatedAt) >= Date.parse(since)) &&
      (assignee === undefined || assignee === '*' || issue.assignees.some((one) => one.login === assignee)) &&
      (creator === undefined || issue.user.login === creator),
  );
  const page = takePage(c, sortIssues(matching, query('sort'), query('direction')));
  return c.json(page.map((issue) => renderIssue(world, issue)));
}

const LabelName = z.union([z.string(), z.object({ name: z.string() }).transform((label) => label.name)]);
const NewIssue = z.object({
  title: z.union([z.string(), z.number()]).transform(String),
  body: z.string().nullish(),
  labels: z.array(LabelName).optional(),
  assignees: z.array(z.string()).optional(),
});

async function openIssue(world: World, { c, repo, caller, actor }: RepoCall): Promise<Response> {
  const input = await readBody(c, NewIssue);
  if (input.title.trim() === '')
    throw validationFailed({ resource: 'Issue', code: 'missing_field', field: 'title' });
  const issue = createIssue(world, repo, actor, { title: input.title, body: input.body ?? null, pull: null });
  const mayTriage = caller.kind !== 'user' || hasRole(repo, caller.account, 'triage');
  // GitHub's `opened` shows the labels the issue was opened with, and `labeled` follows for each.
  if (mayTriage) issue.labels = (input.labels ?? []).map((name) => findOrCreateLabel(world, repo, name));
  announce(world, repo, 'issues.opened', { issue: renderHookIssue(world, issue) }, actor.account);
  if (mayTriage) {
    issue.labels = [];
    addLabels(world, issue, actor, input.labels ?? []);
    setAssignees(world, issue, actor, findAssignees(world, input.assignees ?? []));
  }
  return c.json(renderIssue(world, issue), 201);
}

const IssuePatch = z.object({
  title: z.string().optional(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']).optional(),
  state_reason: z.enum(['completed', 'not_planned', 'reopened', 'duplicate']).nullish(),
  labels: z.array(LabelName).optional(),
  assignees: z.array(z.string()).optional(),
});

async function patchIssue(world: World, call: RepoCall): Promise<Response> {
  const { c, repo, caller, actor, param } = call;
  const issue = demandIssue(repo, param('number'));
  const mayTriage = caller.kind !== 'user' || hasRole(repo, caller.account, 'triage');
  if (!mayTriage && issue.user !== actor.account)
    throw new ApiError(403, 'Must have triage rights to Repository.');
  const input = await readBody(c, IssuePatch);
  editIssue(world, issue, actor, { title: input.title, body: input.body });
  if (input.labels !== undefined && mayTriage) setLabels(world, issue, actor, input.labels);
  if (input.assignees !== undefined && mayTriage)
    setAssignees(world, issue, actor, findAssignees(world, input.assignees));
  if (input.state === 'closed')
    closeIssue(world, issue, actor, { reason: input.state_reason ?? 'completed' });
  if (input.state === 'open' && issue.pull !== null && issue.pull.mergedAt !== null)
    throw validationFailed({ resource: 'Issue', code: 'invalid', field: 'state' });
  if (input.state === 'open') reopenIssue(world, issue, actor);
  return c.json(renderIssue(world, issue));
}

const LabelList = z.union([
  z.object({ labels: z.array(LabelName) }).transform((body) => body.labels),
  z.array(LabelName),
]);

function addIssueLabelRoutes(world: World, route: AddRepoRoute): void {
  const write = 'issues|pull_requests:write';
  const list = ({ c, repo }: RepoCall, issue: Issue, status: 200 | 201 = 200) =>
    c.json(
      issue.labels.map((label) => renderLabel(world, repo, label)),
      status,
    );
  route('GET', '/issues/:number/labels', 'issues|pull_requests:read', (call) =>
    list(call, demandIssue(call.repo, call.param('number'))),
  );
  route(
    'POST',
    '/issues/:number/labels',
    write,
    async (call) => {
      const issue = demandIssue(call.repo, call.param('number'));
      addLabels(world, issue, call.actor, await readBody(call.c, LabelList));
      return list(call, issue);
    },
    'triage',
  );
  route(
    'PUT',
    '/issues/:number/labels',
    write,
    async (call) => {
      const issue = demandIssue(call.repo, call.param('number'));
      setLabels(world, issue, call.actor, await readBody(call.c, LabelList));
      return list(call, issue);
    },
    'triage',
  );
  route(
    'DELETE',
    '/issues/:number/labels/:name{.+}',
    write,
    (call) => {
      const issue = demandIssue(call.repo, call.param('number'));
      const wanted = call.param('name').toLowerCase();
      const label = issue.labels.find((one) => one.name.toLowerCase() === wanted);
      if (label === undefined) throw notFound('Label does not exist');
      removeLabel(world, issue, call.actor, label);
      return list(call, issue);
    },
    'triage',
  );
}

const NewLabel = z.object({
  name: z.string().min(1),
  color: z.string().optional(),
  description: z.string().nullish(),
});

function addLabelRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/labels', 'issues|pull_requests:read', ({ c, repo }) =>
    c.json(takePage(c, [...repo.labels.values()]).map((label) => renderLabel(world, repo, label))),
  );
  route('GET', '/labels/:name', 'issues|pull_requests:read', ({ c, repo, param }) => {
    const label = repo.labels.get(param('name').toLowerCase());
    if (label === undefined) throw notFound();
    return c.json(renderLabel(world, repo, label));
  });
  route('POST', '/labels', 'issues|pull_requests:write', async ({ c, repo }) => {
    const input = await readBody(c, NewLabel);
    if (repo.labels.has(input.name.toLowerCase()))
      throw validationFailed({ resource: 'Label', code: 'already_exists', field: 'name' });
    const label = findOrCreateLabel(world, repo, input.name);
    label.color = input.color ?? label.color;
    label.description = input.description ?? null;
    return c.json(renderLabel(world, repo, label), 201);
  });
}

function addAssigneeRoutes(world: World, route: AddRepoRoute): void {
  const Assignees = z.object({ assignees: z.array(z.string()) });
  for (const method of ['POST', 'DELETE'] as const)
    route(
      method,
      '/issues/:number/assignees',
      'issues|pull_requests:write',
      async ({ c, repo, actor, param }) => {
        const issue = demandIssue(repo, param('number'));
        const named = findAssignees(world, (await readBody(c, Assignees)).assignees);
        const wanted =
          method === 'POST'
            ? [...new Set([...issue.assignees, ...named])]
            : issue.assignees.filter((one) => !named.includes(one));
        setAssignees(world, issue, actor, wanted);
        return c.json(renderIssue(world, issue), method === 'POST' ? 201 : 200);
      },
      'triage',
    );
}

export function addIssueRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/issues', 'issues|pull_requests:read', (call) => listIssues(world, call));
  route('POST', '/issues', 'issues:write', (call) => openIssue(world, call), 'read');
  route('GET', '/issues/:number{\\d+}', 'issues|pull_requests:read', ({ c, repo, param }) =>
    c.json(renderIssue(world, demandIssue(repo, param('number')))),
  );
  route(
    'PATCH',
    '/issues/:number{\\d+}',
    'issues|pull_requests:write',
    (call) => patchIssue(world, call),
    'read',
  );
  route('GET', '/issues/:number{\\d+}/events', 'issues|pull_requests:read', ({ c, repo, param }) =>
    c.json(
      takePage(c, demandIssue(repo, param('number')).timeline).map((entry) =>
        renderTimelineEvent(world, repo, entry),
      ),
    ),
  );
  route('GET', '/issues/:number{\\d+}/timeline', 'issues|pull_requests:read', ({ c, repo, param }) => {
    const issue = demandIssue(repo, param('number'));
    const entries = [
      ...issue.timeline.map((entry) => ({ id: entry.id, json: renderTimelineEvent(world, repo, entry) })),
      ...issue.comments.map((comment) => ({ id: comment.id, json: renderTimelineComment(world, comment) })),
    ].sort((a, b) => a.id - b.id);
    return c.json(takePage(c, entries).map((entry) => entry.json));
  });
  addIssueLabelRoutes(world, route);
  addLabelRoutes(world, route);
  addAssigneeRoutes(world, route);
}

export function demandOwnOrWrite(call: RepoCall, author: Account, message: string): void {
  if (
    call.caller.kind === 'user' &&
    author !== call.actor.account &&
    !hasRole(call.repo, call.caller.account, 'write')
  )
    throw new ApiError(403, message);
}
