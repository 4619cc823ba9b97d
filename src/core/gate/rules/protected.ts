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

export const judgeProtected: Rule = ({ changes }, _, policy) => {
  const byPolicy = compilePatterns(policy.ownership.protected);
  return report(
    'protected',
    policy.arbiter.protected,
    changes.flatMap(({ path, change }) => {
      if (isAlways(path) || isAlwaysInLowerCase(path.toLowerCase()) || byPolicy(path))
        return [
          {
            path,
            message: `${change}, and it is a protected file`,
            remedy:
              'Take the change back, or ask a maintainer to accept it with `/override protected <why>`.',
          },
        ];
      return isLoneLockfile(changes, path)
        ? [
            {
              path,
              message: `${change} although no manifest that it belongs to is`,
              remedy:
                'Take the change back, or ask a maintainer to accept it with `/override protected <why>`.',
            },
          ]
        : [];
    }),
  );
};
