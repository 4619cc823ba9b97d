/** Agents: who may be given which task now, and why nobody can be. */
import type { LaneState, Snapshot, Task, Via } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import type { Policy, Role } from '../policy.ts';
import { agentNamedFor, complexityOf, needsOf } from './routing.ts';
import { stageOf } from './split.ts';
import { agentWaits } from './times.ts';

/** How long after it was last heard of a worker still counts as there, in milliseconds (design §4, Adapters). */
export const presenceMs = 10 * 60_000;

/** An agent of the policy that Signalbox can start, or `default` where the policy has none. */
export interface Agent {
  name: string;
  /** Null for `default`: what it is shows when it is asked. */
  via: Via | null;
  capacity: number;
  /** What it can do; one that names nothing takes any task. */
  capabilities: readonly string[];
  roles: readonly Role[];
}

/** An agent that may be given work now, with how many tasks it has. */
interface FreeAgent {
  name: string;
  via: Via;
  capacity: number;
  load: number;
}

/** A state never changes, so what was counted in it is kept as long as somebody has it. */
const counted = new WeakMap<LaneState, ReadonlyMap<string, number>>();

/** Agent → how many tasks it is at work on; an agent with none is not in it. */
export function loadsOf(state: LaneState): ReadonlyMap<string, number> {
  const known = counted.get(state);
  if (known) return known;
  const loads = new Map<string, number>();
  for (const { attempt, state: at } of Object.values(state.tasks)) {
    if (attempt && (at === 'assigned' || at === 'working'))
      loads.set(attempt.agent, (loads.get(attempt.agent) ?? 0) + 1);
  }
  counted.set(state, loads);
  return loads;
}

/** The agents there are, free or not. With none in the policy there is one, `default` (design §4). */
export function agentsOf(state: LaneState): Agent[] {
  const configured = Object.entries(state.policy.agents);
  if (configured.length === 0)
    return [
      {
        name: 'default',
        via: null,
        capacity: state.policy.limits.running,
        capabilities: [],
        roles: ['worker'],
      },
    ];
  return configured.map(([name, { via, capacity, capabilities, roles }]) => ({
    name,
    via,
    capacity,
    capabilities,
    roles,
  }));
}

/** The role that the task's next attempt needs. */
function roleFor(policy: Policy, task: Task): Role {
  return stageOf(policy, task) === 'plan' ? 'planner' : 'worker';
}

/** Whether the agent's role lets it have the task. Plans are made by workers that ask for them, and by nobody else. */
function isInRole(policy: Policy, agent: Agent, task: Task): boolean {
  const role = roleFor(policy, task);
  return agent.roles.includes(role) && (role === 'worker' || agent.via === 'pull');
}

/** Whether the agent's role and people's labels let it have the task. */
export function mayTake(policy: Policy, agent: Agent, task: Task): boolean {
  if (!isInRole(policy, agent, task)) return false;
  const named = agentNamedFor(task);
  if (named !== null && named !== agent.name) return false;
  return agent.capabilities.length === 0 || needsOf(task).every((need) => agent.capabilities.includes(need));
}

/**
 * How well the task's complexity suits the agent, from 0 to 1. An agent says what it is for by listing
 * `complexity:low|medium|high` among its capabilities.
 */
export function matchOf(agent: Agent, task: Task): number {
  const complexity = complexityOf(task);
  const said = agent.capabilities.filter((each) => each.startsWith('complexity:'));
  if (complexity === null || said.length === 0) return 0.5;
  return said.includes(`complexity:${complexity}`) ? 1 : 0;
}

function isPresent({ presence }: Snapshot, agent: string, at: string): boolean {
  return presence.some(
    (seen) => seen.agent === agent && Date.parse(at) - Date.parse(seen.seenAt) <= presenceMs,
  );
}

/** Agents with room that may take the task (any task, when none is named), the one that suits it best first. */
export function freeAgents(snapshot: Snapshot, at: string, task: Task | null = null): FreeAgent[] {
  const { state } = snapshot;
  const { weights } = state.policy.schedule;
  const loads = loadsOf(state);
  return agentsOf(state)
    .filter((agent) => task === null || mayTake(state.policy, agent, task))
    .map((agent) => {
      const present = isPresent(snapshot, agent.name, at);
      const via = agent.via ?? (present ? 'pull' : 'adopt');
      const load = loads.get(agent.name) ?? 0;
      const match = task === null ? 0 : matchOf(agent, task);
      const fit = weights.complexity * match - (weights.load * load) / agent.capacity;
      return { name: agent.name, via, capacity: agent.capacity, load, fit, present };
    })
    .filter((agent) => agent.load < agent.capacity && (agent.via !== 'pull' || agent.present))
    .filter((agent) => agentWaits(state, agent.name, at).length === 0)
    .sort((a, b) => b.fit - a.fit || a.load - b.load || (a.name < b.name ? -1 : 1))
    .map(({ name, via, capacity, load }) => ({ name, via, capacity, load }));
}

/** Why no agent can take the task, for people. */
export function agentWait(snapshot: Snapshot, task: Task, at: string): Wait {
  const { state } = snapshot;
  const wait = { kind: 'agent' as const, since: task.since };
  const agents = agentsOf(state);
  const named = agentNamedFor(task);
  if (named !== null && !agents.some((agent) => agent.name === named)) {
    const what = `there is no agent ${named} in .github/signalbox.yml`;
    return { ...wait, what, command: '/assign-agent <name>' };
  }
  const able = agents.filter((agent) => mayTake(state.policy, agent, task));
  const inRole = agents.filter((agent) => isInRole(state.policy, agent, task));
  if (!inRole.some(({ name }) => named === null || name === named)) {
    const role = roleFor(state.policy, task);
    const how = role === 'planner' ? `the role ${role} and is \`via: pull\`` : `the role ${role}`;
    const what = named === null ? `no agent has ${how}` : `it is for ${named}, which has not ${how}`;
    return { ...wait, what, command: 'give an agent the role in `agents` of the policy' };
  }
  if (able.length === 0) {
    const what = `no agent ${named ?? ''} has the capabilities ${needsOf(task).join(', ')}`.replace(
      '  ',
      ' ',
    );
    return { ...wait, what, command: 'change the labels `needs:…` or the capabilities in the policy' };
  }
  const [paused] = able.flatMap(({ name }) => agentWaits(state, name, at));
  if (paused) return paused;
  const what = `no free agent among ${able.map(({ name }) => name).join(', ')}`;
  return { ...wait, what, command: 'start one with `signalbox worker`' };
}
