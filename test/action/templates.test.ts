/** What people copy into their repositories: parsed as GitHub reads it, and checked for who may do what. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = fileURLToPath(new URL('../../', import.meta.url));

const Step = z.strictObject({
  id: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  shell: z.string().optional(),
  with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  env: z.record(z.string(), z.string()).optional(),
});
const Job = z.strictObject({
  needs: z.string().optional(),
  if: z.string().optional(),
  'runs-on': z.literal('ubuntu-latest'),
  'timeout-minutes': z.union([z.number(), z.string()]),
  permissions: z.record(z.string(), z.string()),
  steps: z.array(Step),
});
type Job = z.infer<typeof Job>;
const Input = z.looseObject({ required: z.boolean().optional() });
const Workflow = z.object({
  'run-name': z.string().optional(),
  on: z.object({
    workflow_dispatch: z.object({ inputs: z.record(z.string(), Input) }).optional(),
    workflow_call: z.object({ inputs: z.record(z.string(), Input) }).optional(),
  }),
  permissions: z.strictObject({}),
  jobs: z.record(z.string(), z.unknown()),
});
const Action = z.object({
  inputs: z.record(z.string(), Input),
  runs: z.object({ using: z.literal('composite'), steps: z.array(Step) }),
});

/** An expression of GitHub Actions. */
const filled = (expression: string): string => `\${{ ${expression} }}`;

const read = (path: string): unknown => parse(readFileSync(join(root, path), 'utf8'));
const templates = globSync('action/templates/*.yml', { cwd: root }).sort();
const own = /^signalbox\/signalbox\/(action\/\w+|\.github\/workflows\/agent\.yml)@v0$/;

describe.each(templates)('%s', (path) => {
  const workflow = Workflow.parse(read(path));

  test('is started with what Signalbox sends, and calls itself what Signalbox looks for', () => {
    expect(Object.keys(workflow.on)).toEqual(['workflow_dispatch']);
    expect(Object.keys(workflow.on.workflow_dispatch?.inputs ?? {}).sort()).toEqual([
      'attempt',
      'base_sha',
      'branch',
      'issue',
      'spec_sha',
      'task',
    ]);
    expect(workflow['run-name']).toBe(`agent ${filled('inputs.task')}#${filled('inputs.attempt')}`);
    expect(readFileSync(join(root, path), 'utf8')).toContain(basename(path));
  });
});

const threeJobs = [...templates.filter((path) => !path.includes('reusable')), '.github/workflows/agent.yml'];

describe.each(threeJobs)('the jobs of %s', (path) => {
  const jobs = Object.fromEntries(
    Object.entries(Workflow.parse(read(path)).jobs).map(([name, job]) => [name, Job.parse(job)]),
  ) as Record<'brief' | 'agent' | 'push', Job>;
  const secretsOf = (job: Job) => JSON.stringify(job).match(/secrets\.[\w-]+/g) ?? [];

  test('share nothing that only one of them may have', () => {
    expect(Object.keys(jobs)).toEqual(['brief', 'agent', 'push']);
    expect(jobs.brief.permissions).toEqual({ 'id-token': 'write' });
    expect(jobs.agent.permissions).toEqual({ contents: 'read' });
    expect(jobs.push.permissions).toEqual({ contents: 'write', 'id-token': 'write' });
    expect(secretsOf(jobs.agent)).toHaveLength(1);
    expect([...secretsOf(jobs.brief), ...secretsOf(jobs.push)]).toEqual([]);
  });

  test('run the model where no token is left behind, and nothing of the agent where one is', () => {
    const checkout = jobs.agent.steps.find((step) => step.uses?.startsWith('actions/checkout@'));
    expect(checkout?.with).toMatchObject({ 'persist-credentials': false, ref: filled('inputs.branch') });
    for (const job of [jobs.brief, jobs.push]) {
      expect(job.steps.flatMap((step) => step.run ?? [])).toEqual([]);
      for (const { uses = '' } of job.steps)
        expect(own.test(uses) || uses === 'actions/checkout@v4').toBe(true);
    }
  });

  test('take no words from outside into a shell', () => {
    for (const { run = '' } of Object.values(jobs).flatMap((job) => job.steps)) {
      expect(run).not.toMatch(/\$\{\{/);
    }
  });

  test('give the actions of Signalbox the inputs that those ask for', () => {
    const uses = Object.values(jobs).flatMap((job) => job.steps.filter(({ uses }) => own.test(uses ?? '')));
    expect(uses.map(({ uses }) => uses)).toHaveLength(4);
    for (const step of uses) {
      const folder = own.exec(step.uses ?? '')?.[1] ?? '';
      const { inputs } = Action.parse(read(`${folder}/action.yml`));
      const given = Object.keys(step.with ?? {});
      expect(given.filter((name) => inputs[name] === undefined)).toEqual([]);
      const needed = Object.keys(inputs).filter((name) => inputs[name]?.required === true);
      expect(needed.filter((name) => !given.includes(name))).toEqual([]);
    }
  });
});

describe('the reusable workflow', () => {
  test('is called with what it asks for, and narrows what it is given', () => {
    const Call = z.object({
      uses: z.string(),
      with: z.record(z.string(), z.string()),
      permissions: z.record(z.string(), z.string()),
    });
    const caller = Call.parse(Workflow.parse(read('action/templates/agent-reusable.yml')).jobs.agent);
    const { inputs } = Workflow.parse(read('.github/workflows/agent.yml')).on.workflow_call ?? { inputs: {} };
    const asked = Object.entries(inputs)
      .filter(([, input]) => input.required)
      .map(([name]) => name);
    expect(caller.uses).toMatch(own);
    expect(Object.keys(caller.with).sort()).toEqual(asked.sort());
    expect(caller.permissions).toEqual({ contents: 'write', 'id-token': 'write' });
  });
});

describe.each(globSync('action/*/action.yml', { cwd: root }).sort())('%s', (path) => {
  test('takes no input into a shell but through the environment', () => {
    const { runs } = Action.parse(read(path));
    for (const step of runs.steps) {
      expect(step.run ?? '').not.toMatch(/\$\{\{/);
      const script = /lib\/(\w+\.js)/.exec(step.run ?? '')?.[1];
      if (step.run) expect(globSync(`action/lib/${script}`, { cwd: root })).toHaveLength(1);
    }
  });
});
