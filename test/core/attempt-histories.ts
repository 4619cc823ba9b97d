/**
 * Random lives of a few tasks that agents work on, fail at and are asked about: shorter than the histories of a whole
 * lane, and with nothing in them but what attempts are made of.
 */
import fc from 'fast-check';
import type { SeenCommand } from '../../src/core/lane/observation.ts';
import { command, graceMs, issue, policy } from './lane-driver.ts';
import { goodLuck, type Word, type World } from './lane-histories.ts';

const number = fc.integer({ min: 1, max: 2 });
const endings = [
  'done',
  'infra',
  'semantic',
  'semantic',
  'semantic',
  'rate-limit',
  'released',
  'budget',
  'escalate',
] as const satisfies readonly Word[];
/** Long enough for a heartbeat, a backoff, a lease, a stale question, a day. */
const waits = [1_000, 61_000, 301_000, 1_801_000, 7_200_000, 86_400_000] as const;
const pushes = ['push', 'late-push', 'late-push', 'close', 'reopen'] as const;
const answers = {
  pick: { index: 0, name: 'resume', guidance: 'A' },
  guide: { index: 0, name: 'resume', guidance: 'go left' },
  retry: { index: 0, name: 'retry' },
} as const satisfies Record<string, SeenCommand>;

const attemptAction = fc.oneof(
  /** An attempt from its branch to its end, with a heartbeat or none before. */
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('attempt' as const),
      issue: number,
      isHeard: fc.boolean(),
      /** What is seen of it during a lease in which its worker says nothing. */
      silence: fc.oneof(
        { weight: 18, arbitrary: fc.constant('none' as const) },
        { weight: 2, arbitrary: fc.constantFrom('push' as const, 'run' as const) },
      ),
      end: fc.constantFrom(...endings),
      luck: fc.nat(255),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('stride' as const),
      issue: number,
      steps: fc.integer({ min: 2, max: 9 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('agent' as const),
      issue: number,
      word: fc.constantFrom('claimed' as const, 'heartbeat' as const, ...endings),
      stale: fc.nat(255),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(...waits) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pull' as const),
      issue: number,
      change: fc.constantFrom(...pushes),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('carry' as const), luck: fc.nat(255) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      issue: number,
      run: fc.constantFrom('in-progress' as const, 'completed' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      issue: number,
      with: fc.constantFrom('pick', 'guide', 'retry'),
    }),
  },
);
export type AttemptAction = typeof attemptAction extends fc.Arbitrary<infer A> ? A : never;

/** What the lane's policy says, by number: see `lives`. */
const policies = [
  { limits: { backoff: ['1m', '5m', '15m'] } },
  {
    limits: {
      attempts: 2,
      backoff: ['10s'],
      usd: 1,
      task: { tokens: 900 },
      agent_day: { usd: 4 },
      repository_day: { minutes: 90 },
      breaker: { agent: 2, repository: 3, pause: '5m' },
    },
    escalate: { stale: '20m' },
  },
  {
    limits: { backoff: ['1s'] },
    ownership: { lease: '2m', protected: ['lib/**'] },
    autonomy: {
      default: 'on-the-loop',
      grace: '10m',
      rules: [{ paths: ['docs/**'], level: 'out-of-the-loop' }],
    },
  },
];

/** A policy, and what happens under it. */
export const lives = (mostActions: number): fc.Arbitrary<{ policy: number; actions: AttemptAction[] }> =>
  fc.record({
    policy: fc.nat(policies.length - 1),
    actions: fc.array(attemptAction, { minLength: 3, maxLength: mostActions, size: 'max' }),
  });

const owns = ['docs/**', 'lib/{x,y}/*.ts'] as const;

/** Until its worker has claimed the task, and then what the worker says. */
function playAttempt(world: World, action: Extract<AttemptAction, { do: 'attempt' }>): void {
  const task = () => world.lane.state.tasks[action.issue];
  for (let step = 0; step < 8 && task()?.state !== 'working'; step++) {
    if (task()?.state === 'waiting') world.lane.pass(61_000);
    else if (step % 2 === 0) world.carry(goodLuck);
    else world.progress(action.issue);
  }
  if (action.isHeard) world.speak(task(), 'heartbeat', 4);
  if (action.silence !== 'none') {
    if (action.silence === 'push') world.changePull(task(), 'push');
    else for (const _ of ['dispatched', 'seen']) world.run(task(), 'in-progress');
    world.lane.pass(1_801_000);
  }
  world.speak(task(), action.end, action.luck);
}

/** Two tasks beside each other, and a worker that is always there. */
export function playLife(world: World, life: { policy: number; actions: readonly AttemptAction[] }): void {
  const { lane } = world;
  const attend = () => {
    lane.presence = [{ agent: 'default', worker: 'w-1', seenAt: lane.at }];
  };
  world.open();
  attend();
  world.tell(policy(policies[life.policy] ?? {}));
  for (const [index, path] of owns.entries()) world.tell(issue(index + 1, { spec: { owns: [path] } }));
  lane.pass(graceMs);
  for (const action of life.actions) {
    attend();
    if (action.do === 'attempt') playAttempt(world, action);
    else if (action.do === 'answer') world.tell(command(action.issue, answers[action.with]));
    else world.act(action);
  }
}
