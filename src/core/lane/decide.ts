/**
 * `decide(snapshot, at)` says what follows: facts that are true now, effects that are wanted, and when to look
 * again. Pure: the same snapshot and time give the same decision.
 */
import { approvalHolds } from '../gate/gate.ts';
import { isRunning } from '../queue/build-state.ts';
import { ejectEntries, enterQueue } from '../queue/entering.ts';
import { ejectUntested, judgeBuilds } from '../queue/judge-builds.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { planBuilds, planOf } from '../queue/plan.ts';
import { foreseeCollisions } from '../task/collisions.ts';
import { protectedPathsOf, releaseClaims } from '../task/ownership.ts';
import { givenUpPrerequisites } from '../task/prerequisites.ts';
import { graceEnds } from '../task/ready.ts';
import { scheduleNext } from '../task/schedule.ts';
import { claimWhatIsFree } from '../task/touched.ts';
import type { Fact, FactBody } from './facts.ts';
import { fold } from './fold.ts';
import { isLive, type LaneState, type Snapshot, type Task } from './state.ts';

/** An attempt whose lease has run out is fenced; its task waits for the next one. */
function expireLeases({ state, leases }: Snapshot, at: string): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    const until = leases[task.issue];
    const under = task.state === 'assigned' || task.state === 'working';
    if (!under || !task.attempt || until === undefined || Date.parse(until) > Date.parse(at)) return [];
    const reason = `no sign of life from ${task.attempt.worker ?? task.attempt.agent} before its lease ended`;
    return [{ kind: 'attempt-ended', issue: task.issue, attempt: task.attempt.number, reason }];
  });
}

/** What the branch and the PR show about work that nobody reported (design §4: evidence on GitHub counts). */
function readEvidence(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    const { attempt, pull, issue } = task;
    if (!attempt || !pull?.open || attempt.openedSha === null) return [];
    const changed = pull.headSha !== attempt.openedSha;
    const number = attempt.number;
    if (task.state === 'assigned' && attempt.via === 'adopt' && changed) {
      return [{ kind: 'work-started', issue, attempt: number, claimId: null, worker: null }];
    }
    const under = task.state === 'assigned' || task.state === 'working';
    return under && changed && !pull.draft && attempt.via === 'adopt'
      ? [{ kind: 'work-done', issue, attempt: number, by: 'the pull request, ready for review' }]
      : [];
  });
}

function voidApprovals(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    if (task.state !== 'approved' || !task.approval || mayBeLanding(state, task.issue)) return [];
    if (approvalHolds(task.approval, task, state)) return [];
    const { headSha, version } = task.approval;
    const reason =
      headSha !== task.pull?.headSha
        ? `the head moved from ${headSha.slice(0, 12)} after ${task.approval.by} had approved it`
        : version !== task.version
          ? `the task's version changed after ${task.approval.by} had approved version ${version}`
          : `the policy changed after ${task.approval.by} had approved`;
    return [{ kind: 'approval-voided', issue: task.issue, reason }];
  });
}

/** A PR that ended without a landing of ours: merged by somebody else completes the task, closed asks a human. */
function readClosedPulls(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    const { pull, issue } = task;
    if (!isLive(task) || !pull || pull.open || mayBeLanding(state, issue)) return [];
    if (pull.merged && task.state !== 'waiting')
      return [{ kind: 'task-completed', issue, sha: pull.headSha }];
    if (pull.merged || task.state === 'waiting' || task.state === 'escalated') return [];
    const context = `#${pull.number} was closed without landing. Reopen it to go on, or remove agent-ready to cancel.`;
    return [{ kind: 'escalated', issue, escalation: { trigger: 'pull-closed', context, by: 'github' } }];
  });
}

/**
 * With no approval asked for by the policy, work that is done counts as approved. A head that the queue has ejected
 * does not: it would come back at once, and for ever.
 */
function approveByPolicy(state: LaneState): FactBody[] {
  if (state.policy.gate.approvals > 0) return [];
  return Object.values(state.tasks).flatMap((task): FactBody[] =>
    task.state === 'in-review' &&
    task.pull &&
    task.pull.headSha !== task.ejectedHead &&
    protectedPathsOf(state.policy, task).length === 0
      ? [
          {
            kind: 'approved',
            issue: task.issue,
            headSha: task.pull.headSha,
            version: task.version,
            policyHash: state.policyHash,
            by: 'policy',
          },
        ]
      : [],
  );
}

/** A prerequisite that nobody will do is a question to the people of whatever waits for it, asked once. */
function askAboutPrerequisites(state: LaneState): FactBody[] {
  return Object.values(state.tasks)
    .filter(isLive)
    .flatMap((task) =>
      givenUpPrerequisites(state, task)
        .filter((prerequisite) => !task.asked.includes(prerequisite))
        .map(
          (prerequisite): FactBody => ({ kind: 'prerequisite-questioned', issue: task.issue, prerequisite }),
        ),
    );
}

/** The first group of facts that follows; `decide` asks again until nothing follows. */
function nextFacts(snapshot: Snapshot, at: string): FactBody[] {
  const { state } = snapshot;
  const rules: (() => FactBody[])[] = [
    () => expireLeases(snapshot, at),
    () => releaseClaims(state),
    () => claimWhatIsFree(state),
    () => askAboutPrerequisites(state),
    () => foreseeCollisions(state),
    () => readEvidence(state),
    () => readClosedPulls(state),
    () => voidApprovals(state),
    () => approveByPolicy(state),
    () => ejectEntries(state),
    () => judgeBuilds(state, at),
    () => ejectUntested(state),
    () => enterQueue(state),
    () => planBuilds(state, at),
    () => scheduleNext(snapshot, at),
  ];
  for (const rule of rules) {
    const facts = rule();
    if (facts.length > 0) return facts;
  }
  return [];
}

function wakeTimes({ state, leases }: Snapshot, at: string): number[] {
  const ofTask = (task: Task): number[] => {
    if (task.state === 'waiting') return [graceEnds(state, task)];
    const until = leases[task.issue];
    return (task.state === 'assigned' || task.state === 'working') && until ? [Date.parse(until)] : [];
  };
  const ofBuilds = Object.values(state.builds)
    .filter(isRunning)
    .map((build) => Date.parse(build.startedAt) + state.policy.queue.check_timeout);
  const departure = planOf(state, at)?.wakeAt ?? [];
  return [...Object.values(state.tasks).flatMap(ofTask), ...ofBuilds].concat(departure);
}

export interface Decision {
  state: LaneState;
  facts: Fact[];
  /** When to look again though nothing was heard, ISO 8601; null when only news can change anything. */
  wakeAt: string | null;
}

/** More rounds than any real lane needs; past it two rules contradict each other, which is a bug worth a crash. */
const maxRounds = 10_000;

/** Applies every rule until nothing more follows. `at` is the database's time, ISO 8601. */
export function decide(snapshot: Snapshot, at: string): Decision {
  let state = snapshot.state;
  const facts: Fact[] = [];
  for (let round = 0; round < maxRounds; round++) {
    const next = nextFacts({ ...snapshot, state, leases: leasesOf(snapshot, state) }, at);
    if (next.length === 0) {
      const times = wakeTimes({ ...snapshot, state }, at).filter((time) => time > Date.parse(at));
      const wakeAt = times.length > 0 ? new Date(Math.min(...times)).toISOString() : null;
      return { state, facts, wakeAt };
    }
    for (const body of next) {
      const fact: Fact = { ...body, at };
      state = fold(state, fact);
      facts.push(fact);
    }
  }
  throw new Error('the rules of the lane do not come to rest');
}

/** A lease belongs to one attempt: once that attempt is not the present one, its lease says nothing. */
function leasesOf(snapshot: Snapshot, state: LaneState): Snapshot['leases'] {
  const same = Object.entries(snapshot.leases).filter(
    ([issue]) =>
      state.tasks[Number(issue)]?.attempt?.fence === snapshot.state.tasks[Number(issue)]?.attempt?.fence,
  );
  return Object.fromEntries(same);
}
