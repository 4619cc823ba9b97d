/** The arbiter: all rules over one diff, as one verdict bound to a head and a version of the task. */
import type { Task, Verdict } from '../lane/state.ts';
import type { PathChange } from './diff.ts';
import { judgeScope, type Scope } from './scope.ts';

export function judgeDiff(
  task: Task,
  { headSha, baseSha, changes }: { headSha: string; baseSha: string; changes: readonly PathChange[] },
  scope: Scope = { owns: task.spec.owns, held: new Map() },
): Verdict {
  return {
    headSha,
    baseSha,
    version: task.version,
    findings: judgeScope(changes, scope.owns, scope.held),
    touched: changes.map(({ path }) => path),
  };
}

/** Whether the verdict lets the PR through: no finding of severity `fail`. */
export function passes(verdict: Verdict): boolean {
  return verdict.findings.every((finding) => finding.severity !== 'fail');
}
