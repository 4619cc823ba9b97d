/** Tests that ask for less than before, in the same diff as the code they test: passing proves less then. */
import type { LineChange, PathChange } from '../diff.ts';
import { isSource, isTest } from './kinds.ts';
import { amount, type Rule, report } from './rule.ts';

const longestLine = 2_000;
const assertion =
  /\b(expect|assert\w*|should|ensure|verify|require)\b\s*[.(!]|\bt\.(is|deepEqual|true|false|throws|Error|Errorf|Fatal|Fatalf)\(|\bassert\s|\bEXPECT_|\bASSERT_/u;
const skip =
  /\b(x?it|x?describe|x?test|context|suite)\.(skip|todo|fails)\b|\bx(it|describe|test|context)\s*\(|@(pytest\.mark\.(skip|xfail)|unittest\.skip|Disabled|Ignore)\b|\bt\.Skip(f|Now)?\(|#\[ignore|\bpytest\.skip\(|\bself\.skipTest\(|\bpending\(/u;
const only = /\b(it|describe|test|context|suite)\.only\b|\bf(it|describe)\s*\(/u;

const isComment = (text: string): boolean => /^\s*(\/\/|#(?!\[)|\*|\/\*|--)/u.test(text);

function find(lines: readonly LineChange[], pattern: RegExp): LineChange[] {
  return lines.filter(({ text }) => text.length <= longestLine && !isComment(text) && pattern.test(text));
}

function judgeFile({ path, change, lines, movedTo }: PathChange) {
  if (change === 'removed') {
    if (movedTo !== undefined && isTest(movedTo)) return [];
    return [
      {
        path,
        message: 'a test file was removed',
        remedy: 'Say in the pull request why it is not needed any more.',
      },
    ];
  }
  const added = lines?.added ?? [];
  const removed = lines?.removed ?? [];
  const lost = find(removed, assertion).length - find(added, assertion).length;
  return [
    ...find(added, skip).map(({ line }) => ({
      path,
      line,
      message: 'a test is skipped',
      remedy: 'Let it run, or say in the pull request why it cannot.',
    })),
    ...find(added, only).map(({ line }) => ({
      path,
      line,
      message: 'only this test runs, and the others of its file do not',
      remedy: 'Remove `only`.',
    })),
    ...(lost > 0
      ? [
          {
            path,
            message: `${amount(lost, 'assertion')} fewer than before`,
            remedy: 'Bring them back, or say in the pull request what asserts the same now.',
          },
        ]
      : []),
  ];
}

/** A diff of tests alone may move assertions about; the hint is about tests that make room for a change of code. */
export const judgeLoosenedTests: Rule = ({ changes }, _, policy) => {
  if (!changes.some(({ path }) => isSource(path))) return [];
  return report(
    'loosened-tests',
    policy.arbiter.loosened_tests,
    changes.filter(({ path }) => isTest(path)).flatMap(judgeFile),
  );
};
