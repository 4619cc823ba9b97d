/** Every attack of the threat list has a test of its own, named after it and run against the App and the sandbox. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** The numbers in the titles of the tests that start with them. */
function numbersIn(file: string): number[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const titles = text.matchAll(/(?:test|\]\))\(\s*['"`]S(\d\d) /gu);
  return [...titles].map(([, number]) => Number(number));
}

const files = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.ts'));
const wanted = Array.from({ length: 41 }, (_, index) => 10 + index);

test('S10 to S50 are all there', () => {
  const found = new Set(files.flatMap(numbersIn));
  expect(wanted.filter((number) => !found.has(number))).toEqual([]);
});

test('fifteen of them and more come as forged webhooks over HTTP', () => {
  const forged = new Set(numbersIn('forged-webhooks.test.ts').filter((number) => wanted.includes(number)));
  expect(forged.size).toBeGreaterThanOrEqual(15);
});
