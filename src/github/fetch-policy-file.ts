import type { Octokit } from '@octokit/rest';
import { parseDocument } from 'yaml';
import { isGone } from './failure.ts';
import { inRepo, type RepoName } from './observed.ts';

export type PolicyFileSeen =
  | { kind: 'absent' }
  | { kind: 'read'; content: unknown }
  | { kind: 'problem'; problem: string };

const path = '.github/signalbox.yml';
const mostBytes = 64 * 1024;
/** Enough for honest anchors, too few for a file that unfolds into gigabytes (S43). */
const mostAliases = 20;

/** The parsed content of `.github/signalbox.yml` at a ref of the base branch, never of a head (S31). */
export async function fetchPolicyFile(client: Octokit, repo: RepoName, ref: string): Promise<PolicyFileSeen> {
  try {
    const { data } = await client.request('GET /repos/{owner}/{repo}/contents/{path}', {
      ...inRepo(repo),
      path,
      ref,
    });
    // GitHub's docs, "Get repository content": a folder is a list; links and submodules have another type.
    if (Array.isArray(data) || data.type !== 'file' || !('content' in data)) {
      return { kind: 'problem', problem: `${path} is not a plain file` };
    }
    const bytes = Buffer.from(data.content, 'base64');
    // Above 1 MB the content is left out, so the stated size counts too.
    if (Math.max(bytes.length, data.size ?? 0) > mostBytes) {
      return { kind: 'problem', problem: `${path} is larger than ${mostBytes / 1024} kB` };
    }
    return parseYaml(bytes.toString('utf8'));
  } catch (error) {
    if (isGone(error)) return { kind: 'absent' };
    throw error;
  }
}

function parseYaml(text: string): PolicyFileSeen {
  const document = parseDocument(text);
  const problem = document.errors[0]?.message;
  if (problem !== undefined) return { kind: 'problem', problem: `${path}: ${firstLine(problem)}` };
  try {
    return { kind: 'read', content: document.toJS({ maxAliasCount: mostAliases }) as unknown };
  } catch (error) {
    const reason = error instanceof Error ? firstLine(error.message) : 'not understood';
    return { kind: 'problem', problem: `${path}: ${reason}` };
  }
}

/** The parser quotes the offending lines below its message; the place in the first line is enough. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/:$/, '').trim();
}
