/** What each entry of the queue waits for, in words, and when it will probably land. */
import type { Build } from '../lane/queue-state.ts';
import type { LaneState, Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import { isRunning } from './build-state.ts';
import { forecastLanding } from './forecast.ts';
import { orderEntries } from './order.ts';
import { planOf } from './plan.ts';
import { findUnheard } from './proof-of-checks.ts';
import { taskOfOrder } from './read-lane.ts';
import type { Wait as PlannerWait } from './snapshot.ts';
import { closureOf } from './windows.ts';

/** A required check that nobody has heard of for this long is named: it may never report there. */
const silenceMs = 5 * 60_000;

type Waits = ReadonlyMap<number, PlannerWait>;

/** One plan serves all entries that are shown of the same state. */
const known = new WeakMap<LaneState, { at: string; waits: Waits }>();

function plannerWaits(state: LaneState, at: string): Waits {
  const before = known.get(state);
  if (before?.at === at) return before.waits;
  const waits = new Map((planOf(state, at)?.waits ?? []).map(({ entry, wait }) => [entry, wait]));
  known.set(state, { at, waits });
  return waits;
}

function pullsOf(state: LaneState, orders: readonly number[]): string {
  const pulls = orders.flatMap((order) => taskOfOrder(state, order)?.pull?.number ?? []);
  return pulls.length === 0 ? 'another entry' : pulls.map((pull) => `#${pull}`).join(', ');
}

/** What is known of its checks beyond that they run. */
function whyPending({ checks }: Build): string {
  const told = checks.find(({ conclusion, why }) => conclusion === 'pending' && why !== undefined);
  return told ? `; ${told.name}: ${told.why}` : '';
}

function waitForBuild(state: LaneState, build: Build, at: string): Wait {
  const due = Date.parse(build.startedAt) + state.policy.queue.check_timeout;
  const unheard = build.state === 'testing' ? findUnheard(state, build.checks) : [];
  const isSilent = unheard.length > 0 && Date.parse(at) - Date.parse(build.startedAt) >= silenceMs;
  return {
    kind: 'build',
    what: isSilent
      ? `the check ${unheard.join(', ')}, which nobody has reported on candidate ${build.number} yet: does it run on pushes to signalbox/build/**?`
      : `candidate ${build.number} is being tested${whyPending(build)}`,
    since: build.startedAt,
    command: isSilent ? 'have CI run on pushes to `signalbox/build/**`' : null,
    next: new Date(due).toISOString(),
  };
}

function inWords(state: LaneState, wait: PlannerWait, since: string, at: string): Wait {
  const base = { kind: 'queue' as const, since, command: null };
  switch (wait.for) {
    case 'prerequisite':
      return { ...base, kind: 'dependency', what: `${pullsOf(state, wait.entries)} to land first` };
    case 'conflict': {
      const what = `${pullsOf(state, wait.entries)}, which git cannot merge it with, to land or leave`;
      return { ...base, what };
    }
    case 'company': {
      const what = `${pullsOf(state, wait.entries)}, together with which it failed though it passed alone, to land or leave`;
      return { ...base, what };
    }
    case 'alone': {
      const what = `${pullsOf(state, wait.entries)} to land or leave: one of them is tested alone`;
      return { ...base, what };
    }
    case 'build': {
      const build = state.builds[Number(wait.build)];
      return build ? waitForBuild(state, build, at) : { ...base, what: 'its candidate' };
    }
    case 'train':
      return { ...base, what: 'the next candidate that lands: it has been tested well' };
    case 'freeze':
      return { ...base, what: 'landings to go on: it has been tested well' };
    case 'runner':
      return {
        ...base,
        what: `a free build: the policy allows ${state.policy.queue.builds} at a time`,
        command: 'raise `queue.builds` in the policy',
      };
    default:
      return wait satisfies never;
  }
}

/** A candidate with this entry that is on its way to the base branch. */
function landingWith(state: LaneState, issue: number): Build | undefined {
  return Object.values(state.builds).find(({ flight }) => flight?.entries.some((e) => e.issue === issue));
}

/** What an entry waits for in the queue. */
export function waitInQueue(state: LaneState, task: Task, at: string): Wait {
  const since = task.entry?.enteredAt ?? task.since;
  const landing = landingWith(state, task.issue);
  if (landing) {
    const what = `candidate ${landing.number} passed and is landing`;
    return { kind: 'build', what, since: landing.startedAt, command: null };
  }
  const wait = plannerWaits(state, at).get(task.entry?.order ?? -1);
  if (wait) return inWords(state, wait, since, at);
  const build = Object.values(state.builds).find(
    (each) =>
      isRunning(each) && each.purpose !== 'try' && each.entries.some((entry) => entry.issue === task.issue),
  );
  if (build) return waitForBuild(state, build, at);
  const ahead = orderEntries(state).findIndex((entry) => entry.issue === task.issue);
  const what =
    ahead > 0 ? `${ahead} entr${ahead === 1 ? 'y' : 'ies'} ahead in the queue` : 'its candidate is next';
  return { kind: 'queue', what, since, command: ahead > 0 ? '/priority high' : null };
}

/** When it will probably land, ISO 8601: eight in ten of the entries before it did within such a range. */
export function landsBetween(state: LaneState, task: Task, at: string): { from: string; to: string } | null {
  const { queue, frozen } = state;
  if (!task.entry || frozen || closureOf(state, at)) return null;
  const now = Date.parse(at);
  const range = forecastLanding(queue.history.stays, now - Date.parse(task.entry.enteredAt));
  const when = (ms: number) => new Date(now + ms).toISOString();
  return range && { from: when(range.from), to: when(range.to) };
}
