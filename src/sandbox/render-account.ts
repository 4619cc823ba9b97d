import type { Rest } from './github-types.ts';
import type { Account, AppRecord, Installation, InstallationToken, Repo } from './model.ts';
import { formatTime, nodeId } from './model.ts';
import { renderRepo } from './render-repo.ts';
import { renderUser } from './render-user.ts';
import type { World } from './world.ts';
import { apiUrl } from './world.ts';

export function renderPublicUser(world: World, account: Account) {
  return {
    ...renderUser(world, account),
    name: null,
    company: null,
    blog: null,
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: account.createdAt,
    updated_at: account.createdAt,
  } satisfies Rest['public-user'];
}

const EVENTS_OF_PERMISSION: Record<string, readonly AppEvent[]> = {
  actions: ['workflow_run'],
  issues: ['issues', 'issue_comment'],
  metadata: ['repository'],
  pull_requests: ['pull_request', 'pull_request_review', 'issue_comment'],
  contents: ['push', 'create', 'delete', 'repository_dispatch'],
  checks: ['check_run', 'check_suite'],
  statuses: ['status'],
};

type AppEvent =
  | 'issues'
  | 'issue_comment'
  | 'pull_request'
  | 'pull_request_review'
  | 'push'
  | 'create'
  | 'delete'
  | 'repository_dispatch'
  | 'check_run'
  | 'check_suite'
  | 'status'
  | 'workflow_run'
  | 'repository';

/** Events that GitHub lists for installations, and its schema does not know in an App's own list yet. */
const LATER_EVENTS: Record<string, readonly string[]> = { issues: ['issue_dependencies', 'sub_issues'] };

/** An App here subscribes to all its permissions allow. */
function eventsOf(app: AppRecord): AppEvent[] {
  const names = Object.keys(app.permissions).flatMap((name) => EVENTS_OF_PERMISSION[name] ?? []);
  return [...new Set(names)];
}

export function renderApp(world: World, app: AppRecord) {
  return {
    id: app.id,
    slug: app.slug,
    node_id: nodeId('App', app.id),
    client_id: app.clientId,
    owner: renderUser(world, app.owner),
    name: app.name,
    description: '',
    external_url: world.url,
    html_url: `${world.url}/apps/${app.slug}`,
    created_at: app.createdAt,
    updated_at: app.createdAt,
    permissions: { ...app.permissions },
    events: eventsOf(app),
  } satisfies NonNullable<Rest['integration']>;
}

type Level = 'read' | 'write';

/** GitHub's permission list is a closed set of names; what a test invents beyond it is not shown. */
function renderPermissions(permissions: Record<string, string>) {
  const level = (name: string): { [key: string]: Level } => {
    const held = permissions[name];
    return held === 'read' || held === 'write' ? { [name]: held } : {};
  };
  return {
    ...level('actions'),
    ...level('administration'),
    ...level('checks'),
    ...level('contents'),
    ...level('issues'),
    ...level('metadata'),
    ...level('pull_requests'),
    ...level('statuses'),
    ...(permissions.workflows === 'write' ? { workflows: 'write' as const } : {}),
  } satisfies Rest['app-permissions'];
}

export function renderInstallation(world: World, installation: Installation) {
  const { app, account } = installation;
  return {
    id: installation.id,
    // The published schema wants a user and an enterprise at once in places; GitHub sends a user.
    account: renderUser(world, account),
    repository_selection: 'selected' as const,
    access_tokens_url: apiUrl(world, `/app/installations/${installation.id}/access_tokens`),
    repositories_url: apiUrl(world, '/installation/repositories'),
    html_url: `${world.url}/settings/installations/${installation.id}`,
    app_id: app.id,
    client_id: app.clientId,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: renderPermissions(app.permissions),
    events: [...eventsOf(app), ...Object.keys(app.permissions).flatMap((name) => LATER_EVENTS[name] ?? [])],
    created_at: installation.createdAt,
    updated_at: installation.updatedAt,
    single_file_name: null,
    suspended_by: installation.suspendedAt === null ? null : renderUser(world, account),
    suspended_at: installation.suspendedAt,
  } satisfies Rest['installation'];
}

export function renderInstallationToken(world: World, token: InstallationToken) {
  const repos = [...token.installation.repos].filter((repo) => token.repoIds?.has(repo.id) ?? false);
  return {
    token: token.token,
    expires_at: formatTime(token.expiresAt),
    permissions: renderPermissions(token.permissions),
    repository_selection: 'selected',
    ...(token.repoIds === null ? {} : { repositories: repos.map((repo) => renderRepo(world, repo)) }),
  } satisfies Rest['installation-token'];
}

export function renderRepoStub(repo: Repo) {
  return {
    id: repo.id,
    node_id: nodeId('Repository', repo.id),
    name: repo.name,
    full_name: repo.fullName,
    private: repo.private,
  };
}
