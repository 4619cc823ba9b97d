/** What CI's word makes of the builds that run, and how often a run without a verdict is tried again. */
import type { FactBody } from '../lane/facts.ts';
import type { Build } from '../lane/queue-state.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { queuedTask } from './build-state.ts';
import { mayBeLanding } from './may-be-landing.ts';
import { isQueued } from './order.ts';
import { judgeChecks } from './proof-of-checks.ts';

/** Runs without a verdict that an entry may be part of, beyond the retries for flakes; then a person must look. */
const patience = 2;

function judgeBuild(state: LaneState, build: Build, at: string): FactBody[] {
  const verdict = judgeChecks(state, build.checks);
  const where = `on the candidate ${build.sha?.slice(0, 12)}`;
  switch (verdict.kind) {
    case 'passed':
      return [{ kind: 'build-passed', build: build.number }];
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
      const { check_timeout: timeout } = state.policy.queue;
      if (Date.parse(at) - Date.parse(build.startedAt) < timeout) return [];
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
export function judgeBuilds(state: LaneState, at: string): FactBody[] {
  return Object.values(state.builds)
    .filter((build) => build.state === 'testing')
    .flatMap((build) => judgeBuild(state, build, at));
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
        {
          kind: 'entry-ejected',
          issue: task.issue,
          code: isTimeout ? 'check-timeout' : 'interrupted',
          reason: `${runs.length} runs ended without a verdict; the last: ${last.reason}`,
          evidence: {
            builds: runs.map(({ number }) => number),
            checks: last.checks.filter(({ conclusion }) => conclusion !== 'success'),
            peers: [],
            odds: null,
            attemptsLeft: 0,
          },
        },
      ];
    });
}
