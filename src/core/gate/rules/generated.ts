/** Files that are made from others change together with them, and not by hand. */
import { compilePatterns } from '../../task/patterns.ts';
import { type Rule, report } from './rule.ts';

/** For each pair of `arbiter.generated`: what changed without its source fails, a source that changed alone warns. */
export const judgeGenerated: Rule = ({ changes }, _, policy) =>
  policy.arbiter.generated.flatMap(({ files, from }) => {
    const isMade = compilePatterns(files);
    const isSource = compilePatterns(from);
    const made = changes.filter(({ path }) => isMade(path));
    const source = changes.find(({ path }) => isSource(path) && !isMade(path));
    if (made.length > 0 && !source) {
      return report(
        'generated',
        'fail',
        made.map(({ path }) => ({
          path,
          message: `is generated from ${from.join(', ')}, and nothing of that changed`,
          remedy: 'Take the change back, or change the source and generate it again.',
        })),
      );
    }
    if (made.length > 0 || !source) return [];
    return report('generated', 'warn', [
      {
        path: source.path,
        message: `changed, and what is generated from it (${files.join(', ')}) did not`,
        remedy: 'Generate it again, and commit what differs.',
      },
    ]);
  });
