import { z } from 'zod';
import { announce } from '../announce.ts';
import type { AddRepoRoute, Api } from '../api.ts';
import { readBody, takePage } from '../api.ts';
import { notFound } from '../api-error.ts';
import { appOf, demandAccess, parseRepoId, roleOf } from '../auth.ts';
import type { Rest } from '../github-types.ts';
import type { Account, Repo, Role } from '../model.ts';
import { loadCommit } from '../objects.ts';
import { branchSha } from '../ref-changes.ts';
import { renderCommit } from '../render-commit.ts';
import { renderFullRepo } from '../render-repo.ts';
import { renderUser } from '../render-user.ts';
import type { World } from '../world.ts';
import { findAccount, htmlUrl, repoUrl } from '../world.ts';

/** The old permission word; triage and maintain exist only as role names. */
function legacyPermission(role: Role | 'none'): string {
  if (role === 'maintain') return 'write';
  return role === 'triage' ? 'read' : role;
}

function renderCollaborator(world: World, account: Account, role: Role | 'none') {
  const at = (...roles: string[]) => roles.includes(role);
  return {
    ...renderUser(world, account),
    role_name: role,
    permissions: {
      admin: at('admin'),
      maintain: at('admin', 'maintain'),
      push: at('admin', 'maintain', 'write'),
      triage: at('admin', 'maintain', 'write', 'triage'),
      pull: role !== 'none',
    },
  } satisfies Rest['collaborator'];
}

function renderRequiredChecks(world: World, repo: Repo, branch: string) {
  const protection = repo.protections.get(branch);
  const url = repoUrl(world, repo, `/branches/${branch}/protection/required_status_checks`);
  return {
    url,
    strict: false,
    contexts: (protection?.requiredChecks ?? []).map((check) => check.context),
    contexts_url: `${url}/contexts`,
    checks: (protection?.requiredChecks ?? []).map((check) => ({
      context: check.context,
      app_id: check.appId,
    })),
  } satisfies Rest['status-check-policy'];
}

async function renderBranch(world: World, repo: Repo, name: string, sha: string) {
  const url = repoUrl(world, repo, `/branches/${name}`);
  const { contexts, checks } = renderRequiredChecks(world, repo, name);
  const enabled = repo.protections.has(name);
  return {
    name,
    commit: renderCommit(world, repo, await loadCommit(repo, sha)),
    _links: { self: url, html: htmlUrl(world, repo, `/tree/${name}`) },
    protected: enabled,
    protection: {
      enabled,
      required_status_checks: {
        enforcement_level: enabled ? 'everyone' : 'off',
        contexts,
        checks,
      },
    },
    protection_url: `${url}/protection`,
  } satisfies Rest['branch-with-protection'];
}

function addBranchRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/branches', 'contents:read', async ({ c, repo }) => {
    const heads = [...repo.refs].filter(([ref]) => ref.startsWith('refs/heads/'));
    const branches = heads.map(([ref, sha]) => ({
      name: ref.slice('refs/heads/'.length),
      commit: { sha, url: repoUrl(world, repo, `/commits/${sha}`) },
      protected: repo.protections.has(ref.slice('refs/heads/'.length)),
    }));
    return c.json(takePage(c, branches) satisfies Rest['short-branch'][]);
  });
  const checksPath = '/branches/:branch{.+}/protection/required_status_checks';
  route('GET', checksPath, 'administration:read', ({ c, repo, param }) => {
    if (!repo.protections.has(param('branch'))) throw notFound('Branch not protected');
    return c.json(renderRequiredChecks(world, repo, param('branch')));
  });
  route('GET', '/branches/:branch{.+}', 'contents:read', async ({ c, repo, param }) => {
    const sha = branchSha(repo, param('branch'));
    if (sha === null) throw notFound('Branch not found');
    return c.json(await renderBranch(world, repo, param('branch'), sha));
  });
  route('GET', '/rules/branches/:branch{.+}', 'metadata:read', ({ c, repo, param }) => {
    const checks = repo.protections.get(param('branch'))?.requiredChecks ?? [];
    const rule = {
      type: 'required_status_checks' as const,
      ruleset_source_type: 'Repository' as const,
      ruleset_source: repo.fullName,
      ruleset_id: repo.id,
      parameters: {
        strict_required_status_checks_policy: false,
        do_not_enforce_on_create: false,
        required_status_checks: checks.map((check) => ({
          context: check.context,
          ...(check.appId === null ? {} : { integration_id: check.appId }),
        })),
      },
    } satisfies Rest['repository-rule-detailed'];
    const source = {
      ruleset_source_type: 'Repository' as const,
      ruleset_source: repo.fullName,
      ruleset_id: repo.id,
    };
    const told = repo.protections.get(param('branch'))?.rules ?? [];
    const others = told.map((type) => ({ type, ...source }) as Rest['repository-rule-detailed']);
    return c.json([...(checks.length === 0 ? [] : [rule]), ...others]);
  });
  // One ruleset stands for all that a repository's branches ask for.
  route('GET', '/rulesets/:id', 'metadata:read', ({ c, repo, param, caller }) => {
    const protections = [...repo.protections.values()];
    if (Number(param('id')) !== repo.id || protections.length === 0) throw notFound();
    const app = appOf(caller);
    const mayBypass = app !== null && protections.every(({ bypassApps }) => bypassApps.includes(app.slug));
    return c.json({
      id: repo.id,
      name: 'sandbox',
      target: 'branch',
      source_type: 'Repository',
      source: repo.fullName,
      enforcement: 'active',
      current_user_can_bypass: mayBypass ? 'always' : 'never',
    } satisfies Rest['repository-ruleset']);
  });
}

const Dispatch = z.object({
  event_type: z.string().min(1).max(100),
  client_payload: z.record(z.string(), z.unknown()).optional(),
});

export function addRepoRoutes(world: World, api: Api, route: AddRepoRoute): void {
  route('GET', '', 'metadata:read', ({ c, repo }) => c.json(renderFullRepo(world, repo)));
  api.get('/repositories/:id', (c) => {
    const repo = parseRepoId(world, c.req.param('id'));
    if (repo === null) throw notFound();
    demandAccess(c.get('caller'), repo, { permissions: ['metadata'], level: 'read', role: 'read' });
    return c.json(renderFullRepo(world, repo));
  });
  route('GET', '/collaborators/:user/permission', 'metadata:read', ({ c, repo, param }) => {
    const account = findAccount(world, param('user'));
    if (account === null) throw notFound(`${param('user')} is not a user`);
    // A stranger may read a public repository and is told so; to a private one he is 'none'.
    const role = roleOf(repo, account);
    return c.json({
      permission: legacyPermission(role),
      role_name: role,
      user: renderCollaborator(world, account, role),
    } satisfies Rest['repository-collaborator-permission']);
  });
  route('GET', '/collaborators', 'metadata:read', ({ c, repo }) => {
    const logins = [repo.owner.login, ...repo.collaborators.keys()];
    const accounts = logins.map((login) => findAccount(world, login)).filter((account) => account !== null);
    return c.json(
      takePage(c, accounts).map((account) => renderCollaborator(world, account, roleOf(repo, account))),
    );
  });
  addBranchRoutes(world, route);
  route('POST', '/dispatches', 'contents:write', async ({ c, repo, actor }) => {
    const { event_type, client_payload } = await readBody(c, Dispatch);
    const bare = {
      branch: repo.defaultBranch,
      client_payload: client_payload ?? {},
    };
    announce(world, repo, 'repository_dispatch', bare, actor.account, { action: event_type });
    return c.body(null, 204);
  });
}
