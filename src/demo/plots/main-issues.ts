/** The four issues of the main story, as a person would write them with the issue form. */
import { type DemoIssue, form } from './plot.ts';

/** In the order in which they are opened: whatever an issue depends on comes before it. */
export const demoIssues: readonly DemoIssue[] = [
  {
    key: 'count',
    title: 'Add a count command',
    body: () =>
      form({
        requirements: '`tasks count` prints the number of pending tasks.',
        design: 'One more entry in the dispatch table of `src/cli.js`.',
        acceptance: ['An empty list counts 0', 'Only pending tasks are counted', 'The test suite is green'],
        owns: ['src/cli.js', 'test/count.test.js'],
        dependsOn: [],
      }),
  },
  {
    key: 'docs',
    title: 'Document every command',
    body: () =>
      form({
        requirements: 'The README lists every command: `add`, `list`, and the coming `count` and `clear`.',
        design: 'A table in the section Commands, and an entry for 1.1.0 in the changelog.',
        acceptance: ['README.md has one row for each command', 'CHANGELOG.md has an entry for 1.1.0'],
        owns: ['README.md', 'CHANGELOG.md'],
        dependsOn: [],
      }),
  },
  {
    key: 'clear',
    title: 'Add a clear command',
    body: () =>
      form({
        requirements: '`tasks clear` removes all tasks and says how many there were.',
        design: 'One more entry in the dispatch table of `src/cli.js`.',
        acceptance: ['After `clear`, `list` prints nothing', 'The test suite is green'],
        owns: ['src/cli.js', 'test/clear.test.js'],
        dependsOn: [],
      }),
  },
  {
    key: 'release',
    title: 'Release 1.1.0',
    body: (numbers) =>
      form({
        requirements: 'Version 1.1.0 with release notes that list the commands.',
        design: 'Bump `package.json`; write `RELEASES.md` with the newest version first.',
        acceptance: ['The version in package.json equals the newest version in RELEASES.md'],
        owns: ['package.json', 'RELEASES.md', 'test/release.test.js'],
        dependsOn: ['count', 'docs'].map((key) => numberOf(key, numbers)),
      }),
  },
];

function numberOf(key: string, numbers: Readonly<Record<string, number>>): number {
  const number = numbers[key];
  if (number === undefined) throw new Error(`the issue "${key}" must be opened first`);
  return number;
}
