/** The head was made for the version of the task that is in force. */
import { type Rule, report } from './rule.ts';

export const judgeVersion: Rule = (_, task) => {
  const madeFor = task.pull?.gate.headVersion ?? task.version;
  if (madeFor === task.version) return [];
  return report('version', 'fail', [
    {
      path: null,
      message: `this commit was made for version ${madeFor} of the task, which is at version ${task.version} now`,
      remedy: 'Read the issue again, change what the new version asks for, and push.',
    },
  ]);
};
