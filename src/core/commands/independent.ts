/** `/independent #n…`: takes prerequisites away, as a new version. */
import { isLinked } from '../task/prerequisites.ts';
import { changeByCommand, changeProblem, namesOf } from './change-version.ts';
import { type CommandRule, refuse } from './command.ts';

export const independent: CommandRule<'independent'> = {
  needs: 'write',
  on: 'pull',
  run: (state, task, { command: { issues }, by }) => {
    const problem = changeProblem(state, task);
    if (problem) return refuse(problem);
    const names = namesOf(state, issues);
    const linked = names.filter((name) => isLinked(task, name));
    if (linked.length > 0) {
      return refuse(
        `${linked.join(', ')} ${linked.length === 1 ? 'is a link' : 'are links'} on GitHub: remove "blocked by" or the sub-issue in the issue's sidebar`,
      );
    }
    const written = [...task.spec.dependsOn.map((issue) => `#${issue}`), ...task.spec.dependsElsewhere];
    const unknown = names.filter((name) => !written.includes(name));
    if (unknown.length > 0) return refuse(`it does not depend on ${unknown.join(', ')}`);
    return changeByCommand(state, task, by, (adjust) => ({
      ...adjust,
      depends: adjust.depends.filter((name) => !names.includes(name)),
      independent: [...new Set([...adjust.independent, ...names])].sort(),
    }));
  },
};
