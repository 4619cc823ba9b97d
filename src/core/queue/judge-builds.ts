/** What CI's word makes of the builds that run, and how often a run without a verdict is tried again. */
import type { FactBody } from '../lane/facts.ts';
import type { Build } from '../lane/queue-state.ts';
import type { LaneState, Snapshot, Task } from '../lane/state.ts';
import { ejectFact } from '../task/ejection.ts';
import { queuedTask } from './build-state.ts';
import { mayBeLanding } from './may-be-landing.ts';
import { isQueued } from './order.ts';
import { judgeChecks } from './proof-of-checks.ts';

/** Runs without a verdict that an entry may be part of, beyond the retries for flakes; then a person must look. */
const patience = 2;

type Judged = Pick<Snapshot, 'state' | 'unreadChecks'>;

/** CI has had all the time that the policy gives it. */
function isOverdue({ policy }: LaneState, { startedAt }: Build, at: string): boolean {
  return Date.parse(at) - Date.parse(startedAt) >= policy.queue.check_timeout;
}

/** Commits of candidates that CI has not ended with in time, as far as is known: it is asked once more. */
export function overdueCommits(state: LaneState, at: string): string[] {
  return Object.values(state.builds)
    .filter((build) => build.state === 'testing' && isOverdue(state, build, at))
    .flatMap(({ sha }) => sha ?? []);
}

function judgeBuild({ state, unreadChecks }: Judged, build: Build, at: string): FactBody[] {
  const verdict = judgeChecks(state, build.checks);
  const where = `on the candidate ${build.sha?.slice(0, 12)}`;
  switch (verdict.kind) {
    case 'passed': {
      const took = Date.parse(at) - Date.parse(build.startedAt);
      if (took >= state.policy.queue.minimum_time) return [{ kind: 'build-passed', build: build.number }];
      const reason = `its checks were green ${where} after ${Math.round(took / 1_000)} s, below the policy's minimum_time: they can have tested nothing`;
      return [{ kind: 'build-interrupted', build: build.number, reason }];
    }
    case 'failed': {
      const { name, conclusion, url } = verdict.red;
      const reason = `the check ${name} ended with ${conclusion} ${where}${url ? ` (${url})` : ''}`;
      return [{ kind: 'build-failed', build: build.number, reason }];
    }
    case 'interrupted': {
      const reason = `the check ${verdict.by.name} was cancelled ${where}`;
      return [{ kind: 'build-interrupted', build: build.number, reason }];
    }
    case 'open': {
      if (!isOverdue(state, build, at) || unreadChecks.includes(build.sha ?? '')) return [];
      const names = verdict.missing.join(', ');
      const told = build.checks.find(({ name, why }) => verdict.missing.includes(name) && why !== undefined);
      const why = told ? ` (${told.why})` : '';
      const reason = `the check ${names} did not finish ${where} within the policy's check_timeout${why}`;
      return [{ kind: 'build-interrupted', build: build.number, reason }];
    }
    default:
      return verdict satisfies never;
  }
}

/** Builds whose checks have come to an end. */
export function judgeBuilds(snapshot: Judged, at: string): FactBody[] {
  return Object.values(snapshot.state.builds)
    .filter((build) => build.state === 'testing')
    .flatMap((build) => judgeBuild(snapshot, build, at));
}

/** The runs without a verdict that an entry was part of since it entered, newest last. */
function interruptionsOf(state: LaneState, task: Task): Build[] {
  return Object.values(state.builds).filter(
    (build) =>
      build.state === 'interrupted' && build.entries.some((entry) => queuedTask(state, entry) === task),
  );
}

/** How many runs without a verdict an entry may see. */
export function interruptionsAllowed({ policy }: LaneState): number {
  return policy.queue.flake_retries + patience;
}

/** Entries that CI has given no verdict on, however often it was asked. */
export function ejectUntested(state: LaneState): FactBody[] {
  return Object.values(state.tasks)
    .filter(isQueued)
    .filter((task) => !mayBeLanding(state, task.issue))
    .flatMap((task): FactBody[] => {
      const runs = interruptionsOf(state, task);
      const last = runs.at(-1);
      if (!last || runs.length <= interruptionsAllowed(state)) return [];
      const isTimeout = last.reason?.includes('check_timeout') ?? false;
      return [
        ejectFact(state, task, {
          code: isTimeout ? 'check-timeout' : 'interrupted',
          reason: `${runs.length} runs ended without a verdict; the last: ${last.reason}`,
          evidence: {
            builds: runs.map(({ number }) => number),
            checks: last.checks.filter(({ conclusion }) => conclusion !== 'success'),
            peers: [],
            odds: null,
            attemptsLeft: 0,
          },
        }),
      ];
    });
}
