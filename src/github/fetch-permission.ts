import type { Octokit } from '@octokit/rest';
import type { Permission } from '../core/lane/observation.ts';
import { refusalOf } from './failure.ts';
import { inRepo, type RepoName } from './observed.ts';

const permissions: readonly Permission[] = ['admin', 'maintain', 'write', 'triage', 'read', 'none'];

/**
 * What someone may do here (GitHub's docs, "Get repository permissions for a user"). `role_name` tells maintain from
 * write and triage from read; it may also be an organisation's own role, for which `permission` gives the nearest
 * of the old four. An error is not a permission: anything but 404 throws, and the caller denies (S12).
 */
export async function fetchPermission(client: Octokit, repo: RepoName, login: string): Promise<Permission> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/collaborators/{username}/permission', {
      ...inRepo(repo),
      username: login,
    });
    const role = permissions.find((each) => each === data.role_name);
    return role ?? permissions.find((each) => each === data.permission) ?? 'none';
  } catch (error) {
    if (refusalOf(error)?.status === 404) return 'none';
    throw error;
  }
}
