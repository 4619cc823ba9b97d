/** What the commands that change a task's specification have in common. */
import { type Adjustments, type LaneState, mayGoOn, type Task } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { type IssueReference, referenceTo, tooMuch } from '../task/specification.ts';
import { acceptVersion, adjustSpec } from '../task/versions.ts';
import { type Answer, accept, refuse } from './command.ts';

/** Why the specification cannot be changed now; null when it can. */
export function changeProblem(state: LaneState, task: Task): string | null {
  if (!mayGoOn(task)) return `the task is ${task.state}`;
  if (mayBeLanding(state, task.issue)) return 'it is landing at this moment';
  if (task.suspension) return 'the edited text comes first: accept it or put the old text back';
  return null;
}

/** Issues as specifications name them: `#7` here, `owner/repo#7` elsewhere. */
export function namesOf(state: LaneState, issues: readonly IssueReference[]): string[] {
  const here = `${state.owner}/${state.repo}`.toLowerCase();
  return issues.map(({ repo, number }) =>
    repo === null || repo.toLowerCase() === here ? `#${number}` : referenceTo(repo, number),
  );
}

/** A new version of what was accepted last, changed as the command says. */
export function changeByCommand(
  state: LaneState,
  task: Task,
  by: string,
  change: (adjust: Adjustments) => Adjustments,
): Answer {
  const adjust = change(task.adjust);
  const spec = adjustSpec(task.spec, adjust);
  const problem = tooMuch(spec);
  if (problem) return refuse(problem);
  const facts = acceptVersion(state, task, {
    spec,
    adjust,
    writtenHash: task.writtenHash,
    hidden: task.hidden,
    by,
    how: 'command',
    textAt: task.textAt,
  });
  const isNew = facts.some((fact) => fact.kind === 'version-accepted');
  return isNew ? accept(facts, String(task.version + 1)) : refuse('that is how it is already');
}
