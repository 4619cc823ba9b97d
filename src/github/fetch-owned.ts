import type { Octokit } from '@octokit/rest';
import { isMissing, refusalOf } from './failure.ts';

/**
 * Which of these owners a person speaks for besides their own name: teams they are an active member of (docs, "Get
 * team membership for a user"; needs the permission to read members) and their public e-mail address. What cannot
 * be asked does not count.
 */
export async function fetchOwned(
  client: Octokit,
  login: string,
  owners: readonly string[],
): Promise<string[]> {
  const teams = owners.filter((owner) => /^@[^/]+\/.+$/.test(owner));
  const addresses = owners.filter((owner) => !owner.startsWith('@'));
  const memberships = await Promise.all(
    teams.map(async (team) => ((await isMember(client, login, team)) ? [team] : [])),
  );
  const address = addresses.length === 0 ? null : await fetchAddress(client, login);
  const own = addresses.filter((each) => each.toLowerCase() === address?.toLowerCase());
  return [...memberships.flat(), ...own].sort();
}

async function isMember(client: Octokit, login: string, team: string): Promise<boolean> {
  const [org = '', slug = ''] = team.slice(1).split('/');
  try {
    const { data } = await client.request('GET /orgs/{org}/teams/{team_slug}/memberships/{username}', {
      org,
      team_slug: slug,
      username: login,
    });
    return data.state === 'active';
  } catch (error) {
    if (isMissing(error) || refusalOf(error)?.status === 403) return false;
    throw error;
  }
}

async function fetchAddress(client: Octokit, login: string): Promise<string | null> {
  try {
    const { data } = await client.request('GET /users/{username}', { username: login });
    return data.email;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
