import { z } from 'zod';
import { announce } from '../announce.ts';
import type { AddRepoRoute } from '../api.ts';
import { readBody, takePage } from '../api.ts';
import { notFound, validationFailed } from '../api-error.ts';
import type { Issue } from '../model.ts';
import { renderIssue } from '../render-issue.ts';
import { renderRepo } from '../render-repo.ts';
import type { World } from '../world.ts';
import { demandIssue } from './issue-routes.ts';

/** Dependencies name issues by id, not number, so that they may live in another repository. */
function demandIssueById(world: World, id: number): Issue {
  for (const repo of world.book.repos.values())
    for (const issue of repo.issues.values()) if (issue.id === id) return issue;
  throw notFound();
}

function dependsOn(issue: Issue, other: Issue, seen = new Set<Issue>()): boolean {
  if (issue === other) return true;
  if (seen.has(issue)) return false;
  seen.add(issue);
  return issue.blockedBy.some((one) => dependsOn(one, other, seen));
}

function renderDependency(world: World, blocked: Issue, blocking: Issue) {
  return {
    blocked_issue_id: blocked.id,
    blocked_issue: renderIssue(world, blocked),
    blocking_issue_id: blocking.id,
    blocking_issue: renderIssue(world, blocking),
    blocking_issue_repo: renderRepo(world, blocking.repo),
  };
}

function addBlockedByRoutes(world: World, route: AddRepoRoute): void {
  const path = '/issues/:number/dependencies/blocked_by';
  route('GET', path, 'issues:read', ({ c, repo, param }) =>
    c.json(takePage(c, demandIssue(repo, param('number')).blockedBy).map((one) => renderIssue(world, one))),
  );
  route('GET', '/issues/:number/dependencies/blocking', 'issues:read', ({ c, repo, param }) =>
    c.json(takePage(c, demandIssue(repo, param('number')).blocking).map((one) => renderIssue(world, one))),
  );
  route(
    'POST',
    path,
    'issues:write',
    async ({ c, repo, actor, param }) => {
      const issue = demandIssue(repo, param('number'));
      const { issue_id } = await readBody(c, z.object({ issue_id: z.number() }));
      const blocking = demandIssueById(world, issue_id);
      const invalid = { resource: 'IssueDependency', code: 'custom' };
      if (issue.blockedBy.includes(blocking))
        throw validationFailed({ ...invalid, message: 'Target issue has already been taken' });
      if (dependsOn(blocking, issue))
        throw validationFailed({ ...invalid, message: 'Dependency would create a cycle' });
      issue.blockedBy.push(blocking);
      blocking.blocking.push(issue);
      const body = renderDependency(world, issue, blocking);
      announce(world, repo, 'issue_dependencies.blocked_by_added', body, actor.account);
      return c.json(renderIssue(world, issue), 201);
    },
    'triage',
  );
  route(
    'DELETE',
    `${path}/:id`,
    'issues:write',
    ({ c, repo, actor, param }) => {
      const issue = demandIssue(repo, param('number'));
      const blocking = issue.blockedBy.find((one) => one.id === Number(param('id')));
      if (blocking === undefined) throw notFound();
      issue.blockedBy = issue.blockedBy.filter((one) => one !== blocking);
      blocking.blocking = blocking.blocking.filter((one) => one !== issue);
      const body = renderDependency(world, issue, blocking);
      announce(world, repo, 'issue_dependencies.blocked_by_removed', body, actor.account);
      return c.json(renderIssue(world, issue));
    },
    'triage',
  );
}

function renderPart(world: World, parent: Issue, part: Issue) {
  return {
    parent_issue_id: parent.id,
    parent_issue: renderIssue(world, parent),
    sub_issue_id: part.id,
    sub_issue: renderIssue(world, part),
    sub_issue_repo: renderRepo(world, part.repo),
  };
}

function addSubIssueRoutes(world: World, route: AddRepoRoute): void {
  const SubIssue = z.object({ sub_issue_id: z.number(), replace_parent: z.boolean().optional() });
  route('GET', '/issues/:number/sub_issues', 'issues:read', ({ c, repo, param }) =>
    c.json(takePage(c, demandIssue(repo, param('number')).subIssues).map((one) => renderIssue(world, one))),
  );
  route('GET', '/issues/:number/parent', 'issues:read', ({ c, repo, param }) => {
    const { parent } = demandIssue(repo, param('number'));
    if (parent === null) throw notFound();
    return c.json(renderIssue(world, parent));
  });
  route(
    'POST',
    '/issues/:number/sub_issues',
    'issues:write',
    async ({ c, repo, actor, param }) => {
      const issue = demandIssue(repo, param('number'));
      const input = await readBody(c, SubIssue);
      const part = demandIssueById(world, input.sub_issue_id);
      if (part === issue || (part.parent !== null && input.replace_parent !== true))
        throw validationFailed({
          resource: 'SubIssue',
          code: 'custom',
          message: 'An error occurred while adding the sub-issue to the parent issue.',
        });
      if (part.parent !== null) part.parent.subIssues = part.parent.subIssues.filter((one) => one !== part);
      part.parent = issue;
      issue.subIssues.push(part);
      const body = renderPart(world, issue, part);
      announce(world, repo, 'sub_issues.sub_issue_added', body, actor.account);
      return c.json(renderIssue(world, issue), 201);
    },
    'triage',
  );
  route(
    'DELETE',
    '/issues/:number/sub_issue',
    'issues:write',
    async ({ c, repo, actor, param }) => {
      const issue = demandIssue(repo, param('number'));
      const { sub_issue_id } = await readBody(c, SubIssue);
      const part = issue.subIssues.find((one) => one.id === sub_issue_id);
      if (part === undefined) throw notFound();
      issue.subIssues = issue.subIssues.filter((one) => one !== part);
      part.parent = null;
      const body = renderPart(world, issue, part);
      announce(world, repo, 'sub_issues.sub_issue_removed', body, actor.account);
      return c.json(renderIssue(world, issue));
    },
    'triage',
  );
}

export function addDependencyRoutes(world: World, route: AddRepoRoute): void {
  addBlockedByRoutes(world, route);
  addSubIssueRoutes(world, route);
}
