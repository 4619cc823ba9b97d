/** A change is small enough for a person to read. Lockfiles are written by tools and count as files only. */
import { compilePatterns } from '../../task/patterns.ts';
import type { PathChange } from '../diff.ts';
import { isLockfile } from './kinds.ts';
import { amount, type Rule, report } from './rule.ts';

const remedy =
  'Split the task into smaller ones, or ask a maintainer to accept it with `/override size <why>`.';

function countLines({ lines }: PathChange): number {
  return (lines?.added.length ?? 0) + (lines?.removed.length ?? 0);
}

/** Paths with a limit of their own (`arbiter.size.paths`) do not count towards the whole. */
export const judgeSize: Rule = ({ changes }, _, policy) => {
  const { files, lines, paths } = policy.arbiter.size;
  const limits = Object.entries(paths).map(([pattern, most]) => ({
    pattern,
    most,
    covers: compilePatterns([pattern]),
    total: 0,
  }));
  let total = 0;
  for (const change of changes) {
    if (isLockfile(change.path)) continue;
    const own = limits.find(({ covers }) => covers(change.path));
    if (own) own.total += countLines(change);
    else total += countLines(change);
  }
  const over = limits.filter(({ total: found, most }) => found > most);
  return report('size', 'fail', [
    ...(changes.length > files
      ? [
          {
            path: null,
            message: `${amount(changes.length, 'file')} changed; at most ${files} are allowed`,
            remedy,
          },
        ]
      : []),
    ...(total > lines
      ? [{ path: null, message: `${amount(total, 'line')} changed; at most ${lines} are allowed`, remedy }]
      : []),
    ...over.map(({ pattern, most, total: found }) => ({
      path: null,
      message: `${amount(found, 'line')} changed in ${pattern}; at most ${most} are allowed there`,
      remedy,
    })),
  ]);
};
