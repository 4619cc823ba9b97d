import type { AppRecord, Repo, Sha } from './model.ts';
import { latestStatuses } from './render-check.ts';

/** GitHub lets a required check pass on these three; a stricter reader must look for itself. */
const PASSING = new Set(['success', 'neutral', 'skipped']);

function isExpected(repo: Repo, sha: Sha, check: { context: string; appId: number | null }): boolean {
  const runs = [...repo.runs.values()].filter(
    (run) =>
      run.suite.headSha === sha &&
      run.name === check.context &&
      (check.appId === null || run.suite.app.id === check.appId),
  );
  const latest = runs.at(-1);
  if (latest !== undefined) return !(latest.conclusion !== null && PASSING.has(latest.conclusion));
  if (check.appId !== null) return true;
  return latestStatuses(repo, sha).find((one) => one.context === check.context)?.state !== 'success';
}

/** The required checks of a branch that a commit has not passed. */
function missingChecks(repo: Repo, branch: string, sha: Sha): string[] {
  const protection = repo.protections.get(branch);
  return (protection?.requiredChecks ?? [])
    .filter((check) => isExpected(repo, sha, check))
    .map((check) => check.context);
}

export function mayBypass(repo: Repo, branch: string, app: AppRecord | null): boolean {
  return app !== null && (repo.protections.get(branch)?.bypassApps.includes(app.slug) ?? false);
}

function describeMissing(missing: readonly string[]): string {
  const [first] = missing;
  return missing.length === 1 && first !== undefined
    ? `Required status check "${first}" is expected.`
    : `${missing.length} of ${missing.length} required status checks are expected.`;
}

/** Why a branch may not be set to a commit, in GitHub's words; null when it may. */
export function refuseUpdate(
  repo: Repo,
  branch: string,
  app: AppRecord | null,
  move: { after: Sha | null; fastForward: boolean },
): string | null {
  if (!repo.protections.has(branch) || mayBypass(repo, branch, app)) return null;
  if (move.after === null) return 'Cannot delete this protected branch';
  if (!move.fastForward) return 'Cannot force-push to this protected branch';
  const missing = missingChecks(repo, branch, move.after);
  return missing.length === 0 ? null : describeMissing(missing);
}

/** Merging a pull request asks for the checks of its head, not of the merge commit. */
export function refuseMerge(repo: Repo, branch: string, app: AppRecord | null, head: Sha): string | null {
  if (!repo.protections.has(branch) || mayBypass(repo, branch, app)) return null;
  const missing = missingChecks(repo, branch, head);
  return missing.length === 0 ? null : describeMissing(missing);
}
