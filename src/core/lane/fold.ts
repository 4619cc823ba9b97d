/**
 * `fold(state, fact)` makes the next state of a lane. It is the only way in which state changes, which is why
 * replaying the journal reproduces it (I7).
 */
import { noteAnswer } from '../commands/limit.ts';
import { completePolicy, defaultPolicy, policyHash } from '../policy.ts';
import { foldQueueFact, noteLeaving } from '../queue/fold-queue.ts';
import { emptyMemory, settleMemory } from '../queue/memory.ts';
import { reportUsage, settleAttempt } from '../task/attempts.ts';
import { foldPause } from '../task/breaker.ts';
import { addCollision } from '../task/collisions.ts';
import { passOver } from '../task/ready.ts';
import { type Fact, issueOf } from './facts.ts';
import { enlistPull, foldTask, newTask } from './fold-task.ts';
import type { LaneState, Task } from './state.ts';

/** The state before the first fact. */
export const emptyLane: LaneState = {
  owner: '',
  repo: '',
  base: '',
  baseSha: null,
  policy: defaultPolicy,
  policyHash: policyHash(defaultPolicy),
  policyProblem: null,
  requiredChecks: [],
  frozen: null,
  asked: {},
  nextFence: 1,
  nextBuild: 1,
  nextEntry: 1,
  health: {},
  spending: { day: '', agents: {} },
  tasks: {},
  refusals: {},
  prerequisites: {},
  passedOver: {},
  elsewhere: {},
  collisions: [],
  builds: {},
  landings: [],
  queue: emptyMemory,
};

function changeTask(state: LaneState, issue: number, change: (task: Task) => Task): LaneState {
  const task = state.tasks[issue];
  if (!task) throw new Error(`no task for issue #${issue} in ${state.owner}/${state.repo}`);
  return { ...state, tasks: { ...state.tasks, [issue]: change(task) } };
}

function withoutRefusal(state: LaneState, issue: number): LaneState {
  const refusals = Object.fromEntries(
    Object.entries(state.refusals).filter(([number]) => Number(number) !== issue),
  );
  return { ...state, refusals };
}

/** The label is off: the next one is a new request. */
function withdraw(state: LaneState, issue: number): LaneState {
  const next = withoutRefusal(state, issue);
  return next.tasks[issue] ? changeTask(next, issue, (task) => ({ ...task, dismissedAt: null })) : next;
}

type FactOf<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

function requestTask(state: LaneState, fact: FactOf<'task-requested'>): LaneState {
  const task = newTask(state.tasks[fact.issue], fact);
  return { ...withoutRefusal(state, fact.issue), tasks: { ...state.tasks, [fact.issue]: task } };
}

function assignTask(state: LaneState, fact: FactOf<'task-assigned'>): LaneState {
  const next = changeTask(state, fact.issue, (task) => foldTask(task, fact, state.policy));
  return { ...next, nextFence: fact.fence + 1, passedOver: passOver(state, fact.issue, fact.at) };
}

/** Whether an entry has come or gone, a build has changed, or the base branch has. */
function concernsQueue(before: LaneState, after: LaneState, fact: Fact): boolean {
  if (before.builds !== after.builds || before.queue !== after.queue) return true;
  const issue = issueOf(fact);
  return issue !== null && before.tasks[issue]?.entry !== after.tasks[issue]?.entry;
}

/** The next state. Throws for a fact that cannot follow: a bug in whoever proposed it. */
export function fold(state: LaneState, fact: Fact): LaneState {
  const after = settleAttempt(state, foldFact(noteLeaving(state, fact), fact), fact);
  return concernsQueue(state, after, fact) ? settleMemory(after) : after;
}

function foldFact(state: LaneState, fact: Fact): LaneState {
  switch (fact.kind) {
    case 'lane-opened':
      return { ...state, owner: fact.owner, repo: fact.repo, base: fact.base };
    case 'lane-renamed':
      return { ...state, owner: fact.owner, repo: fact.repo };
    case 'policy-read':
      return { ...state, policy: completePolicy(fact.policy), policyHash: fact.hash, policyProblem: null };
    case 'policy-refused':
      return { ...state, policyProblem: fact.problem };
    case 'required-checks-read':
      return { ...state, requiredChecks: fact.checks };
    case 'prerequisite-seen':
      return { ...state, prerequisites: { ...state.prerequisites, [fact.issue]: fact.state } };
    case 'elsewhere-seen':
      return { ...state, elsewhere: { ...state.elsewhere, [fact.reference]: fact.state } };
    case 'request-refused':
      return { ...state, refusals: { ...state.refusals, [fact.issue]: fact.why } };
    case 'request-withdrawn':
      return withdraw(state, fact.issue);
    case 'task-requested':
      return requestTask(state, fact);
    case 'pull-enlisted': {
      const task = enlistPull(state.tasks[fact.issue], fact);
      return { ...state, tasks: { ...state.tasks, [fact.issue]: task } };
    }
    case 'task-assigned':
      return assignTask(state, fact);
    case 'collision-foreseen':
      return {
        ...state,
        collisions: addCollision(state.collisions, {
          a: fact.a,
          b: fact.b,
          paths: fact.paths,
          foreseenAt: fact.at,
          announcedAt: null,
        }),
      };
    case 'collision-announced':
      return {
        ...state,
        collisions: state.collisions.map((c) =>
          c.a === fact.a && c.b === fact.b ? { ...c, announcedAt: fact.at } : c,
        ),
      };
    case 'base-moved':
    case 'queue-entered':
    case 'conflict-found':
    case 'build-started':
    case 'candidate-made':
    case 'build-reported':
    case 'build-passed':
    case 'build-failed':
    case 'build-interrupted':
    case 'build-abandoned':
    case 'landing-decided':
    case 'landing-missed':
    case 'landed':
    case 'landing-audited':
      return foldQueueFact(state, fact);
    case 'revert-asked':
    case 'revert-opened':
    case 'revert-failed':
      return state;
    case 'command-decided':
      return { ...state, asked: noteAnswer(state.asked, fact) };
    case 'lane-frozen':
      return { ...state, frozen: { by: fact.by, why: fact.why, at: fact.at } };
    case 'lane-unfrozen':
      return { ...state, frozen: null };
    case 'agent-paused':
    case 'breaker-closed':
      return foldPause(state, fact);
    case 'usage-reported':
      return reportUsage(state, fact);
    default:
      return changeTask(state, fact.issue, (task) => foldTask(task, fact, state.policy));
  }
}
