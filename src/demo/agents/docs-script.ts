/** Plays the agent that documents the commands. */
import { replaceIn } from './edit-text.ts';
import type { Script } from './script.ts';

const opening = 'Run `node src/cli.js <command>`.\n';

const table = `${opening}
| command | does |
|---|---|
| \`add <text>\` | adds a task |
| \`list\` | lists all tasks |
| \`count\` | prints the number of pending tasks |
| \`clear\` | removes all tasks |
`;

const entry = `# Changelog

## 1.1.0

- \`count\` and \`clear\`.
- The README lists every command.
`;

export const docsScript: Script = {
  key: 'docs',
  title: 'Document every command',
  steps: () => [
    { says: 'list the commands in README.md', does: () => replaceIn('README.md', opening, table) },
    { says: 'add an entry to CHANGELOG.md', does: () => replaceIn('CHANGELOG.md', '# Changelog\n', entry) },
  ],
};
