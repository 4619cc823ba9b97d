/** Plays the agent of the story of the escalation: it asks first, and then does what it was told. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { commandTest } from './command-test.ts';
import { addCommand, writeNew } from './edit-text.ts';
import type { Script } from './script.ts';

export const exportQuestion = {
  trigger: 'The requirements can be read in two ways',
  context: 'The issue does not say whether finished tasks are exported too.',
  options: ['Export only pending tasks', 'Export all tasks'],
} as const;

type Answer = (typeof exportQuestion.options)[number];

/** The expression that each answer asks for. */
const exported: Record<Answer, string> = {
  'Export only pending tasks': 'load().filter((task) => !task.done)',
  'Export all tasks': 'load()',
};

/** In the worktree; the worker's documentation names it. */
const escalationFile = '.signalbox/escalate.json';

function ask(): void {
  mkdirSync(dirname(escalationFile), { recursive: true });
  writeFileSync(escalationFile, JSON.stringify(exportQuestion));
}

const cases = (expected: string): string => `test('export prints the tasks as JSON', () => {
  const tasksThen = [
    { text: 'one', done: true },
    { text: 'two', done: false },
  ];
  writeFileSync(env.TASKS_FILE, JSON.stringify(tasksThen));
  assert.deepEqual(JSON.parse(tasks('export')), ${expected});
});
`;

export const exportScript: Script = {
  key: 'export',
  title: 'Add an export command',
  steps: ({ spec }) => {
    const told = spec.guidance.at(-1)?.answer;
    if (told === undefined) return [{ says: 'ask what is to be exported', does: ask }];
    const answer = exportQuestion.options.find((option) => option === told);
    if (answer === undefined) throw new Error(`I do not understand "${told}"`);
    const method = `  export() {\n    console.log(JSON.stringify(${exported[answer]}));\n  },\n`;
    const expected = answer === 'Export all tasks' ? 'tasksThen' : 'tasksThen.filter((task) => !task.done)';
    const test = commandTest(cases(expected)).replace(
      'import { mkdtempSync, rmSync }',
      'import { mkdtempSync, rmSync, writeFileSync }',
    );
    return [
      { says: `add export to the dispatch table: ${told}`, does: () => addCommand('src/cli.js', method) },
      { says: 'test what it exports', does: () => writeNew('test/export.test.js', test) },
    ];
  },
};
