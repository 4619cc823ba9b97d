import type { Octokit } from '@octokit/rest';
import { classifyFailure, isMissing } from './failure.ts';
import { inRepo, type RepoName } from './observed.ts';

/** Somebody changed an issue's title or text. */
export interface TextEdit {
  login: string;
  at: string;
}

interface Answer {
  repository?: {
    issue?: {
      createdAt?: string;
      userContentEdits?: {
        nodes?: ({ editedAt?: string; editor?: { login?: string } | null } | null)[] | null;
      } | null;
    } | null;
  } | null;
}

const query = `query ($owner: String!, $repo: String!, $issue: Int!) {
  repository(owner: $owner, name: $repo) {
    issue(number: $issue) { createdAt userContentEdits(last: 100) { nodes { editedAt editor { login } } } }
  }
}`;

/**
 * Who has edited an issue's text, oldest first; only GraphQL tells. Null when this server or our rights do not.
 * Of a text that was ever edited GitHub lists the original as the first edit, which is none. A deleted account is `ghost`.
 */
export async function fetchTextEdits(
  client: Octokit,
  repo: RepoName,
  issue: number,
): Promise<TextEdit[] | null> {
  try {
    const answer = await client.graphql<Answer | null>(query, { ...inRepo(repo), issue });
    const found = answer?.repository?.issue;
    const nodes = found?.userContentEdits?.nodes;
    if (!nodes) return null;
    const edits = nodes
      .flatMap((node) =>
        node?.editedAt ? [{ login: node.editor?.login ?? 'ghost', at: node.editedAt }] : [],
      )
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    return edits[0]?.at === found.createdAt ? edits.slice(1) : edits;
  } catch (error) {
    if (isMissing(error) || classifyFailure(error).kind === 'refused') return null;
    throw error;
  }
}
