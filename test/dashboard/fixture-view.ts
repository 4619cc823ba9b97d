/** A lane in the middle of a busy day: something in every state. */
import type { LaneView, PlanRow, QueueRow } from '../../src/core/lane/view.ts';

export const at = '2026-03-02T10:00:00.000Z';

/** The time this many minutes before the view. */
export function ago(minutes: number): string {
  return new Date(Date.parse(at) - minutes * 60_000).toISOString();
}

export function planRow(changes: Partial<PlanRow> & { issue: number; title: string }): PlanRow {
  return {
    branch: null,
    owns: ['src/cli.js'],
    dependsOn: [],
    protectedPaths: [],
    priority: 'normal',
    dependsElsewhere: [],
    agent: null,
    worker: null,
    state: 'waiting',
    status: changes.state ?? 'waiting',
    pull: null,
    version: 1,
    change: null,
    attempts: 0,
    waitsOn: [],
    reason: null,
    since: ago(4),
    startedAt: null,
    landedAt: null,
    landedAs: null,
    ...changes,
  };
}

export function emptyView(changes: Partial<LaneView> = {}): LaneView {
  return {
    owner: 'acme',
    repo: 'tasks-app',
    base: 'main',
    baseSha: null,
    policyProblem: null,
    frozen: null,
    closed: null,
    revision: 1,
    at,
    plan: [],
    queue: [],
    escalations: [],
    collisions: [],
    landings: [],
    agents: [],
    ...changes,
  };
}

const sha = (digit: string): string => digit.repeat(40);

function queueRow(changes: Partial<QueueRow>): QueueRow {
  return {
    position: 1,
    issue: 7,
    title: 'Count pending tasks',
    pull: 17,
    headSha: sha('a'),
    status: 'testing',
    build: 12,
    enteredAt: ago(6),
    lands: null,
    waitsOn: [{ kind: 'build', what: 'the check ci on build 12', since: ago(3), command: null }],
    ...changes,
  };
}

const live: PlanRow[] = [
  planRow({
    issue: 7,
    title: 'Count pending tasks',
    branch: 'agent/7-count-pending-tasks',
    owns: ['src/cli.js', 'test/count.test.js'],
    agent: 'claude',
    worker: 'build-host-3:2841',
    state: 'approved',
    status: 'testing',
    pull: 17,
    attempts: 1,
    waitsOn: [{ kind: 'build', what: 'the check ci on build 12', since: ago(3), command: null }],
  }),
  planRow({
    issue: 8,
    title: 'Document every command in the README',
    branch: 'agent/8-document-every-command',
    owns: ['README.md', 'CHANGELOG.md', 'docs/**'],
    agent: 'local',
    worker: 'laptop:991',
    state: 'in-review',
    pull: 18,
    version: 2,
    attempts: 2,
    since: ago(25),
    waitsOn: [{ kind: 'approval', what: 'an approval of 3f9c2d1', since: ago(25), command: '/approve' }],
  }),
  planRow({
    issue: 9,
    title: 'Clear the list',
    owns: ['src/cli.js', 'test/clear.test.js'],
    dependsOn: [],
    waitsOn: [
      { kind: 'overlap', what: '#7, which owns src/cli.js', since: ago(9), command: '/disown src/cli.js' },
      { kind: 'agent', what: 'a free agent', since: ago(2), command: null },
    ],
    since: ago(9),
  }),
  planRow({
    issue: 10,
    title: 'Release 1.1.0',
    owns: ['package.json', 'RELEASES.md'],
    dependsOn: [7, 8],
    waitsOn: [{ kind: 'dependency', what: '#7 and #8 to land', since: ago(41), command: '/independent #8' }],
    since: ago(41),
  }),
  planRow({
    issue: 11,
    title: 'Import tasks from a spreadsheet, with a column mapping that people can edit',
    branch: 'agent/11-import-tasks-from-a-spreadsheet',
    owns: ['src/import/**', 'test/import/**'],
    agent: 'claude',
    worker: 'build-host-1:77',
    state: 'working',
    pull: 19,
    attempts: 1,
    waitsOn: [{ kind: 'work', what: 'claude to finish attempt 1', since: ago(12), command: null }],
    since: ago(12),
  }),
  planRow({
    issue: 12,
    title: 'Sync with the calendar',
    branch: 'agent/12-sync-with-the-calendar',
    owns: ['src/sync/**'],
    agent: 'claude',
    state: 'escalated',
    pull: 20,
    attempts: 3,
    waitsOn: [
      {
        kind: 'human',
        what: 'an answer: three attempts failed on the same test',
        since: ago(190),
        command: '/resume <guidance>',
      },
    ],
    since: ago(190),
  }),
];

const past: PlanRow[] = [
  planRow({
    issue: 5,
    title: 'List tasks in order',
    branch: 'agent/5-list',
    agent: 'local',
    worker: 'laptop:991',
    state: 'completed',
    pull: 14,
    attempts: 1,
    since: ago(75),
    landedAt: ago(75),
    landedAs: sha('c'),
  }),
  planRow({ issue: 6, title: 'Colours', owns: ['src/colour.js'], state: 'cancelled', since: ago(3000) }),
];

/** The busy lane. */
export const busyView: LaneView = emptyView({
  baseSha: sha('c'),
  revision: 214,
  plan: [...live, ...past],
  queue: [
    queueRow({}),
    queueRow({
      position: 2,
      issue: 13,
      title: 'Sort by due date',
      pull: 21,
      headSha: sha('b'),
      status: 'queued',
      build: null,
      enteredAt: ago(2),
      waitsOn: [{ kind: 'queue', what: 'PR #17 ahead of it', since: ago(2), command: null }],
    }),
  ],
  collisions: [{ a: 7, b: 9, paths: ['src/cli.js'], announcedAt: ago(9) }],
  landings: [
    {
      sha: sha('c'),
      tree: sha('d'),
      testedSha: sha('c'),
      testedTree: sha('d'),
      exact: true,
      at: ago(75),
      issues: [5],
      pulls: [14],
    },
    {
      sha: sha('e'),
      tree: sha('f'),
      testedSha: sha('e'),
      testedTree: sha('f'),
      exact: true,
      at: ago(160),
      issues: [3, 4],
      pulls: [12, 13],
    },
  ],
  agents: [
    { agent: 'claude', worker: 'build-host-1:77', seenAt: ago(0.2), issue: 11 },
    { agent: 'local', worker: 'laptop:991', seenAt: ago(1), issue: null },
  ],
});
