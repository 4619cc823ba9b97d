/** `/disown <path>…`: gives owned paths up, as a new version. */
import { normalisePattern } from '../task/patterns.ts';
import { changeByCommand, changeProblem } from './change-version.ts';
import { type CommandRule, refuse } from './command.ts';

export const disown: CommandRule<'disown'> = {
  needs: 'write',
  on: 'task',
  run: (state, task, { command: { paths }, by }) => {
    const problem = changeProblem(state, task);
    if (problem) return refuse(problem);
    const owned = task.spec.ownsDeclared ? task.spec.owns : [];
    const patterns = paths.map((path) => {
      const reading = normalisePattern(path);
      return reading.kind === 'ok' ? reading.pattern : path;
    });
    const unknown = patterns.filter((path) => !owned.includes(path));
    const owns = owned.length > 0 ? owned.join(', ') : 'the whole repository, because it names no files';
    if (unknown.length > 0)
      return refuse(`it does not own ${unknown.join(', ')} by that name; it owns ${owns}`);
    if (owned.every((path) => patterns.includes(path))) {
      return refuse(
        'nothing would be left: a task without paths owns the whole repository. Name one with /own first',
      );
    }
    return changeByCommand(state, task, by, (adjust) => ({
      ...adjust,
      own: adjust.own.filter((path) => !patterns.includes(path)),
      disown: [...new Set([...adjust.disown, ...patterns])].sort(),
    }));
  },
};
