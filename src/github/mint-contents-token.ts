import type { Octokit } from '@octokit/rest';

export interface ContentsToken {
  token: string;
  expiresAt: string;
}

/**
 * A token for an agent: it may push to one repository, or only read it, and nothing else, not even its workflows (GitHub's docs,
 * "Create an installation access token for an app"). It is stored sealed, to be revoked with its attempt, and never logged.
 */
export async function mintContentsToken(
  asApp: Octokit,
  installationId: number,
  repoId: number,
  permission: 'read' | 'write' = 'write',
): Promise<ContentsToken> {
  const { data } = await asApp.request('POST /app/installations/{installation_id}/access_tokens', {
    installation_id: installationId,
    repository_ids: [repoId],
    permissions: { contents: permission },
  });
  return { token: data.token, expiresAt: data.expires_at };
}
