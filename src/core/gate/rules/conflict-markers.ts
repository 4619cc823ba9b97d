/** A merge that was not finished leaves git's markers behind. */
import { type Rule, report } from './rule.ts';

/** `=======` alone underlines headings, and counts only between the other two. */
const marker = /^(<{7}|>{7}|\|{7})( |$)/u;

export const judgeConflictMarkers: Rule = ({ changes }) =>
  report(
    'conflict-markers',
    'fail',
    changes.flatMap(({ path, lines }) =>
      (lines?.added ?? [])
        .filter(({ text }) => marker.test(text))
        .map(({ line }) => ({
          path,
          line,
          message: 'a conflict marker is left in the file',
          remedy: 'Settle the conflict and push.',
        })),
    ),
  );
