/** Paths that decide what runs with rights, or who decides: a person accepts each change to them (S30, S31). */
import { compilePatterns } from '../../task/patterns.ts';
import type { PathChange } from '../diff.ts';
import { folderOf, manifestsOf, nameOf } from './kinds.ts';
import { type Rule, report } from './rule.ts';

/** Whatever the policy says besides. */
const always = [
  '.github/**',
  '.gitattributes',
  '.gitmodules',
  '.gitlab-ci.yml',
  '.circleci/**',
  'Jenkinsfile',
  'CODEOWNERS',
  'docs/CODEOWNERS',
  '.gitlab/CODEOWNERS',
  '**/AGENTS.md',
  '**/CLAUDE.md',
  '**/GEMINI.md',
  '**/.cursorrules',
  '**/.cursor/**',
  '**/.claude/**',
  '**/.codex/**',
  '**/.mcp.json',
  '**/.npmrc',
  '**/.yarnrc.yml',
  '**/.husky/**',
  '**/.githooks/**',
  '**/lefthook.yml',
  '**/.pre-commit-config.yaml',
  '**/action.yml',
  '**/action.yaml',
  '**/.devcontainer/**',
];
const isAlways = compilePatterns(always);
/** Where files can be named in any case, so can these. */
const isAlwaysInLowerCase = compilePatterns(always.map((pattern) => pattern.toLowerCase()));

/** A lockfile that changes although no manifest near it does. */
function isLoneLockfile(changes: readonly PathChange[], path: string): boolean {
  const manifests = manifestsOf(path);
  if (manifests.length === 0) return false;
  const folder = folderOf(path);
  return !changes.some(
    (other) =>
      manifests.includes(nameOf(other.path)) && (folder === '' || `${other.path}/`.startsWith(`${folder}/`)),
  );
}

const accept = 'Take the change back, or ask a maintainer to accept it with `/override protected <why>`.';

/**
 * A protected path that the task was given by name only warns where a person must approve it anyway; one that it
 * merely happens to cover, by `**` or a folder around it, fails.
 */
export const judgeProtected: Rule = ({ changes }, { spec }, policy) => {
  const byPolicy = compilePatterns(policy.ownership.protected);
  const isProtected = (path: string): boolean =>
    isAlways(path) || isAlwaysInLowerCase(path.toLowerCase()) || byPolicy(path);
  const isGiven = compilePatterns(spec.ownsDeclared ? spec.owns.filter(isProtected) : []);
  const weight = policy.arbiter.protected;
  return changes.flatMap(({ path, change }) => {
    if (!isProtected(path)) {
      const message = `${change} although no manifest that it belongs to is`;
      return isLoneLockfile(changes, path)
        ? report('protected', weight, [{ path, message, remedy: accept }])
        : [];
    }
    const isApproved = isGiven(path) && (policy.gate.approvals > 0 || byPolicy(path));
    const remedy = isApproved ? 'Look at it with care before you approve.' : accept;
    return report('protected', isApproved && weight === 'fail' ? 'warn' : weight, [
      { path, message: `${change}, and it is a protected file`, remedy },
    ]);
  });
};
