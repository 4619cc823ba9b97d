/**
 * Assigns an agent that GitHub knows to an issue, in a person's name: GitHub refuses it to Apps (its docs, "Using
 * the GitHub API to assign an issue to Copilot"). Whoever is assigned already stays.
 */
import type { Octokit } from '@octokit/rest';
import { inRepo, type RepoName } from './observed.ts';

interface Actor {
  id?: string;
  login?: string;
}

interface Answer {
  repository?: {
    suggestedActors?: { nodes?: (Actor | null)[] | null } | null;
    issue?: { id: string; assignees?: { nodes?: (Actor | null)[] | null } | null } | null;
  } | null;
}

const lookUp = `query ($owner: String!, $repo: String!, $issue: Int!) {
  repository(owner: $owner, name: $repo) {
    suggestedActors(capabilities: [CAN_BE_ASSIGNED], first: 100) {
      nodes { login ... on Bot { id } ... on User { id } }
    }
    issue(number: $issue) { id assignees(first: 20) { nodes { id login } } }
  }
}`;

const assign = `mutation ($input: ReplaceActorsForAssignableInput!) {
  replaceActorsForAssignable(input: $input) { assignable { ... on Issue { id } } }
}`;

const features = { 'GraphQL-Features': 'issues_copilot_assignment_api_support' };

/** GraphQL has bots' logins without what REST adds to them. */
function nameOf(login: string | undefined): string {
  return (login ?? '').toLowerCase().replace(/\[bot\]$/u, '');
}

/** `unavailable`: this person cannot assign it here, because it is not offered or the issue is gone. */
export async function assignAgent(
  asUser: Octokit,
  repo: RepoName,
  issue: number,
  login: string,
): Promise<'assigned' | 'unavailable'> {
  const headers = features;
  const { repository } = await asUser.graphql<Answer>(lookUp, { ...inRepo(repo), issue, headers });
  const found = repository?.issue;
  const present = (found?.assignees?.nodes ?? []).filter((actor) => actor !== null);
  if (present.some((actor) => nameOf(actor.login) === nameOf(login))) return 'assigned';
  const agent = repository?.suggestedActors?.nodes?.find((actor) => nameOf(actor?.login) === nameOf(login));
  if (!found || agent?.id === undefined) return 'unavailable';
  const actorIds = [...present.flatMap((actor) => actor.id ?? []), agent.id];
  await asUser.graphql(assign, { input: { assignableId: found.id, actorIds }, headers });
  return 'assigned';
}
