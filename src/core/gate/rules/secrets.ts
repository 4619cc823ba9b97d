/** No secret gets into the repository. What was found is named by its kind and place, never by its value (I10). */
import { type Rule, report } from './rule.ts';

export const judgeSecrets: Rule = (_diff, _task, _policy, { secrets }) =>
  report(
    'secrets',
    'fail',
    secrets.map(({ path, line, what }) => ({
      path,
      line,
      message: `looks like a secret: ${what}`,
      remedy:
        'Revoke it where it was made, for it is in the branch’s history already. Then remove it and push.',
    })),
  );
