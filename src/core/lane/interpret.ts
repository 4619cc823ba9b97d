/**
 * `interpret(state, observation)` says which facts an observation amounts to, given what the lane already knows.
 * Nothing new gives no facts, so that a repeated delivery, a sweep and a redelivery are all harmless.
 */
import { isDeepStrictEqual } from 'node:util';
import { judgeDiff } from '../gate/arbiter.ts';
import { readCommand } from '../gate/commands.ts';
import {
  interpretAudit,
  interpretBase,
  interpretCandidate,
  interpretLanding,
  isRewrittenHead,
} from '../queue/interpret-queue.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { areasOf, withAreas } from '../task/areas.ts';
import { readEdit, strangerSince } from '../task/edits.ts';
import { allows } from '../task/lifecycle.ts';
import { labelsThatCount } from '../task/routing.ts';
import { readTouched } from '../task/touched.ts';
import { requestPaths, withOptions } from './agent-asks.ts';
import type { FactBody } from './facts.ts';
import type { AgentWord, Observation, SeenIssue } from './observation.ts';
import { elsewhereOf, isLive, type LaneState, prerequisitesOf, type Task } from './state.ts';

type Of<K extends Observation['kind']> = Extract<Observation, { kind: K }>;

/** Paths of a diff that are kept with its verdict. */
const mostTouched = 300;

const mayWrite = new Set(['admin', 'maintain', 'write']);

/**
 * Whoever set the label. Where the server keeps no events, the issue's author stands in and is judged the same way;
 * where it keeps them and this one is not there yet, nobody does, and the issue is looked at again.
 */
function requester(seen: SeenIssue): { login: string; permission: string } | null {
  return seen.labelledBy === 'not-seen-yet' ? null : (seen.labelledBy ?? seen.author);
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
    return task && isLive(task) ? [...readLinks(task, seen), ...readEdit(state, task, seen)] : [];
  }
  const by = requester(seen);
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
  const exists = isRequested || (task !== undefined && isLive(task));
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
    if (isNewHead) facts.push({ kind: 'head-moved', issue, sha: seen.headSha });
    if (seen.draft !== task.pull.draft) facts.push({ kind: 'draft-changed', issue, draft: seen.draft });
  }
  return facts;
}

function interpretDiff(state: LaneState, observation: Of<'diff'>): FactBody[] {
  const { issue, headSha } = observation;
  const task = state.tasks[issue];
  if (task?.pull?.headSha !== headSha) return [];
  const { facts, ...scope } = readTouched(state, task, observation.changes);
  const paths = [...new Set(observation.changes.map(({ path }) => path))].sort();
  const touched = paths.length <= mostTouched ? { touched: paths } : {};
  const verdict = { ...judgeDiff(task, observation, scope), ...touched };
  if (isDeepStrictEqual(verdict, task.pull.verdict)) return facts;
  return [...facts, { kind: 'arbiter-judged', issue, verdict }];
}

function interpretChecks(state: LaneState, { sha, checks }: Of<'checks'>): FactBody[] {
  const required = checks.filter((check) => state.policy.gate.checks.includes(check.name));
  const forTasks = Object.values(state.tasks)
    .filter(
      (task) => isLive(task) && task.pull?.headSha === sha && !isDeepStrictEqual(task.pull.checks, required),
    )
    .map((task): FactBody => ({ kind: 'checks-reported', issue: task.issue, sha, checks: required }));
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
  if (!task || !holdsFence(task, attempt, fence)) return [];
  const under = task.state === 'assigned' || task.state === 'working';
  if (!under) return [];
  const usage: FactBody[] =
    'usage' in word && word.usage ? [{ kind: 'usage-reported', issue, attempt, usage: word.usage }] : [];
  return [...usage, ...interpretWord(task, attempt, word)];
}

function interpretWord(task: Task, attempt: number, word: AgentWord): FactBody[] {
  const { issue } = task;
  switch (word.kind) {
    case 'claimed':
      return task.attempt?.claimId === word.claimId
        ? []
        : [{ kind: 'work-started', issue, attempt, claimId: word.claimId, worker: word.worker }];
    case 'released':
      return [{ kind: 'attempt-ended', issue, attempt, reason: `released: ${word.reason}` }];
    case 'request-paths':
      return requestPaths(task, word);
    case 'done':
      if (word.head === task.attempt?.openedSha) {
        return [
          {
            kind: 'attempt-ended',
            issue,
            attempt,
            reason: 'semantic: it reported done and had changed nothing',
          },
        ];
      }
      return [
        { kind: 'work-done', issue, attempt, by: task.attempt?.worker ?? task.attempt?.agent ?? 'agent' },
      ];
    case 'failed':
      return [{ kind: 'attempt-ended', issue, attempt, reason: `${word.class}: ${word.message}` }];
    case 'escalate':
      return [
        {
          kind: 'escalated',
          issue,
          escalation: {
            trigger: word.trigger,
            context: withOptions(word.context, word.options ?? []),
            by: task.attempt?.agent ?? 'agent',
          },
        },
      ];
    default:
      return word satisfies never;
  }
}

function interpretRefusal(state: LaneState, seen: Of<'effect-refused'>): FactBody[] {
  const facts: FactBody[] = [];
  const build = seen.build === null ? undefined : state.builds[seen.build];
  const issues = seen.issue === null ? [] : [seen.issue];
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
    facts.push({
      kind: 'escalated',
      issue,
      escalation: { trigger: 'refused-by-github', context, by: 'signalbox' },
    });
  }
  // The escalation tells it instead; otherwise both tasks would wait for the announcement for ever.
  const untold = state.collisions.filter(
    ({ b, announcedAt }) => seen.effect === 'announce-collision' && b === seen.issue && announcedAt === null,
  );
  facts.push(...untold.map(({ a, b }): FactBody => ({ kind: 'collision-announced', a, b })));
  return facts;
}

/** Whether a live task names the issue as a prerequisite; other issues are none of the lane's business. */
function isNamed(state: LaneState, issue: number): boolean {
  return Object.values(state.tasks).some((task) => isLive(task) && prerequisitesOf(task).includes(issue));
}

function interpretElsewhere(state: LaneState, { reference, state: seen }: Of<'elsewhere'>): FactBody[] {
  const isAsked = Object.values(state.tasks).some(
    (task) => isLive(task) && elsewhereOf(task).includes(reference),
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
    case 'command':
      return readCommand(state, observation);
    case 'agent':
      return interpretAgent(state, observation);
    case 'branch-opened': {
      const attempt = state.tasks[observation.issue]?.attempt;
      const { issue, attempt: number, fence, sha } = observation;
      return holdsFence(state.tasks[issue], number, fence) && attempt?.openedSha === null
        ? [{ kind: 'branch-opened', issue, attempt: number, sha }]
        : [];
    }
    case 'pull-opened': {
      const task = state.tasks[observation.issue];
      return !task || task.pull?.open ? [] : [observation];
    }
    case 'collision-announced': {
      const { a, b } = observation;
      const known = state.collisions.find((collision) => collision.a === a && collision.b === b);
      return known && known.announcedAt === null ? [observation] : [];
    }
    case 'candidate':
      return interpretCandidate(state, observation);
    case 'landing':
      return interpretLanding(state, observation);
    case 'audit':
      return interpretAudit(state, observation);
    case 'effect-refused':
      return interpretRefusal(state, observation);
    default:
      return observation satisfies never;
  }
}
