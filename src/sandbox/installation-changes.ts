import { announceInstallation } from './announce.ts';
import type { Account, AppRecord, Installation, Repo } from './model.ts';
import { stampNow } from './model.ts';
import { renderRepoStub } from './render-account.ts';
import type { World } from './world.ts';

/** A new installation, or more repositories for the one the account has already. */
export function installApp(
  world: World,
  app: AppRecord,
  account: Account,
  repos: readonly Repo[],
): Installation {
  const existing = [...world.book.installations.values()].find(
    (one) => one.app === app && one.account === account,
  );
  if (existing !== undefined) {
    addRepositories(world, existing, repos);
    return existing;
  }
  const at = stampNow();
  const installation: Installation = {
    id: world.takeId(),
    app,
    account,
    repos: new Set(repos),
    createdAt: at,
    updatedAt: at,
    suspendedAt: null,
  };
  world.book.installations.set(installation.id, installation);
  announceInstallation(world, installation, 'installation.created', {
    repositories: repos.map(renderRepoStub),
  });
  return installation;
}

function addRepositories(world: World, installation: Installation, repos: readonly Repo[]): void {
  const added = repos.filter((repo) => !installation.repos.has(repo));
  if (added.length === 0) return;
  for (const repo of added) installation.repos.add(repo);
  announceInstallation(world, installation, 'installation_repositories.added', {
    repositories_added: added.map(renderRepoStub),
    repositories_removed: [],
    repository_selection: 'selected',
    requester: null,
  });
}

export function removeRepositories(world: World, installation: Installation, repos: readonly Repo[]): void {
  const removed = repos.filter((repo) => installation.repos.delete(repo));
  if (removed.length === 0) return;
  announceInstallation(world, installation, 'installation_repositories.removed', {
    repositories_added: [],
    repositories_removed: removed.map(renderRepoStub),
    repository_selection: 'selected',
    requester: null,
  });
}

export function deleteInstallation(world: World, installation: Installation): void {
  world.book.installations.delete(installation.id);
  announceInstallation(world, installation, 'installation.deleted', {
    repositories: [...installation.repos].map(renderRepoStub),
  });
}

export function suspendInstallation(world: World, installation: Installation, suspended: boolean): void {
  installation.suspendedAt = suspended ? stampNow() : null;
  installation.updatedAt = stampNow();
  if (suspended) announceInstallation(world, installation, 'installation.suspend', {});
  else announceInstallation(world, installation, 'installation.unsuspend', {});
}
