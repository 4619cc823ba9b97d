import { describe, expect, test } from 'vitest';
import { closedIssues } from '../../src/protocol/issue-references.ts';
import { renderAssignmentWish, renderPullRefused } from '../../src/protocol/pull-notices.ts';

describe('a pull request that is not taken', () => {
  test.each([
    ['trusted', 8, '#7 is being worked on already: in #8.'],
    ['trusted', null, '#7 is being worked on already: see there.'],
    ['fork', 8, '#7 is a task, and its pull request must come from a branch of this repository.'],
    ['stranger', 8, '#7 is a task, and only people with write access or its agent may do it here.'],
  ] as const)('is told why: %s, %s', (why, instead, reason) => {
    const text = renderPullRefused({ issue: 7, instead, why });
    expect(text).toContain(reason);
    expect(text).toContain(instead === null ? 'the issue #7' : '#8');
  });

  test('an assignment is asked for without mentioning anybody', () => {
    const text = renderAssignmentWish({
      signIn: null,
      issue: 7,
      agent: 'copilot',
      login: 'copilot-swe-agent[bot]',
    });
    expect(text).toContain('copilot-swe-agent');
    expect(text).not.toMatch(/@/);
    const signIn = { by: 'mary', url: 'https://signalbox.example/sign-in' };
    const offered = renderAssignmentWish({
      signIn,
      issue: 7,
      agent: 'copilot',
      login: 'copilot-swe-agent[bot]',
    });
    expect(offered).toContain('`mary`, open [this page](https://signalbox.example/sign-in)');
    expect(text).not.toContain('this page');
  });
});

test.each<[string, number[]]>([
  ['Closes #7', [7]],
  ['closes: #7 and fixes #8', [7, 8]],
  ['Resolved acme/engine#9', [9]],
  ['Fix https://github.com/acme/engine/issues/10', [10]],
  ['See #7', []],
  ['It discloses #7', []],
  ['Closes the door on #7', []],
])('%j closes %j', (text, issues) => {
  expect(closedIssues(text).map(({ number }) => number)).toEqual(issues);
});
