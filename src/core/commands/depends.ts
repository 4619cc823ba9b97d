/** `/depends #n…`: adds prerequisites, as a new version; work goes on, and lands after them. */
import { circleOf } from '../task/prerequisites.ts';
import { adjustSpec, noAdjustments } from '../task/versions.ts';
import { changeByCommand, changeProblem, namesOf } from './change-version.ts';
import { type CommandRule, refuse } from './command.ts';

export const depends: CommandRule<'depends'> = {
  needs: 'write',
  on: 'pull',
  run: (state, task, { command: { issues }, by }) => {
    const problem = changeProblem(state, task);
    if (problem) return refuse(problem);
    const names = namesOf(state, issues);
    const next = { ...task, spec: adjustSpec(task.spec, { ...noAdjustments, depends: names }) };
    const circle = circleOf({ ...state, tasks: { ...state.tasks, [task.issue]: next } }, next);
    if (circle) return refuse(`it would wait for itself: ${circle.map((issue) => `#${issue}`).join(' → ')}`);
    return changeByCommand(state, task, by, (adjust) => ({
      ...adjust,
      depends: [...new Set([...adjust.depends, ...names])].sort(),
      independent: adjust.independent.filter((name) => !names.includes(name)),
    }));
  },
};
