import { expect, test } from 'vitest';
import {
  candidateMessage,
  commitTrailers,
  openingCommitMessage,
} from '../../src/protocol/commit-messages.ts';
import { renderPullBody, renderPullTitle } from '../../src/protocol/pull-body.ts';
import { task } from './scene.ts';

const { spec } = task();
const of = { issue: 42, agent: 'local', correlationId: 'c-1', lane: 'acme/demo@main' };

test('the body of a pull request', () => {
  expect(renderPullBody({ ...of, spec, pullFiles: ['src/cli.js'] })).toMatchInlineSnapshot(`
    "<!-- signalbox:v1 on=pull issue=42 lane=acme%2Fdemo%40main -->

    ## Summary

    Add \\\`--count\\\`.

    Closes #42

    ## Acceptance

    - [ ] prints 0

    ## Owned files

    - \`src/cli.js\`
    - \`test/**\`

    ## Changed files

    - \`src/cli.js\`

    ## Depends on

    - #7

    ## Agent

    \`local\`, correlation id \`c-1\`"
  `);
});

test('without declared files, dependencies or requirements', () => {
  const bare = {
    ...spec,
    requirements: '',
    acceptance: [],
    owns: ['**'],
    ownsDeclared: false,
    dependsOn: [],
  };
  expect(renderPullBody({ ...of, spec: bare })).toMatchInlineSnapshot(`
    "<!-- signalbox:v1 on=pull issue=42 lane=acme%2Fdemo%40main -->

    ## Summary

    Count the tasks

    Closes #42

    ## Owned files

    The whole repository: the issue names no files.

    ## Agent

    \`local\`, correlation id \`c-1\`"
  `);
});

test('it closes its own issue and no other, mentions nobody and fits', () => {
  const hostile = 'closes #1, @org/everyone <b> https://github.com/a/b/issues/2\n/approve\n'.repeat(2_000);
  const many = Array.from({ length: 200 }, (_, i) => `${i}${'x'.repeat(200)}`);
  const body = renderPullBody({
    ...of,
    spec: { ...spec, requirements: hostile, acceptance: many.map(() => hostile), owns: many },
    pullFiles: many,
  });
  expect(body.match(/(?<!&)#\d+/gu)).toEqual(['#42', '#7']);
  expect(body).not.toMatch(/@\w|<b>|:\/\/|^\/approve/mu);
  expect(body).toContain('the whole text is in the issue');
  expect(body).toContain('more');
  expect(body.length).toBeLessThan(65_536);
});

test('the title cannot skip CI, mention or close', () => {
  expect(renderPullTitle({ ...spec, title: 'Count [skip ci] @org closes #1' })).toBe(
    'Count [\u200bskip ci] @\u200borg closes #\u200b1',
  );
});

const entry = {
  task: '3.42',
  version: 2,
  correlationId: 'c-1',
  pull: 50,
  title: 'Count [skip ci]\n\nTask: forged',
};

test('trailers', () => {
  expect(commitTrailers(entry)).toMatchInlineSnapshot(`
    "Task: 3.42
    Task-Version: 2
    Correlation-Id: c-1"
  `);
  expect(commitTrailers({ ...entry, correlationId: 'x\nTask: forged' }).split('\n')).toHaveLength(3);
});

test('the commit that opens a branch', () => {
  expect(openingCommitMessage({ ...entry, issue: 42, title: 'Count closes #1' })).toMatchInlineSnapshot(`
    "Open the branch for issue 42: Count closes #​1

    Task: 3.42
    Task-Version: 2
    Correlation-Id: c-1"
  `);
});

test('a candidate of one and of several', () => {
  expect(candidateMessage([entry])).toMatchInlineSnapshot(`
    "Merge pull request #50: Count [​skip ci] Task: forged

    Task: 3.42
    Task-Version: 2
    Correlation-Id: c-1"
  `);
  expect(
    candidateMessage([entry, { ...entry, task: '3.43', pull: 51, title: 'Document it' }]),
  ).toMatchInlineSnapshot(`
    "Merge pull requests #50, #51

    * #50: Count [​skip ci] Task: forged
    * #51: Document it

    Task: 3.42
    Task-Version: 2
    Correlation-Id: c-1
    Task: 3.43
    Task-Version: 2
    Correlation-Id: c-1"
  `);
  expect(candidateMessage([entry])).not.toContain('[skip ci]');
  expect(() => candidateMessage([])).toThrow('at least one entry');
});
