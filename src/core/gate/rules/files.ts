/** Files that are not plain text: what they do cannot be read in a diff (S34). */
import type { PathChange } from '../diff.ts';
import { type Rule, report } from './rule.ts';

const link = '120000';
const submodule = '160000';
const program = '100755';

function judgeMode({ path, change, mode }: PathChange) {
  if (change === 'removed') return [];
  const remedy = 'Take it back, or ask a maintainer to accept it with `/override files <why>`.';
  if (mode === link)
    return [{ path, message: 'a symbolic link: what it points to is not part of this diff', remedy }];
  if (mode === submodule)
    return [{ path, message: 'a submodule: its content is not part of this diff', remedy }];
  return [];
}

export const judgeFiles: Rule = ({ changes }, _, policy, { caseCollisions }) => [
  ...report('files', 'fail', changes.flatMap(judgeMode)),
  ...report(
    'files',
    'fail',
    caseCollisions.map(({ path, other }) => ({
      path,
      message: `differs from ${other} in the case of letters only, so that one takes the place of the other on some machines`,
      remedy: 'Choose another name.',
    })),
  ),
  ...report(
    'files',
    policy.arbiter.binary,
    changes
      .filter(({ isBinary, change }) => isBinary && change !== 'removed')
      .map(({ path }) => ({
        path,
        message: 'is no text, or too large to be read as such',
        remedy: 'Look at it yourself before you approve.',
      })),
  ),
  ...report(
    'files',
    policy.arbiter.binary,
    changes
      .filter(
        ({ change, mode, modeBefore }) =>
          change === 'modified' && mode === program && modeBefore === '100644',
      )
      .map(({ path }) => ({
        path,
        message: 'became a program that can be run',
        remedy: 'Take the mode back unless it is meant to be run.',
      })),
  ),
];
