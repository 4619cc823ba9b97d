import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** The lines of each fenced code block, empty ones and comments left out. */
function codeBlocks(markdown: string): string[][] {
  return [...markdown.matchAll(/^```[^\n]*\n([\s\S]*?)^```$/gmu)].map(([, body = '']) =>
    body
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  );
}

const demo = 'npm ci && npm run demo';
const tests = 'npm ci && npm test';

describe('the README', () => {
  test.each([demo, tests])('has a code block of its own for: %s', (command) => {
    expect(codeBlocks(read('README.md')).filter((block) => block.includes(command))).toEqual([[command]]);
  });

  test('starts nothing with npm ci but these two', () => {
    const others = codeBlocks(read('README.md'))
      .flat()
      .filter((line) => line.startsWith('npm ci') && line !== demo && line !== tests);
    expect(others).toEqual([]);
  });
});

describe('CI', () => {
  test('runs what the README says, and fails when a part of it fails', () => {
    const script = read('.ci/run');
    expect(script.split('\n')).toContain(tests);
    expect(script).toMatch(/^set -euo pipefail$/mu);
  });

  test('both commands exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test']));
  });
});
