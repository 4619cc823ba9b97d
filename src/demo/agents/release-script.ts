/** Plays the agent that prepares the release. */
import { commandsOf, replaceIn, writeNew } from './edit-text.ts';
import type { Script } from './script.ts';

const version = '1.1.0';

const releaseTest = `import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../', import.meta.url);

test('the newest release notes are those of the version in package.json', () => {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const [, newest] = /^## (\\S+)/m.exec(readFileSync(new URL('RELEASES.md', root), 'utf8'));
  assert.equal(newest, version);
});
`;

/** Names what is in the tree that the release is made from, so it is right whatever landed before. */
function releaseNotes(): string {
  const commands = commandsOf('src/cli.js').map((name) => `- \`${name}\``);
  return ['# Releases', '', `## ${version}`, '', 'Commands:', '', ...commands, ''].join('\n');
}

export const releaseScript: Script = {
  key: 'release',
  title: 'Release 1.1.0',
  steps: () => [
    {
      says: `set the version to ${version}`,
      does: () => replaceIn('package.json', '"version": "1.0.0"', `"version": "${version}"`),
    },
    { says: 'write the release notes', does: () => writeNew('RELEASES.md', releaseNotes()) },
    {
      says: 'test that notes and version agree',
      does: () => writeNew('test/release.test.js', releaseTest),
    },
  ],
};
