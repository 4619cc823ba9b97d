/** The head was made for the work that the task asks for now. */
import { hashWork } from '../evidence.ts';
import { type Rule, report } from './rule.ts';

/** A version that only changes the files or the prerequisites leaves what was made before it as good as it was. */
export const judgeVersion: Rule = (_, task) => {
  const made = task.pull?.gate;
  if (!made || made.headWork === hashWork(task.spec)) return [];
  return report('version', 'fail', [
    {
      path: null,
      message: `this commit was made for version ${made.headVersion} of the task; version ${task.version} asks for something else`,
      remedy: 'Read the issue again, change what the new version asks for, and push.',
    },
  ]);
};
