/**
 * Scheduling: what a waiting task waits for, and who gets it once nothing stands in the way. The reasons are data,
 * and the same data decides: a task starts exactly when `blockers` is empty and an agent is free.
 */

import { branchName } from '../ids.ts';
import type { FactBody } from '../lane/facts.ts';
import {
  type Collision,
  isLive,
  type LaneState,
  prerequisitesOf,
  type Snapshot,
  type Task,
  type Via,
} from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import { holdWaits } from './hold.ts';
import { overlap } from './patterns.ts';
import { openPrerequisites } from './prerequisites.ts';
import { suspensionWait } from './suspension.ts';

/** How long after it was last heard of a worker still counts as there, in milliseconds (design §4, Adapters). */
export const presenceMs = 10 * 60_000;

/** Tasks that hold claims overlapping with what this task owns. */
function holders(state: LaneState, task: Task): { task: Task; paths: string[] }[] {
  return Object.values(state.tasks)
    .filter((other) => other.issue !== task.issue && other.claims.length > 0)
    .map((other) => ({ task: other, paths: overlap(task.spec.owns, other.claims) }))
    .filter(({ paths }) => paths.length > 0);
}

function atWork(state: LaneState): Task[] {
  return Object.values(state.tasks).filter((task) => task.state === 'assigned' || task.state === 'working');
}

function isBetween(collision: Collision, issue: number): boolean {
  return collision.a === issue || collision.b === issue;
}

/** When the grace period after the request or the last change ends, as milliseconds since the epoch. */
export function graceEnds(state: LaneState, task: Task): number {
  const from = Date.parse(task.change?.at ?? task.requestedAt);
  return from + (task.attempts === 0 ? state.policy.schedule.grace : 0);
}

const sectionNames = {
  requirements: 'Requirements',
  design: 'Design',
  acceptance: 'Acceptance criteria',
  owned: 'Owned files',
  budget: 'Budget',
} as const;

/** The sections that the policy asks for and the issue does not have. */
function missingSections({ policy }: LaneState, { spec }: Task): string[] {
  const has = {
    requirements: spec.requirements !== '',
    design: spec.design !== '',
    acceptance: spec.acceptance.length > 0,
    owned: spec.ownsDeclared,
    budget: Object.values(spec.budget).some((amount) => amount !== null),
  };
  return policy.spec.require.filter((name) => !has[name]).map((name) => sectionNames[name]);
}

/** Tasks that want the same files, come before this one and wait for nothing but the end of their grace period. */
function soonToStart(state: LaneState, task: Task, at: string): { task: Task; paths: string[] }[] {
  return Object.values(state.tasks)
    .filter((other) => other.state === 'waiting' && other.issue < task.issue)
    .filter((other) => holdWaits(other).length === 0 && other.suspension === null)
    .filter(
      (other) => graceEnds(state, other) > Date.parse(at) && openPrerequisites(state, other).length === 0,
    )
    .map((other) => ({ task: other, paths: overlap(task.spec.owns, other.spec.owns) }))
    .filter(({ paths }) => paths.length > 0);
}

/** Everything that keeps a waiting task from starting, except the want of a free agent. */
export function blockers({ state, hasUnreadIssues }: Snapshot, task: Task, at: string): Wait[] {
  const waits: Wait[] = [];
  const since = task.since;
  if (state.baseSha === null) {
    waits.push({ kind: 'base', what: `the branch ${state.base} has no commit yet`, since, command: null });
  }
  waits.push(...holdWaits(task));
  if (task.suspension) waits.push(suspensionWait(task, task.suspension));
  const missing = missingSections(state, task);
  if (missing.length > 0) {
    const what = `the policy asks for ${missing.map((name) => `"${name}"`).join(', ')}, and the issue has no such section`;
    waits.push({ kind: 'spec', what, since, command: 'edit the issue' });
  }
  if (graceEnds(state, task) > Date.parse(at)) {
    const until = new Date(graceEnds(state, task)).toISOString();
    waits.push({ kind: 'grace', what: 'time for late edits', since, command: null, next: until });
  }
  if (hasUnreadIssues) {
    waits.push({ kind: 'announcement', what: 'other issues are being read first', since, command: null });
  }
  waits.push(...openPrerequisites(state, task));
  for (const { task: other, paths } of soonToStart(state, task, at)) {
    const what = `#${other.issue} goes first with ${paths.join(', ')}`;
    waits.push({ kind: 'overlap', what, since, command: null });
  }
  for (const holder of holders(state, task)) {
    const what = `#${holder.task.issue} owns ${holder.paths.join(', ')}`;
    waits.push({ kind: 'overlap', what, since: holder.task.since, command: null });
  }
  const unannounced = state.collisions.filter((c) => isBetween(c, task.issue) && c.announcedAt === null);
  if (unannounced.length > 0) {
    waits.push({ kind: 'announcement', what: 'its collisions are being announced', since, command: null });
  }
  const running = atWork(state).length;
  if (running >= state.policy.limits.running) {
    waits.push({ kind: 'limit', what: `${running} tasks are running, the limit`, since, command: null });
  }
  return waits;
}

/** An agent that may be given work now, with how many more tasks it can take. */
interface FreeAgent {
  name: string;
  via: Via;
  load: number;
}

function isPresent({ presence }: Snapshot, agent: string, at: string): boolean {
  return presence.some(
    (seen) => seen.agent === agent && Date.parse(at) - Date.parse(seen.seenAt) <= presenceMs,
  );
}

/** Agents with room, least loaded first. With no agents in the policy there is one, `default` (design §4). */
export function freeAgents(snapshot: Snapshot, at: string): FreeAgent[] {
  const { state } = snapshot;
  const configured = Object.entries(state.policy.agents);
  const agents =
    configured.length > 0
      ? configured.flatMap(([name, { via, capacity }]) =>
          via === 'pull' || via === 'adopt' ? [{ name, via, capacity }] : [],
        )
      : [
          {
            name: 'default',
            via: isPresent(snapshot, 'default', at) ? ('pull' as const) : ('adopt' as const),
            capacity: state.policy.limits.running,
          },
        ];
  return agents
    .map((agent) => ({
      ...agent,
      load: atWork(state).filter((task) => task.attempt?.agent === agent.name).length,
    }))
    .filter(
      (agent) =>
        agent.load < agent.capacity && (agent.via === 'adopt' || isPresent(snapshot, agent.name, at)),
    )
    .sort((a, b) => a.load - b.load || (a.name < b.name ? -1 : 1));
}

/** Why no agent can take the task, for people. */
export function agentWait(snapshot: Snapshot, task: Task): Wait {
  const agents = Object.entries(snapshot.state.policy.agents);
  const usable = agents.filter(([, agent]) => agent.via === 'pull' || agent.via === 'adopt');
  if (agents.length > 0 && usable.length === 0) {
    const what =
      'no agent in .github/signalbox.yml is started by pull or adopt, the two ways there are so far';
    return { kind: 'agent', what, since: task.since, command: null };
  }
  const names = usable.map(([name]) => name).join(', ') || 'default';
  const what = `no free agent among ${names}`;
  return { kind: 'agent', what, since: task.since, command: 'start one with `signalbox worker`' };
}

/** Older issues first: whatever was labelled together starts in an order that no delay of a webhook can change. */
function inOrder(state: LaneState): Task[] {
  return Object.values(state.tasks)
    .filter((task) => task.state === 'waiting')
    .sort((a, b) => a.issue - b.issue);
}

/** The first assignment that can be made now, or the end of a task that has used up its attempts. */
export function scheduleNext(snapshot: Snapshot, at: string): FactBody[] {
  const { state } = snapshot;
  for (const task of inOrder(state)) {
    if (task.attempts >= state.policy.limits.attempts) {
      const reason = `${task.attempts} attempts have failed; the last one: ${task.lastReason ?? 'unknown'}`;
      return [{ kind: 'attempts-exhausted', issue: task.issue, reason }];
    }
    if (state.baseSha === null || blockers(snapshot, task, at).length > 0) continue;
    const [agent] = freeAgents(snapshot, at);
    if (!agent) continue;
    return [
      {
        kind: 'task-assigned',
        issue: task.issue,
        attempt: task.attempts + 1,
        fence: state.nextFence,
        version: task.version,
        agent: agent.name,
        via: agent.via,
        branch: task.branch ?? branchName(task.issue, task.title),
        baseSha: state.baseSha,
        claims: task.spec.owns,
      },
    ];
  }
  return [];
}

function dependsOnEachOther(a: Task, b: Task): boolean {
  return prerequisitesOf(a).includes(b.issue) || prerequisitesOf(b).includes(a.issue);
}

/**
 * Pairs of tasks that own overlapping paths and have not landed, not yet foreseen. Those that wait for each other
 * anyway are in order already and no collision.
 */
export function foreseeCollisions(state: LaneState): FactBody[] {
  const open = Object.values(state.tasks)
    .filter(isLive)
    .sort((a, b) => a.issue - b.issue);
  const known = new Set(state.collisions.map(({ a, b }) => `${a}:${b}`));
  return open.flatMap((a, index) =>
    open.slice(index + 1).flatMap((b): FactBody[] => {
      const startable = a.state === 'waiting' || b.state === 'waiting';
      if (!startable || known.has(`${a.issue}:${b.issue}`) || dependsOnEachOther(a, b)) return [];
      const paths = overlap(a.spec.owns, b.spec.owns);
      return paths.length === 0 ? [] : [{ kind: 'collision-foreseen', a: a.issue, b: b.issue, paths }];
    }),
  );
}
