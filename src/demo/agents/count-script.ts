/** Plays the agent that adds the `count` command. */
import { commandTest } from './command-test.ts';
import { addCommand, writeNew } from './edit-text.ts';
import type { Script } from './script.ts';

const method = `  count() {
    console.log(load().filter((task) => !task.done).length);
  },
`;

const cases = `test('count prints the number of pending tasks', () => {
  assert.equal(tasks('count'), '0\\n');
  tasks('add', 'one');
  tasks('add', 'two');
  assert.equal(tasks('count'), '2\\n');
});
`;

export const countScript: Script = {
  key: 'count',
  title: 'Add a count command',
  steps: () => [
    { says: 'add count to the dispatch table', does: () => addCommand('src/cli.js', method) },
    { says: 'test that it counts', does: () => writeNew('test/count.test.js', commandTest(cases)) },
  ],
};
