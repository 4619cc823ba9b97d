/**
 * A second opinion by another agent: who is asked, until when, and what becomes of it. It can only withhold, so an
 * agent that says nothing holds nothing up for longer than `arbiter.opinion_timeout`.
 */
import type { FactBody } from '../lane/facts.ts';
import { isLive, type LaneState, type Task } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { isVerdictFor, openFindings } from './arbiter.ts';
import type { Opinion } from './evidence.ts';

/** The agent that the policy names: `agent:<name>`. */
export function reviewerOf({ policy }: Pick<LaneState, 'policy'>): string | null {
  return /^agent:(.+)$/u.exec(policy.arbiter.second_opinion)?.[1]?.trim() ?? null;
}

/** Whether the head, at this version, has passed the arbiter and nobody has given an opinion on it. */
export function lacksOpinion(task: Task, { policyHash }: LaneState): boolean {
  const { pull } = task;
  if (!isLive(task) || !pull?.open || !isVerdictFor(pull.verdict, task, policyHash)) return false;
  if (openFindings(pull.verdict, task).length > 0) return false;
  return !isOpinionOn(pull.gate.opinion, task);
}

/** Whether the opinion is about what would land. */
export function isOpinionOn(opinion: Opinion | null, { pull, version }: Task): boolean {
  return opinion !== null && opinion.headSha === pull?.headSha && opinion.version === version;
}

/** Why this agent cannot be asked, or null. */
function reviewerProblem({ policy }: LaneState, task: Task, name: string): string | null {
  const agent = Object.hasOwn(policy.agents, name) ? policy.agents[name] : undefined;
  if (!agent?.roles.includes('reviewer')) return 'the policy has no such agent with the role reviewer';
  if (agent.via !== 'pull') return 'only agents with `via: pull` can be asked';
  const wrote = [task.attempt?.agent, ...task.record.endings.map((ending) => ending.agent)];
  return wrote.includes(name) ? 'it worked on this task itself' : null;
}

function noOpinion(task: Task, by: string, summary: string): FactBody[] {
  if (!task.pull) return [];
  const opinion: Opinion = {
    headSha: task.pull.headSha,
    version: task.version,
    verdict: 'none',
    by,
    summary,
  };
  return [{ kind: 'opinion-given', issue: task.issue, opinion }];
}

/** When the question to the agent is given up, in milliseconds since 1970; null when nobody is asked. */
export function opinionDue({ pull, version }: Task, state: LaneState): number | null {
  const asked = pull?.gate.asked ?? null;
  if (asked === null || asked.headSha !== pull?.headSha || asked.version !== version) return null;
  return Date.parse(asked.at) + state.policy.arbiter.opinion_timeout;
}

/** Asks the agent about each head that has passed the arbiter, and gives the question up in time. */
export function askReviewer(state: LaneState, at: string): FactBody[] {
  const agent = reviewerOf(state);
  if (agent === null) return [];
  const by = `agent ${agent}`;
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    if (!lacksOpinion(task, state) || mayBeLanding(state, task.issue) || !task.pull) return [];
    const problem = reviewerProblem(state, task, agent);
    if (problem !== null) return noOpinion(task, by, problem);
    const due = opinionDue(task, state);
    if (due === null || task.pull.gate.asked?.agent !== agent) {
      const { headSha } = task.pull;
      return [{ kind: 'opinion-asked', issue: task.issue, agent, headSha, version: task.version }];
    }
    return due <= Date.parse(at) ? noOpinion(task, by, 'it did not answer in time') : [];
  });
}

/** When to look again for it. */
export function opinionTimes(state: LaneState): number[] {
  if (reviewerOf(state) === null) return [];
  return Object.values(state.tasks).flatMap((task) =>
    isLive(task) && lacksOpinion(task, state) ? (opinionDue(task, state) ?? []) : [],
  );
}
