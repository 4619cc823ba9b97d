/** A diff that could not be read as a whole fails: what was not seen may be anything (S32). */
import { type Rule, report } from './rule.ts';

export const judgeUnread: Rule = ({ unread }) =>
  report(
    'unread',
    'fail',
    unread.map((why) => ({
      path: null,
      message: `the diff could not be read completely: ${why}`,
      remedy: 'Split the change into smaller ones, each small enough to be read.',
    })),
  );
