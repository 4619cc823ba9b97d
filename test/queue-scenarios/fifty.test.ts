/**
 * The acceptance suite of the merge queue: fifty scenarios that other queues test or their users ask for. Each is a
 * test whose title begins with its number, wherever it is cheapest to test truly; none may get lost.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));

const trains = 'queue-scenarios/trains';
const line = 'queue-scenarios/line';
const verdicts = 'queue-scenarios/verdicts';
const faults = 'stories/queue-faults';

const scenarios: readonly (readonly [number, string, string])[] = [
  [1, 'the base moves to the exact tested commit', trains],
  [2, 'the second is never tested on the raw base alone and landed', trains],
  [3, 'the middle of three fails', trains],
  [4, 'the head fails', trains],
  [5, 'two fail at the head', trains],
  [6, 'a successor fails before its failing predecessor', trains],
  [7, 'after failures fewer are tested together', line],
  [8, 'a batch with one culprit', trains],
  [9, 'two culprits in different halves', trains],
  [10, 'a pair that fails only together', trains],
  [11, 'a batch runs into the deadline', trains],
  [12, 'a PR that is tested alone', line],
  [13, 'a high priority during a run', trains],
  [14, 'landings are frozen', line],
  [15, 'a push to an approved PR', trains],
  [16, 'the same, its webhook lost', trains],
  [17, 'merged or closed by hand', trains],
  [18, 'the webhook of completion lost', faults],
  [19, 'all webhooks of CI lost', faults],
  [20, 'down past the deadline', faults],
  [21, 'two instances at once', 'engine/advance'],
  [22, 'a crash between saving and publishing', 'stories/kill'],
  [23, 'news twice or late', trains],
  [24, 'what can never be done ends with a reason', verdicts],
  [25, 'cancel races landing', verdicts],
  [26, 'delivered twice, enrolled once', verdicts],
  [27, 'the base moved by an outsider', trains],
  [28, 'answered with 500, and done', faults],
  [29, 'moving the base fails for a moment', faults],
  [30, 'a conflict with the base', trains],
  [31, 'a conflict with one ahead', trains],
  [32, 'mergeability unknown', faults],
  [33, 'a prerequisite fails', line],
  [34, 'queued before what it needs', line],
  [35, 'a circle of prerequisites', line],
  [36, 'no common files', line],
  [37, 'common files', line],
  [38, 'a barrier file', line],
  [39, 'a diff beyond the declared files', line],
  [40, 'a new version of a prerequisite', verdicts],
  [41, 'one member of a green batch leaves', trains],
  [42, 'a required check that cannot report on candidates', verdicts],
  [43, 'CI that is done too soon', verdicts],
  [44, 'cancelled by the runner', trains],
  [45, 'a flake that a later pass refutes', trains],
  [46, 'the retries are spent', trains],
  [47, 'approval without the right to', verdicts],
  [48, 'commands in quotes, and several at once', verdicts],
  [49, 'the audit of what has landed', verdicts],
  [50, 'nobody waits for ever', trains],
];

/** The numbers that titles of tests begin with, by file. */
function numbersByFile(): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.test.ts')) continue;
    const path = join(entry.parentPath, entry.name);
    const titles = readFileSync(path, 'utf8').matchAll(/(?:test|describe)\(\s*['`]((?:Q\d+ )*Q\d+):/gu);
    const numbers = [...titles].flatMap(([, title = '']) =>
      title.split(' ').map((one) => Number(one.slice(1))),
    );
    found.set(relative(folder, path).replace('.test.ts', ''), new Set(numbers));
  }
  return found;
}

describe('the fifty scenarios', () => {
  const byFile = numbersByFile();

  test('are fifty, each once', () => {
    expect(scenarios.map(([number]) => number)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  test.each(scenarios)('%i, %s: is tested in %s', (number, _, file) => {
    expect([...(byFile.get(file) ?? [])]).toContain(number);
  });

  test('no title has a number beyond them', () => {
    for (const numbers of byFile.values())
      for (const number of numbers) expect(scenarios.map(([one]) => one)).toContain(number);
  });
});
