/**
 * `interpret(state, observation)` says which facts an observation amounts to, given what the lane already knows.
 * Nothing new gives no facts, so that a repeated delivery, a sweep and a redelivery are all harmless.
 */
import { isDeepStrictEqual } from 'node:util';
import { interpretAction } from '../gate/actions.ts';
import { judgeDiff } from '../gate/arbiter.ts';
import { readCommand } from '../gate/commands.ts';
import { opinionCheck, requiredChecks } from '../gate/required-checks.ts';
import { isOpinionOn } from '../gate/reviewer.ts';
import { interpretReviews } from '../gate/reviews.ts';
import {
  interpretAudit,
  interpretBase,
  interpretCandidate,
  interpretLanding,
  isRewrittenHead,
} from '../queue/interpret-queue.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { interpretRevert } from '../queue/reverting.ts';
import { readWord } from '../task/agent-word.ts';
import { areasOf, withAreas } from '../task/areas.ts';
import { readEdit, strangerSince } from '../task/edits.ts';
import { interpretUpdate } from '../task/freshness.ts';
import { readLateBundle, readLateHead } from '../task/late-work.ts';
import { allows } from '../task/lifecycle.ts';
import { labelsThatCount } from '../task/routing.ts';
import { interpretPart, requesterOfPart } from '../task/split.ts';
import { readTouched } from '../task/touched.ts';
import { isEnlisted } from './enlisted.ts';
import type { FactBody } from './facts.ts';
import { interpretFoundPull } from './found-pull.ts';
import { interpretDispatch, interpretRun } from './interpret-run.ts';
import type { Observation, SeenIssue } from './observation.ts';
import { elsewhereOf, isLive, type LaneState, mayGoOn, prerequisitesOf, type Task } from './state.ts';

type Of<K extends Observation['kind']> = Extract<Observation, { kind: K }>;

const mayWrite = new Set(['admin', 'maintain', 'write']);

/**
 * Whoever set the label. Where the server keeps no events, the issue's author stands in and is judged the same way;
 * where it keeps them and this one is not there yet, nobody does, and the issue is looked at again.
 */
function requester(
  state: LaneState,
  issue: number,
  seen: SeenIssue,
): { login: string; permission: string } | null {
  if (seen.labelledBy === 'not-seen-yet') return null;
  const by = seen.labelledBy ?? seen.author;
  if (mayWrite.has(by.permission)) return by;
  // Signalbox has labelled it for whoever accepted the plan.
  const login = requesterOfPart(state, issue);
  return login === null ? by : { login, permission: 'write' };
}

function readLinks(task: Task, { blockedBy, blockedElsewhere }: SeenIssue): FactBody[] {
  const isOld =
    isDeepStrictEqual(task.blockedBy, blockedBy) &&
    isDeepStrictEqual(task.blockedElsewhere, blockedElsewhere);
  return isOld ? [] : [{ kind: 'dependencies-linked', issue: task.issue, blockedBy, blockedElsewhere }];
}

/** Why this person's label does not count for the text that is there now; empty when it does. */
function problemsOf(seen: SeenIssue, by: { login: string; permission: string }): string[] {
  if (!mayWrite.has(by.permission)) {
    return [
      `agent-ready counts when somebody with write access sets it; ${by.login} has ${by.permission} access.`,
    ];
  }
  const stranger = strangerSince(seen, seen.labelledAt);
  if (stranger !== null && seen.labelledAt !== null) {
    return [
      `${stranger} edited the text after ${by.login} had set agent-ready: read it, then remove the label and set it again.`,
    ];
  }
  return seen.spec.kind === 'refused' ? seen.spec.why : [];
}

/** Whether the label that is there is the one that `/cancel` has dismissed. */
function isDismissed({ dismissedAt }: Task, { labelledAt }: SeenIssue): boolean {
  if (dismissedAt === null) return false;
  return labelledAt === null || Date.parse(labelledAt) <= Date.parse(dismissedAt);
}

function interpretReady(
  state: LaneState,
  { issue, correlationId }: Of<'issue'>,
  seen: SeenIssue,
): FactBody[] {
  const task = state.tasks[issue];
  if (task && isDismissed(task, seen)) return [];
  if (
    !allows(task?.state ?? 'absent', 'task-requested') ||
    task?.state === 'escalated' ||
    task?.state === 'failed'
  ) {
    return task && mayGoOn(task) ? [...readLinks(task, seen), ...readEdit(state, task, seen)] : [];
  }
  const by = requester(state, issue, seen);
  if (by === null) return [];
  const why = problemsOf(seen, by);
  if (seen.spec.kind === 'refused' || why.length > 0) {
    const reason = why.join('\n');
    return state.refusals[issue] === reason ? [] : [{ kind: 'request-refused', issue, why: reason }];
  }
  return [
    {
      kind: 'task-requested',
      issue,
      spec: seen.spec.spec,
      specHash: seen.spec.hash,
      blockedBy: seen.blockedBy,
      blockedElsewhere: seen.blockedElsewhere,
      requestedBy: by.login,
      labelledAt: seen.labelledAt,
      hidden: seen.hidden,
      areas: areasOf(state, issue, seen.labels),
      correlationId,
    },
  ];
}

function interpretIssue(state: LaneState, observation: Of<'issue'>): FactBody[] {
  const { issue, seen } = observation;
  if (state.refusals[issue] !== undefined && (!seen?.ready || !seen.open))
    return [{ kind: 'request-withdrawn', issue }];
  const task = state.tasks[issue];
  if (seen?.ready === false && typeof task?.dismissedAt === 'string')
    return [{ kind: 'request-withdrawn', issue }];
  const cancellable = task !== undefined && allows(task.state, 'task-cancelled');
  const landing = task !== undefined && (task.pull?.merged === true || mayBeLanding(state, issue));
  if (!seen) {
    return cancellable && !landing ? [{ kind: 'task-cancelled', issue, reason: 'the issue is gone' }] : [];
  }
  // GitHub closes the issue when the landing marks the PR as merged; that is the end of the task, not a cancellation.
  if (!seen.open) {
    return cancellable && !landing ? [{ kind: 'task-cancelled', issue, reason: 'the issue was closed' }] : [];
  }
  if (!seen.ready) {
    return cancellable && !landing
      ? [{ kind: 'task-cancelled', issue, reason: 'the label agent-ready was removed' }]
      : [];
  }
  const facts = interpretReady(state, observation, seen);
  const isRequested = facts.some((fact) => fact.kind === 'task-requested');
  const heldBefore = task && !isRequested ? task.held : false;
  const exists = isRequested || (task !== undefined && mayGoOn(task));
  if (exists && seen.held !== heldBefore) facts.push({ kind: 'task-held', issue, held: seen.held });
  const labels = labelsThatCount(seen.labels, state.policy);
  const labelsBefore = isRequested ? [] : (task?.labels ?? []);
  if (exists && !isDeepStrictEqual(labels, labelsBefore)) facts.push({ kind: 'labels-read', issue, labels });
  return facts;
}

function interpretPull(state: LaneState, { issue, seen }: Of<'pull'>): FactBody[] {
  const task = state.tasks[issue];
  if (!task?.pull || (seen && seen.number !== task.pull.number)) return [];
  const facts: FactBody[] = [];
  if (!seen?.open) {
    if (task.pull.open) facts.push({ kind: 'pull-closed', issue, merged: seen?.merged ?? false });
    else if (seen?.merged && !task.pull.merged) facts.push({ kind: 'pull-closed', issue, merged: true });
    return facts;
  }
  if (!task.pull.open)
    facts.push({ kind: 'pull-opened', issue, pull: seen.number, headSha: seen.headSha, draft: seen.draft });
  else {
    const isNewHead = seen.headSha !== task.pull.headSha && !isRewrittenHead(state, issue, seen.headSha);
    if (isNewHead)
      facts.push(
        ...(readLateHead(task, seen.headSha) ?? [{ kind: 'head-moved' as const, issue, sha: seen.headSha }]),
      );
    if (seen.draft !== task.pull.draft) facts.push({ kind: 'draft-changed', issue, draft: seen.draft });
  }
  const { forcePushes, retargeted } = task.pull.gate;
  if (seen.forcePushes !== undefined && seen.forcePushes > forcePushes)
    facts.push({ kind: 'force-pushed', issue, count: seen.forcePushes });
  const elsewhere = seen.base === undefined || seen.base === state.base ? null : seen.base;
  if (seen.base !== undefined && elsewhere !== retargeted)
    facts.push({ kind: 'pull-retargeted', issue, base: elsewhere });
  return facts;
}

function interpretDiff(state: LaneState, observation: Of<'diff'>): FactBody[] {
  const { issue, headSha } = observation;
  const task = state.tasks[issue];
  if (task?.pull?.headSha !== headSha) return [];
  const { facts, ...scope } = readTouched(state, task, observation.changes);
  const verdict = judgeDiff(task, observation, state, scope);
  if (isDeepStrictEqual(verdict, task.pull.verdict)) return facts;
  return [...facts, { kind: 'arbiter-judged', issue, verdict }];
}

function interpretChecks(state: LaneState, { sha, checks, others = [] }: Of<'checks'>): FactBody[] {
  const names = new Set([...requiredChecks(state).map(({ name }) => name), opinionCheck(state)]);
  const required = checks.filter((check) => names.has(check.name));
  const forTasks = Object.values(state.tasks)
    .filter(
      (task) =>
        isLive(task) &&
        task.pull?.headSha === sha &&
        !(
          isDeepStrictEqual(task.pull.checks, required) &&
          isDeepStrictEqual(task.pull.gate.otherChecks, others)
        ),
    )
    .map((task): FactBody => ({ kind: 'checks-reported', issue: task.issue, sha, checks: required, others }));
  const forBuilds = Object.values(state.builds)
    .filter(
      (build) => build.sha === sha && build.state === 'testing' && !isDeepStrictEqual(build.checks, required),
    )
    .map((build): FactBody => ({ kind: 'build-reported', build: build.number, checks: required }));
  return [...forTasks, ...forBuilds];
}

/** True when the word comes from the attempt that holds the fence now (I8). */
export function holdsFence(task: Task | undefined, attempt: number, fence: number): boolean {
  return task?.attempt?.number === attempt && task.attempt.fence === fence;
}

function interpretAgent(state: LaneState, { issue, attempt, fence, word }: Of<'agent'>): FactBody[] {
  const task = state.tasks[issue];
  if (!task?.attempt || !holdsFence(task, attempt, fence)) return [];
  return readWord(state, task, task.attempt, word);
}

function interpretRefusal(state: LaneState, seen: Of<'effect-refused'>): FactBody[] {
  const facts: FactBody[] = [];
  const build = seen.build === null ? undefined : state.builds[seen.build];
  // A bundle that cannot become a branch is no reason to stop its task.
  const issues = seen.issue === null || seen.effect === 'keep-late-bundle' ? [] : [seen.issue];
  // A build that is only vouched for or tidied up after stops nobody's task.
  if (build && (build.state === 'preparing' || build.state === 'landing')) {
    facts.push({ kind: 'build-failed', build: build.number, reason: seen.message });
    const concerned = build.flight?.entries ?? build.entries;
    issues.push(...concerned.map((entry) => entry.issue));
  }
  for (const issue of issues) {
    const task = state.tasks[issue];
    if (!task || !allows(task.state, 'escalated')) continue;
    const context = `GitHub refused "${seen.effect}": ${seen.message}`;
    if (isEnlisted(task)) {
      if (task.entry) facts.push({ kind: 'entry-ejected', issue, code: 'refused', reason: context });
      continue;
    }
    facts.push({
      kind: 'escalated',
      issue,
      escalation: { trigger: 'refused-by-github', context, by: 'signalbox' },
    });
  }
  if (seen.effect === 'keep-late-work' || seen.effect === 'keep-late-bundle')
    facts.push(...giveUpLateWork(state, seen));
  // The escalation tells it instead; otherwise both tasks would wait for the announcement for ever.
  const untold = state.collisions.filter(
    ({ b, announcedAt }) => seen.effect === 'announce-collision' && b === seen.issue && announcedAt === null,
  );
  facts.push(...untold.map(({ a, b }): FactBody => ({ kind: 'collision-announced', a, b })));
  return facts;
}

/** Late work that GitHub refuses to keep stays where it is: on the branch, under the next attempt, or in the ledger. */
function giveUpLateWork(state: LaneState, { issue, effect, message: why }: Of<'effect-refused'>): FactBody[] {
  if (issue === null) return [];
  const isBundle = effect === 'keep-late-bundle';
  const late = state.tasks[issue]?.record.late ?? [];
  const open = late.filter((work) => work.settledAt === null && (work.bundle !== undefined) === isBundle);
  return open.map(
    ({ number }): FactBody => ({ kind: 'late-work-kept', issue, number, branch: null, isBack: false, why }),
  );
}

/** Whether a task that may go on names the issue as a prerequisite; others are none of the lane's business. */
function isNamed(state: LaneState, issue: number): boolean {
  return Object.values(state.tasks).some((task) => mayGoOn(task) && prerequisitesOf(task).includes(issue));
}

function interpretElsewhere(state: LaneState, { reference, state: seen }: Of<'elsewhere'>): FactBody[] {
  const isAsked = Object.values(state.tasks).some(
    (task) => mayGoOn(task) && elsewhereOf(task).includes(reference),
  );
  return !isAsked || state.elsewhere[reference] === seen
    ? []
    : [{ kind: 'elsewhere-seen', reference, state: seen }];
}

/** The facts that follow from an observation; none when it is old news or comes from a stale fence. */
export function interpret(state: LaneState, observation: Observation): FactBody[] {
  switch (observation.kind) {
    case 'lane':
      if (state.owner === '') return [{ ...observation, kind: 'lane-opened' }];
      return state.owner === observation.owner && state.repo === observation.repo
        ? []
        : [{ kind: 'lane-renamed', owner: observation.owner, repo: observation.repo }];
    case 'base':
      return interpretBase(state, observation);
    case 'policy':
      if (observation.reading.kind === 'refused') {
        const { problem } = observation.reading;
        return problem === state.policyProblem ? [] : [{ kind: 'policy-refused', problem }];
      }
      return observation.reading.hash === state.policyHash && state.policyProblem === null
        ? []
        : [{ kind: 'policy-read', policy: observation.reading.policy, hash: observation.reading.hash }];
    case 'issue':
      return interpretIssue(state, withAreas(state, observation));
    case 'prerequisite':
      return state.prerequisites[observation.issue] === observation.state ||
        !isNamed(state, observation.issue)
        ? []
        : [{ kind: 'prerequisite-seen', issue: observation.issue, state: observation.state }];
    case 'elsewhere':
      return interpretElsewhere(state, observation);
    case 'pull':
      return interpretPull(state, observation);
    case 'diff':
      return interpretDiff(state, observation);
    case 'checks':
      return interpretChecks(state, observation);
    case 'required-checks':
      return isDeepStrictEqual(observation.checks, state.requiredChecks)
        ? []
        : [{ kind: 'required-checks-read', checks: observation.checks }];
    case 'reviews':
      return interpretReviews(state, observation);
    case 'opinion': {
      const task = state.tasks[observation.issue];
      // Given once for what is there now; whatever is said later, or of another head, changes nothing.
      const isNews =
        task?.pull?.open &&
        isOpinionOn(observation.opinion, task) &&
        !isOpinionOn(task.pull.gate.opinion, task);
      return isNews ? [{ ...observation, kind: 'opinion-given' }] : [];
    }
    case 'action':
      return interpretAction(state, observation);
    case 'command':
      return readCommand(state, observation);
    case 'agent':
      return interpretAgent(state, observation);
    case 'late-bundle': {
      const task = state.tasks[observation.issue];
      return task ? readLateBundle(task, observation) : [];
    }
    case 'part-created':
    case 'part-opened':
      return interpretPart(state, observation);
    case 'late-work-kept': {
      const { issue, number } = observation;
      const work = state.tasks[issue]?.record.late.find((each) => each.number === number);
      return work && work.settledAt === null ? [observation] : [];
    }
    case 'branch-opened': {
      const attempt = state.tasks[observation.issue]?.attempt;
      const { issue, attempt: number, fence, sha } = observation;
      return holdsFence(state.tasks[issue], number, fence) && attempt?.openedSha === null
        ? [{ kind: 'branch-opened', issue, attempt: number, sha }]
        : [];
    }
    case 'pull-found':
      return interpretFoundPull(state, observation);
    case 'run-dispatched':
      return interpretDispatch(state, observation);
    case 'run':
      return interpretRun(state, observation);
    case 'pull-opened': {
      const task = state.tasks[observation.issue];
      return !task || task.pull?.open ? [] : [observation];
    }
    case 'collision-announced': {
      const { a, b } = observation;
      const known = state.collisions.find((collision) => collision.a === a && collision.b === b);
      return known && known.announcedAt === null ? [observation] : [];
    }
    case 'branch-update':
      return interpretUpdate(state, observation);
    case 'candidate':
      return interpretCandidate(state, observation);
    case 'landing':
      return interpretLanding(state, observation);
    case 'audit':
      return interpretAudit(state, observation);
    case 'revert':
      return interpretRevert(state, observation);
    case 'effect-refused':
      return interpretRefusal(state, observation);
    default:
      return observation satisfies never;
  }
}
