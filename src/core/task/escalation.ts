/** The human queue: what waits for a person's decision, most urgent first, and what an answer leads to. */
import type { Fact, FactBody } from '../lane/facts.ts';
import { type Escalation, type LaneState, needsPerson, type Task } from '../lane/state.ts';
import type { EscalationRow } from '../lane/view.ts';
import { type Guidance, isComplex, mostRemembered } from './record.ts';
import { priorityOf } from './routing.ts';

/** People are told again so often when nobody answers. */
const mostRepeats = 2;

const hourMs = 3_600_000;

/** A task of high priority is as urgent as a normal one that has waited a day longer. */
const priorityHours = { high: 48, normal: 24, low: 0 } as const;

/** The letter that names an option: A for the first. */
export function optionLetter(index: number): string {
  return String.fromCharCode(65 + index);
}

/** What an answer means: `A` or `b` picks an option, anything else is taken as it was written. */
export function readAnswer(escalation: Escalation | null, text: string): string {
  const picked = /^([a-z])[.)]?$/iu.exec(text.trim())?.[1]?.toUpperCase();
  const index = picked === undefined ? -1 : picked.charCodeAt(0) - 65;
  return escalation?.options[index] ?? text.trim();
}

/** What earlier attempts came to, one sentence each, oldest first. */
export function whatWasTried(task: Task): string[] {
  return task.record.endings.map(({ attempt, agent, reason }) => `attempt ${attempt} by ${agent}: ${reason}`);
}

/** Everything that waits for a person. The priority grows by one with every hour of waiting. */
export function escalationQueue(state: LaneState, at: string): EscalationRow[] {
  return Object.values(state.tasks)
    .flatMap((task): EscalationRow[] => {
      const { escalation } = task;
      if (!needsPerson(task) || !escalation) return [];
      const waitedHours = Math.max(0, (Date.parse(at) - Date.parse(escalation.at)) / hourMs);
      return [
        {
          issue: task.issue,
          title: task.title,
          pull: task.pull?.open ? task.pull.number : null,
          agent: escalation.agent,
          trigger: escalation.trigger,
          context: escalation.context,
          by: escalation.by,
          tried: whatWasTried(task),
          options: escalation.options,
          priority: priorityHours[priorityOf(task)] + Math.floor(waitedHours),
          complex: isComplex(task),
          since: escalation.at,
          repeats: escalation.repeats,
        },
      ];
    })
    .sort((a, b) => b.priority - a.priority || (a.since < b.since ? -1 : 1) || a.issue - b.issue);
}

function repeatsAt(state: LaneState, { escalation }: Task): number | null {
  if (!escalation || escalation.repeats >= mostRepeats) return null;
  return Date.parse(escalation.toldAt) + state.policy.escalate.stale;
}

/** Questions that nobody has answered for so long that people are told again. */
export function repeatEscalations(state: LaneState, at: string): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    const due = needsPerson(task) ? repeatsAt(state, task) : null;
    if (due === null || due > Date.parse(at)) return [];
    return [{ kind: 'escalation-repeated', issue: task.issue, times: (task.escalation?.repeats ?? 0) + 1 }];
  });
}

/** When the next question becomes stale, in milliseconds since the epoch. */
export function staleTimes(state: LaneState): number[] {
  return Object.values(state.tasks).flatMap((task) =>
    needsPerson(task) ? (repeatsAt(state, task) ?? []) : [],
  );
}

type Of<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

/** The question of a task that has just come into the human queue. */
export function askPerson(task: Task, fact: Of<'escalated'> | Of<'attempts-exhausted'>): Escalation {
  const asked =
    fact.kind === 'escalated'
      ? fact.escalation
      : { trigger: 'agent-failed', context: fact.reason, by: 'signalbox' };
  return {
    trigger: asked.trigger,
    context: asked.context,
    by: asked.by,
    options: asked.options ?? [],
    at: fact.at,
    from: task.escalation?.from ?? task.state,
    agent: task.attempt?.agent ?? task.record.endings.at(-1)?.agent ?? null,
    repeats: 0,
    toldAt: fact.at,
  };
}

/** The answers with this one added; the oldest go when there are too many. */
export function withAnswer(task: Task, fact: Of<'resumed'>): Guidance[] {
  const { guidance, by, at } = fact;
  if (guidance === null) return task.record.guidance;
  const question = task.escalation?.context ?? task.split?.summary ?? '';
  return [...task.record.guidance, { by, at, question, answer: guidance }].slice(-mostRemembered);
}
