/** Agents: who may be given work now, and why nobody can be. */
import type { LaneState, Snapshot, Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';

/** How long after it was last heard of a worker still counts as there, in milliseconds (design §4, Adapters). */
export const presenceMs = 10 * 60_000;

/** An agent that may be given work now, with how many tasks it has. */
interface FreeAgent {
  name: string;
  via: 'pull' | 'adopt';
  load: number;
}

export function atWork(state: LaneState): Task[] {
  return Object.values(state.tasks).filter((task) => task.state === 'assigned' || task.state === 'working');
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
