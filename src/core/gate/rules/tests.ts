/** Source changed, and no test did. */
import { isSource, isTest } from './kinds.ts';
import { type Rule, report } from './rule.ts';

export const judgeTests: Rule = ({ changes }, _, policy) => {
  const first = changes.find(({ path, change }) => isSource(path) && change !== 'removed');
  if (!first || changes.some(({ path, change }) => isTest(path) && change !== 'removed')) return [];
  return report('tests', policy.arbiter.tests, [
    {
      path: first.path,
      message: 'source changed and no test did',
      remedy: 'Add or change a test that fails without this change.',
    },
  ]);
};
