import { expect, test } from 'vitest';
import { renderDiagnoses } from '../../src/protocol/doctor-text.ts';
import { readWorkflow } from '../../src/protocol/workflow-file.ts';

test.each([
  { on: 'on: push', push: {} },
  { on: 'on: [push, pull_request]', push: {} },
  { on: 'on:\n  push:\n  pull_request:', push: {} },
  {
    on: 'on:\n  push: { branches: [main, "signalbox/build/**"] }',
    push: { branches: ['main', 'signalbox/build/**'] },
  },
  { on: 'on:\n  push: { branches: main }', push: { branches: ['main'] } },
  { on: 'on:\n  push: { branches-ignore: [dev] }', push: { ignored: ['dev'] } },
  { on: 'on:\n  push: { tags: [v1] }', push: { tagsOnly: true } },
  { on: 'on:\n  push: { tags: [v1], branches: [main] }', push: { branches: ['main'] } },
  { on: 'on:\n  push: { paths: ["src/**"] }', push: { hasPaths: true } },
  { on: 'on: pull_request', push: null },
])('what starts a workflow: $on', ({ on, push }) => {
  const seen = readWorkflow('ci.yml', `${on}\njobs: { ci: { runs-on: ubuntu-latest } }\n`);
  const nothing = { branches: null, ignored: null, hasPaths: false, tagsOnly: false };
  expect(seen.push).toEqual(push && { ...nothing, ...push });
  expect(seen.problem).toBeNull();
});

test('under which names its jobs report, and whether it can be dispatched', () => {
  const text = `on: { push: null, workflow_dispatch: null }
jobs:
  lint: { runs-on: x }
  test: { name: Tests, strategy: { matrix: { node: [20, 22] } } }
  each: { name: "Run \${{ matrix.os }}", strategy: { matrix: { os: [a] } } }
  call: { uses: ./.github/workflows/other.yml }
`;
  expect(readWorkflow('ci.yml', text)).toMatchObject({
    canBeDispatched: true,
    jobs: [
      { name: 'lint', isMany: false },
      { name: 'Tests', isMany: true },
      { name: 'Run', isMany: true },
      { name: 'call', isMany: true },
    ],
  });
});

test.each(['on: [', '- a', '42', `${'a: &a [*a]\n'}`, 'x'.repeat(300_000)])(
  'a file that is no workflow is named, and breaks nothing',
  (text) => {
    const seen = readWorkflow('ci.yml', text);
    expect(seen.jobs).toEqual([]);
    expect(seen.problem).not.toBeNull();
  },
);

test('findings say what, why and what to do', () => {
  const finding = {
    code: 'merge-queue',
    level: 'error' as const,
    what: 'two queues',
    why: 'one branch',
    todo: 'take one off',
  };
  expect(renderDiagnoses([{ lane: 'acme/engine@main', findings: [finding] }])).toBe(
    [
      'acme/engine@main: 1 error, 0 warnings, 0 notes.',
      '  ✗ error merge-queue: two queues.',
      '      Why: one branch.',
      '      What to do: take one off.',
    ].join('\n'),
  );
  expect(renderDiagnoses([{ lane: 'acme/engine@main', findings: [] }])).toBe(
    'acme/engine@main: nothing found.',
  );
  expect(renderDiagnoses([])).toBe('The App is installed in no repository.');
});
