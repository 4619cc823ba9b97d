/** Plays the agent that adds the `clear` command. */
import { commandTest } from './command-test.ts';
import { addCommand, writeNew } from './edit-text.ts';
import type { Script } from './script.ts';

const method = `  clear() {
    const removed = load().length;
    save([]);
    console.log(\`Removed: \${removed}\`);
  },
`;

const cases = `test('clear removes every task', () => {
  tasks('add', 'one');
  tasks('add', 'two');
  assert.equal(tasks('clear'), 'Removed: 2\\n');
  assert.equal(tasks('list'), '');
});
`;

export const clearScript: Script = {
  key: 'clear',
  title: 'Add a clear command',
  steps: () => [
    { says: 'add clear to the dispatch table', does: () => addCommand('src/cli.js', method) },
    { says: 'test that nothing is left', does: () => writeNew('test/clear.test.js', commandTest(cases)) },
  ],
};
