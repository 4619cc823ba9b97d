/**
 * `decide(snapshot, at)` says what follows: facts that are true now, effects that are wanted, and when to look
 * again. Pure: the same snapshot and time give the same decision.
 */
import { voidApprovals } from '../gate/approving.ts';
import { explainsAt } from '../gate/likely-cause.ts';
import { findMissing } from '../gate/required-checks.ts';
import { askReviewer, opinionTimes } from '../gate/reviewer.ts';
import { isRunning } from '../queue/build-state.ts';
import { ejectEntries, enterQueue } from '../queue/entering.ts';
import { ejectUntested, judgeBuilds } from '../queue/judge-builds.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { planBuilds, planOf } from '../queue/plan.ts';
import { endTries } from '../queue/tries.ts';
import { nextChanges } from '../queue/windows.ts';
import { approveByAutonomy } from '../task/autonomy.ts';
import { openBreakers } from '../task/breaker.ts';
import { enforceBudgets } from '../task/budget.ts';
import { foreseeCollisions } from '../task/collisions.ts';
import { answerEjections } from '../task/ejection.ts';
import { repeatEscalations } from '../task/escalation.ts';
import { findLeftWork } from '../task/late-work.ts';
import { protectedPathsOf, releaseClaims } from '../task/ownership.ts';
import { givenUpPrerequisites, hasOpenPrerequisites } from '../task/prerequisites.ts';
import { graceEnds } from '../task/ready.ts';
import { giveUp } from '../task/retry.ts';
import { scheduleNext } from '../task/schedule.ts';
import { acceptSplits, completeSplits } from '../task/split.ts';
import { judgeStalls } from '../task/stall.ts';
import { timesOfAttempts } from '../task/times.ts';
import { claimWhatIsFree } from '../task/touched.ts';
import { isEnlisted } from './enlisted.ts';
import type { Fact, FactBody } from './facts.ts';
import { fold } from './fold.ts';
import { isDoneOutside } from './found-pull.ts';
import { isLive, type LaneState, type Snapshot } from './state.ts';

/** What the branch and the PR show about work that nobody reported (design §4: evidence on GitHub counts). */
function readEvidence(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    const { attempt, pull, issue } = task;
    if (!attempt || !pull?.open || attempt.openedSha === null) return [];
    const changed = pull.headSha !== attempt.openedSha;
    const number = attempt.number;
    if (task.state === 'assigned' && isDoneOutside(attempt) && changed) {
      return [{ kind: 'work-started', issue, attempt: number, claimId: null, worker: null }];
    }
    const under = task.state === 'assigned' || task.state === 'working';
    return under && changed && !pull.draft && isDoneOutside(attempt)
      ? [{ kind: 'work-done', issue, attempt: number, by: 'the pull request, ready for review' }]
      : [];
  });
}

/**
 * A PR that ended without a landing of ours: merged by somebody else completes the task, closed asks a human; one that
 * no task owns is over.
 */
function readClosedPulls(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    const { pull, issue } = task;
    if (!isLive(task) || !pull || pull.open || mayBeLanding(state, issue)) return [];
    if (pull.merged && task.state !== 'waiting')
      return [{ kind: 'task-completed', issue, sha: pull.headSha }];
    if (pull.merged || task.state === 'waiting' || task.state === 'escalated') return [];
    if (isEnlisted(task))
      return [{ kind: 'task-cancelled', issue, reason: 'the pull request was closed without landing' }];
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
    !isEnlisted(task) &&
    task.pull.headSha !== task.ejectedHead &&
    task.pull.headSha !== task.attempt?.openedSha &&
    protectedPathsOf(state.policy, task).length === 0
      ? [
          {
            kind: 'approved',
            issue: task.issue,
            headSha: task.pull.headSha,
            version: task.version,
            policyHash: state.policyHash,
            by: 'policy',
            source: 'policy',
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
    () => judgeStalls(snapshot, at),
    () => enforceBudgets(state, at),
    () => openBreakers(state),
    () => giveUp(state),
    () => answerEjections(state),
    () => repeatEscalations(state, at),
    () => findLeftWork(Object.values(state.tasks)),
    () => releaseClaims(state),
    () => claimWhatIsFree(state),
    () => askAboutPrerequisites(state),
    () => foreseeCollisions(state),
    () => readEvidence(state),
    () => readClosedPulls(state),
    () => voidApprovals(state),
    () => askReviewer(state, at),
    () => approveByPolicy(state),
    () => approveByAutonomy(state, at),
    () => ejectEntries(state),
    () => endTries(state),
    () => judgeBuilds(snapshot, at),
    () => ejectUntested(state),
    () => enterQueue(state),
    () => planBuilds(state, at),
    () => acceptSplits(state),
    () => completeSplits(state, (task) => hasOpenPrerequisites(state, task)),
    () => scheduleNext(snapshot, at),
  ];
  for (const rule of rules) {
    const facts = rule();
    if (facts.length > 0) return facts;
  }
  return [];
}

function wakeTimes(snapshot: Snapshot, at: string): number[] {
  const { state } = snapshot;
  const ofGrace = Object.values(state.tasks)
    .filter((task) => task.state === 'waiting')
    .map((task) => graceEnds(state, task));
  const ofChecks = Object.values(state.tasks)
    .filter((task) => task.state === 'in-review' || task.state === 'approved')
    .flatMap((task) => explainsAt(task, state, findMissing(state, task.pull?.checks ?? [])) ?? []);
  const ofBuilds = Object.values(state.builds)
    .filter(isRunning)
    .map((build) => Date.parse(build.startedAt) + state.policy.queue.check_timeout);
  const hasEntries = Object.values(state.tasks).some((task) => task.entry !== null);
  const ofWindows = hasEntries ? nextChanges(state.policy.queue.windows, at) : [];
  const departure = planOf(state, at)?.wakeAt ?? [];
  return [
    ...ofGrace,
    ...ofChecks,
    ...timesOfAttempts(snapshot, at),
    ...opinionTimes(state),
    ...ofBuilds,
    ...ofWindows,
  ].concat(departure);
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
      const times = wakeTimes({ ...snapshot, state, leases: leasesOf(snapshot, state) }, at).filter(
        (time) => time > Date.parse(at),
      );
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
