/** `/own <path>…`: adds owned paths, as a new version; what is under way goes on with them. */
import { normalisePattern } from '../task/patterns.ts';
import { holdersOf } from '../task/versions.ts';
import { changeByCommand, changeProblem } from './change-version.ts';
import { type CommandRule, refuse } from './command.ts';

export const own: CommandRule<'own'> = {
  needs: 'write',
  on: 'task',
  run: (state, task, { command: { paths }, by }) => {
    const problem = changeProblem(state, task);
    if (problem) return refuse(problem);
    const readings = paths.map((path) => normalisePattern(path));
    const why = readings.flatMap((reading) => (reading.kind === 'refused' ? [reading.why] : []));
    if (why.length > 0) return refuse(why.join(' '));
    const patterns = readings.flatMap((reading) => (reading.kind === 'ok' ? [reading.pattern] : []));
    // A task that is under way takes what it asks for at once, so it must be free; one that waits will wait for it.
    const [holder] = task.claims.length > 0 ? holdersOf(state, task.issue, patterns) : [];
    if (holder) {
      return refuse(
        `#${holder.issue} owns ${holder.paths.join(', ')}: wait until it has landed, or take the path from it with /disown there`,
      );
    }
    return changeByCommand(state, task, by, (adjust) => ({
      ...adjust,
      own: [...new Set([...adjust.own, ...patterns])].sort(),
      disown: adjust.disown.filter((path) => !patterns.includes(path)),
    }));
  },
};
