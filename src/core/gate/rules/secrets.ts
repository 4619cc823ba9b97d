/**
 * No secret gets into the repository, nor into the commits on the way there: whoever can read the branch can read
 * those. What was found is named by its kind and place, never by its value (I10).
 */
import type { PastSighting } from '../diff.ts';
import { type Rule, report } from './rule.ts';

function describePast({ commit, path, line, what }: PastSighting) {
  const place = path === null ? 'in the message of' : line === null ? 'as of' : `in line ${line} as of`;
  return {
    path,
    message: `looks like a secret: ${what}, ${place} commit ${commit.slice(0, 12)}`,
    remedy:
      'Revoke it where it was made. Then rewrite the branch without that commit, or ask a maintainer to accept it with `/override secrets <why>`.',
  };
}

export const judgeSecrets: Rule = (_diff, _task, policy, { secrets, history }) => [
  ...report(
    'secrets',
    'fail',
    secrets.map(({ path, line, what }) => ({
      path,
      line,
      message: `looks like a secret: ${what}`,
      remedy:
        'Revoke it where it was made, for it is in the branch’s history already. Then remove it and push.',
    })),
  ),
  ...report('secrets', policy.arbiter.history, history.secrets.map(describePast)),
  ...report(
    'secrets',
    policy.arbiter.history,
    history.unsearched.map((why) => ({
      path: null,
      message: `the commits on the way could not all be searched for secrets: ${why}`,
      remedy: 'Squash them, or ask a maintainer to accept it with `/override secrets <why>`.',
    })),
  ),
];
