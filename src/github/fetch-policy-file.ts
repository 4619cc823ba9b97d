import type { Octokit } from '@octokit/rest';
import { policyPath as path, policyLimits } from '../protocol/policy-file.ts';
import { isGone } from './failure.ts';
import { inRepo, type RepoName } from './observed.ts';

export type PolicyFileSeen =
  | { kind: 'absent' }
  | { kind: 'read'; text: string }
  | { kind: 'problem'; problem: string };

/** The text of `.github/signalbox.yml` at a ref. In force is only that of the base branch, never that of a head (S31). */
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
    if (Math.max(bytes.length, data.size ?? 0) > policyLimits.bytes) {
      return { kind: 'problem', problem: `${path} is larger than ${policyLimits.bytes / 1024} kB` };
    }
    return { kind: 'read', text: bytes.toString('utf8') };
  } catch (error) {
    if (isGone(error)) return { kind: 'absent' };
    throw error;
  }
}
