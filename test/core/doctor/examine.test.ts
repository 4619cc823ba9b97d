import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startsOn } from '../../../src/core/doctor/branch-filter.ts';
import type { Checkup, SeenProtection, SeenRule, SeenWorkflow } from '../../../src/core/doctor/checkup.ts';
import { examine } from '../../../src/core/doctor/examine.ts';
import { neededEvents, neededPermissions } from '../../../src/core/doctor/needs.ts';
import { PolicyFile } from '../../../src/core/policy.ts';

const policyOf = (content: unknown): Checkup['policy'] => ({
  kind: 'accepted',
  policy: PolicyFile.parse(content),
});

const ci: SeenWorkflow = {
  file: 'ci.yml',
  push: { branches: ['main', 'signalbox/build/**'], ignored: null, hasPaths: false, tagsOnly: false },
  canBeDispatched: false,
  jobs: [{ name: 'ci', isMany: false }],
  problem: null,
};

/** A repository in which nothing is to be found. */
const healthy: Checkup = {
  owner: 'acme',
  repo: 'engine',
  base: 'main',
  app: { id: 7, slug: 'signalbox' },
  permissions: Object.fromEntries(
    Object.entries(neededPermissions).map(([name, { level }]) => [name, level]),
  ),
  events: neededEvents,
  policy: policyOf({ agents: { local: { via: 'pull' } }, gate: { apps: { ci: 'github-actions' } } }),
  required: [
    { name: 'ci', app: 15368 },
    { name: 'signalbox/arbiter', app: 7 },
  ],
  rules: [],
  protection: 'none',
  workflows: [ci],
  reported: ['ci'],
};

const rule = (type: string, change: Partial<SeenRule> = {}): Partial<Checkup> => ({
  rules: [{ type, isStrict: false, mayBypass: false, ...change }],
});

const classic = (change: Partial<SeenProtection>): Partial<Checkup> => ({
  protection: {
    isStrict: false,
    signatures: false,
    linearHistory: false,
    locked: false,
    pushers: null,
    reviews: false,
    ...change,
  },
});

const onPush = (push: Partial<SeenWorkflow['push']> | null): Partial<Checkup> => ({
  workflows: [
    {
      ...ci,
      push: push && { branches: null, ignored: null, hasPaths: false, tagsOnly: false, ...push },
    },
  ],
});

const squash = {
  agents: { local: { via: 'pull' } },
  gate: { apps: { ci: 'x' } },
  queue: { method: 'squash' },
};

describe('doctor', () => {
  test('has nothing to say about a repository that is set up well', () => {
    expect(examine(healthy)).toEqual([]);
  });

  const cases: { why: string; change: Partial<Checkup>; finds: string[] }[] = [
    {
      why: 'a permission too low',
      change: { permissions: { ...healthy.permissions, contents: 'read' } },
      finds: ['error permission-missing'],
    },
    {
      why: 'no team members',
      change: { permissions: { ...healthy.permissions, members: 'none' } },
      finds: ['note permission-missing'],
    },
    { why: 'an event missing', change: { events: neededEvents.slice(1) }, finds: ['warning events-missing'] },
    {
      why: 'a broken policy',
      change: { policy: { kind: 'refused', problem: 'unknown key qeue' } },
      finds: ['error policy-refused'],
    },
    {
      why: 'no agents',
      change: { policy: policyOf({ gate: { apps: { ci: 'x' } } }) },
      finds: ['note no-agents'],
    },
    {
      why: 'an agent without its workflow',
      change: { policy: policyOf({ agents: { claude: { via: 'dispatch' } } }) },
      finds: ['error agent-workflow'],
    },
    {
      why: 'an agent whose workflow cannot be dispatched',
      change: { policy: policyOf({ agents: { claude: { via: 'dispatch', workflow: 'ci.yml' } } }) },
      finds: ['error agent-workflow'],
    },
    { why: "GitHub's queue", change: rule('merge_queue', { mayBypass: true }), finds: ['error merge-queue'] },
    { why: 'a locked branch', change: rule('update'), finds: ['error branch-locked'] },
    { why: 'a lock that it may pass over', change: rule('update', { mayBypass: true }), finds: [] },
    {
      why: 'required deployments',
      change: rule('required_deployments'),
      finds: ['error deployments-required'],
    },
    { why: 'required reviews', change: rule('pull_request'), finds: ['warning pull-request-required'] },
    {
      why: 'strict checks',
      change: rule('required_status_checks', { isStrict: true }),
      finds: ['warning strict-checks'],
    },
    { why: 'a linear history', change: rule('required_linear_history'), finds: ['error linear-history'] },
    {
      why: 'a linear history and squashing',
      change: { ...rule('required_linear_history'), policy: policyOf(squash) },
      finds: [],
    },
    { why: 'signatures and merging', change: rule('required_signatures'), finds: [] },
    {
      why: 'signatures and squashing',
      change: { ...rule('required_signatures'), policy: policyOf(squash) },
      finds: ['error signatures'],
    },
    {
      why: 'classic protection',
      change: classic({ isStrict: true, linearHistory: true, locked: true, reviews: true }),
      finds: [
        'error branch-locked',
        'error linear-history',
        'warning pull-request-required',
        'warning strict-checks',
      ],
    },
    {
      why: 'pushes by others only',
      change: classic({ pushers: ['robot'] }),
      finds: ['error push-restricted'],
    },
    { why: 'pushes by the App', change: classic({ pushers: ['signalbox'] }), finds: [] },
    {
      why: 'protection that is not to be read',
      change: { protection: 'unreadable' },
      finds: ['note protection-unread'],
    },
    {
      why: 'an arbiter that nobody asks for',
      change: { required: [{ name: 'ci', app: 15368 }] },
      finds: ['warning arbiter-not-required'],
    },
    {
      why: 'an arbiter by anybody',
      change: { required: [...healthy.required.slice(0, 1), { name: 'signalbox/arbiter', app: null }] },
      finds: ['error arbiter-unpinned'],
    },
    {
      why: 'a check by anybody',
      change: {
        required: [
          { name: 'ci', app: null },
          { name: 'signalbox/arbiter', app: 7 },
        ],
        policy: policyOf({ agents: { local: { via: 'pull' } } }),
      },
      finds: ['warning check-unpinned'],
    },
    {
      why: 'CI on other branches only',
      change: onPush({ branches: ['main'] }),
      finds: ['error check-never-reports'],
    },
    { why: 'CI on pull requests only', change: onPush(null), finds: ['error check-never-reports'] },
    { why: 'CI on tags only', change: onPush({ tagsOnly: true }), finds: ['error check-never-reports'] },
    { why: 'CI on every push', change: onPush({}), finds: [] },
    {
      why: 'CI not on candidates',
      change: onPush({ ignored: ['signalbox/**'] }),
      finds: ['error check-never-reports'],
    },
    { why: 'CI by paths', change: onPush({ hasPaths: true }), finds: ['warning check-by-paths'] },
    { why: 'a check from elsewhere', change: { workflows: [] }, finds: ['note check-from-outside'] },
    { why: 'a check of no one', change: { workflows: [], reported: [] }, finds: ['error check-unknown'] },
    {
      why: 'a matrix',
      change: {
        workflows: [
          {
            ...ci,
            jobs: [
              { name: 'test', isMany: true },
              { name: 'ci', isMany: false },
            ],
          },
        ],
        required: [...healthy.required, { name: 'test (20, linux)', app: 15368 }],
      },
      finds: [],
    },
    {
      why: 'a workflow that is no workflow',
      change: { workflows: [ci, { ...ci, file: 'bad.yml', jobs: [], problem: 'it is no YAML' }] },
      finds: ['warning workflow-unread'],
    },
  ];
  test.each(cases)('$why: $finds', ({ change, finds }) => {
    const found = examine({ ...healthy, ...change });
    expect(found.map(({ level, code }) => `${level} ${code}`)).toEqual(finds);
    for (const { what, why, todo } of found) for (const text of [what, why, todo]) expect(text).not.toBe('');
  });

  test('asks for what the manifest of the App asks for', () => {
    const manifest = parse(readFileSync('app.yml', 'utf8'));
    const asked = Object.entries(neededPermissions).map(([name, { level }]) => [name, level]);
    expect(Object.fromEntries(asked)).toEqual(manifest.default_permissions);
    expect(neededEvents).toEqual(manifest.default_events);
  });
});

const filter = (change: object) => ({
  branches: null,
  ignored: null,
  hasPaths: false,
  tagsOnly: false,
  ...change,
});

test.each([
  { branches: ['**'], is: true },
  { branches: ['*'], is: false },
  { branches: ['signalbox/*'], is: false },
  { branches: ['signalbox/**'], is: true },
  { branches: ['signalbox/build/main/*'], is: true },
  { branches: ['**/main/*'], is: true },
  { branches: ['signalbox/**', '!signalbox/build/**'], is: false },
  { branches: ['!signalbox/**', 'signalbox/build/**'], is: true },
  { branches: ['signalbox/build/main/[0-9]+'], is: true },
  { branches: ['main', 'release/**'], is: false },
  { branches: ['['], is: false },
])('branches $branches: $is', ({ branches, is }) => {
  expect(startsOn(filter({ branches }), 'signalbox/build/main/12')).toBe(is);
  expect(startsOn(filter({ ignored: branches }), 'signalbox/build/main/12')).toBe(!is);
});
