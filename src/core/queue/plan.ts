/**
 * The queue, first cut: one candidate at a time, in dependency order, each tested as the exact tree that lands.
 *
 *   preparing ─ candidate-made ─▶ testing ─ build-passed ─▶ passed ─ landed ─▶ landed
 *       │                            │                        │
 *       └── conflict: failed         ├── red: failed          └── base moved: abandoned, tried again on the new base
 *                                    └── base moved or entry gone: abandoned
 *
 * A passed candidate is never abandoned from here: the base branch may be moving to it at this moment, and only
 * the effect that moves it knows what came of it.
 */
import { gateIsOpen, reasonToEject } from '../gate/gate.ts';
import { findMissing, findRed } from '../gate/required-checks.ts';
import type { FactBody } from '../lane/facts.ts';
import type { Build, LaneState } from '../lane/state.ts';
import { mayBeLanding } from './may-be-landing.ts';
import { isQueued, orderEntries } from './order.ts';

export function isActive(build: Build): boolean {
  return build.state === 'preparing' || build.state === 'testing' || build.state === 'passed';
}

/** Approved tasks whose gate holds and that are not queued yet. */
export function enterQueue(state: LaneState): FactBody[] {
  return Object.values(state.tasks)
    .filter((task) => task.state === 'approved' && task.entry === null && gateIsOpen(task, state))
    .flatMap((task): FactBody[] =>
      task.pull ? [{ kind: 'queue-entered', issue: task.issue, headSha: task.pull.headSha }] : [],
    );
}

/** Entries whose gate no longer holds leave the queue, each with its reason. */
export function ejectEntries(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    if (!isQueued(task) || mayBeLanding(state, task.issue)) return [];
    const { issue } = task;
    if (!task.pull.open) {
      return task.pull.merged
        ? []
        : [{ kind: 'entry-ejected', issue, code: 'pull-closed', reason: 'the pull request was closed' }];
    }
    const withheld = reasonToEject(task, state);
    if (withheld !== null) return [{ kind: 'entry-ejected', issue, code: 'approval-void', reason: withheld }];
    const red = findRed(state, task.pull.checks);
    if (red) {
      const reason = `the check ${red.name} turned to ${red.conclusion} on the head commit`;
      return [{ kind: 'entry-ejected', issue, code: 'checks-failed', reason }];
    }
    return [];
  });
}

function startBuild(state: LaneState): FactBody[] {
  const [first] = orderEntries(state).filter((task) => gateIsOpen(task, state));
  if (!first || state.baseSha === null) return [];
  const entries = [{ issue: first.issue, pull: first.pull.number, headSha: first.pull.headSha }];
  return [{ kind: 'build-started', build: state.nextBuild, baseSha: state.baseSha, entries }];
}

function ejectAll(
  state: LaneState,
  build: Build,
  code: 'checks-failed' | 'check-timeout',
  reason: string,
): FactBody[] {
  return [
    { kind: 'build-failed', build: build.number, reason },
    ...build.entries
      .filter((entry) => state.tasks[entry.issue]?.entry)
      .map((entry): FactBody => ({ kind: 'entry-ejected', issue: entry.issue, code, reason })),
  ];
}

function judgeBuild(state: LaneState, build: Build, at: string): FactBody[] {
  const red = findRed(state, build.checks);
  if (red) {
    const link = red.url ? ` (${red.url})` : '';
    const reason = `the check ${red.name} ended with ${red.conclusion} on the candidate ${build.sha?.slice(0, 12)}${link}`;
    return ejectAll(state, build, 'checks-failed', reason);
  }
  const missing = findMissing(state, build.checks);
  // Frozen, it has passed all but in name: from then on it would be on its way to the base branch.
  if (missing.length === 0) return state.frozen ? [] : [{ kind: 'build-passed', build: build.number }];
  if (Date.parse(at) - Date.parse(build.startedAt) >= state.policy.queue.check_timeout) {
    const reason = `the check ${missing.join(', ')} did not finish on the candidate within the policy's check_timeout`;
    return ejectAll(state, build, 'check-timeout', reason);
  }
  return [];
}

/** What is to be done about the active build, or the next build to start. */
export function planBuilds(state: LaneState, at: string): FactBody[] {
  const active = Object.values(state.builds).find(isActive);
  if (!active) return startBuild(state);
  if (active.state === 'passed') return [];
  const abandon = (reason: string): FactBody[] => [{ kind: 'build-abandoned', build: active.number, reason }];
  if (active.baseSha !== state.baseSha) return abandon('the base branch moved');
  const gone = active.entries.find((entry) => {
    const task = state.tasks[entry.issue];
    return !task?.entry || task.entry.headSha !== entry.headSha || !gateIsOpen(task, state);
  });
  if (gone) return abandon(`#${gone.pull} left the queue`);
  return active.state === 'testing' ? judgeBuild(state, active, at) : [];
}
