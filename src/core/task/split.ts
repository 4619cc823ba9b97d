/**
 * Plan and execute: a planner may propose to split a task into parts. Nobody's word but a person's makes issues of
 * them, unless the policy leaves every file of every part out of the loop. The task then waits for its parts and is
 * completed when all of them are.
 */
import type { Fact, FactBody } from '../lane/facts.ts';
import type { Observation } from '../lane/observation.ts';
import type { LaneState, Task } from '../lane/state.ts';
import type { Wait } from '../lane/view.ts';
import type { Policy } from '../policy.ts';
import { type ProposedPart, partsOf, type Split } from './parts.ts';
import { covers, overlap } from './patterns.ts';
import { isComplex } from './record.ts';
import { complexityOf } from './routing.ts';
import { makeSpec } from './specification.ts';

/**
 * Where a task that may be split stands. `work`: it is worked on as it is; `plan`: a planner is to propose a split;
 * `proposed`: a split waits to be accepted; `parts`: its parts are what is worked on.
 */
export type Stage = 'work' | 'plan' | 'proposed' | 'parts';

type Splittable = Pick<Task, 'labels' | 'split' | 'version'>;

function asksForPlan(policy: Policy, task: Splittable): boolean {
  const { label, complexity } = policy.split;
  const said = complexityOf(task);
  return task.labels.includes(label) || (said !== null && complexity.includes(said));
}

export function stageOf(policy: Policy, task: Splittable): Stage {
  const { split } = task;
  if (split?.accepted) return 'parts';
  if (!asksForPlan(policy, task)) return 'work';
  return split?.version === task.version ? 'proposed' : 'plan';
}

/** Whether the task itself is to change files: only then it competes for them. */
export function isWork(policy: Policy, task: Splittable): boolean {
  return stageOf(policy, task) === 'work';
}

export type SplitReading = { kind: 'ok'; parts: ProposedPart[] } | { kind: 'refused'; why: string };

/** Judges a proposal, and puts it into canonical form. A split that is wrong anywhere is refused whole. */
export function readSplit(policy: Policy, task: Task, proposed: readonly ProposedPart[]): SplitReading {
  const most = policy.split.parts;
  if (proposed.length < 2 || proposed.length > most)
    return { kind: 'refused', why: `it has ${proposed.length} parts; 2 to ${most} are possible` };
  const parts: ProposedPart[] = [];
  for (const [index, part] of proposed.entries()) {
    const reading = readPart(task, part, index + 1);
    if (typeof reading === 'string') return { kind: 'refused', why: `part ${index + 1}: ${reading}` };
    parts.push(reading);
  }
  return { kind: 'ok', parts };
}

/** The part in canonical form, or what is wrong with it. */
function readPart({ spec }: Task, part: ProposedPart, place: number): ProposedPart | string {
  const budget = { minutes: null, tokens: null, usd: null };
  const reading = makeSpec({ ...part, ownedFiles: part.owns, dependsOn: [], budget, freeText: '' });
  if (reading.kind === 'refused') return reading.why.join(' ');
  const { title, requirements, design, acceptance, owns, ownsDeclared } = reading.spec;
  if (requirements === '') return 'it has no requirements';
  if (!ownsDeclared) return 'it names no files';
  const outside = spec.ownsDeclared ? owns.filter((path) => !spec.owns.some((own) => covers(own, path))) : [];
  if (outside.length > 0) return `${outside.join(', ')} is outside the files of the task`;
  const after = [...new Set(part.after)].sort((a, b) => a - b);
  const wrong = after.find((other) => other < 1 || other >= place);
  if (wrong !== undefined) return `it comes after part ${wrong}, which does not stand before it`;
  return { title, requirements, design, acceptance, owns, after };
}

type Of<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

/** The task's split after a fact about it. */
export function foldSplit(
  { split }: Task,
  fact: Of<'split-proposed' | 'split-accepted' | 'part-created' | 'part-opened'>,
): Split | null {
  if (fact.kind === 'split-proposed') {
    const { version, by, at, summary } = fact;
    const parts = fact.parts.map((part) => ({ ...part, issue: null, isOpened: false }));
    return { version, by, at, summary, parts, accepted: null };
  }
  if (!split) return null;
  if (fact.kind === 'split-accepted') return { ...split, accepted: { by: fact.by, at: fact.at } };
  const change = fact.kind === 'part-created' ? { issue: fact.created } : { isOpened: true };
  return {
    ...split,
    parts: split.parts.map((part, index) => (index + 1 === fact.part ? { ...part, ...change } : part)),
  };
}

/** What is left of a split when the task starts anew: one that nobody has accepted goes. */
export function keptSplit(task: Pick<Task, 'split'> | undefined): Split | null {
  return task?.split?.accepted ? task.split : null;
}

/** Whether every file of the split may change without a person: rules must cover it, and what they only touch binds. */
function isOutOfTheLoop({ policy }: LaneState, task: Task, split: Split): boolean {
  const { autonomy, ownership } = policy;
  const owns = split.parts.flatMap((part) => part.owns);
  if (isComplex(task) || overlap(owns, ownership.protected).length > 0) return false;
  const rules = autonomy.rules.filter(
    ({ labels }) => labels.length === 0 || labels.some((label) => task.labels.includes(label)),
  );
  return owns.every((path) => {
    const touching = rules.filter(({ paths }) => overlap(paths, [path]).length > 0);
    const isCovered = touching.some(({ paths }) => paths.some((each) => covers(each, path)));
    const levels = touching.map(({ level }) => level);
    return [...levels, ...(isCovered ? [] : [autonomy.default])].every(
      (level) => level === 'out-of-the-loop',
    );
  });
}

function isStopped({ held, hold, suspension }: Task): boolean {
  return held || hold !== null || suspension !== null;
}

/** Splits that need nobody's word. */
export function acceptSplits(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    const { issue, split } = task;
    if (task.state !== 'waiting' || !split || stageOf(state.policy, task) !== 'proposed') return [];
    if (isStopped(task) || !isOutOfTheLoop(state, task, split)) return [];
    return [{ kind: 'split-accepted', issue, by: 'policy' }];
  });
}

/** Whether all its parts have issues that are open to be worked on. */
function isSplitUp({ split }: Task): boolean {
  return split?.accepted != null && split.parts.every(({ isOpened }) => isOpened);
}

/**
 * Tasks whose parts are all done.
 * @param isWaiting whether a task still waits for a prerequisite or a part
 */
export function completeSplits(state: LaneState, isWaiting: (task: Task) => boolean): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] =>
    task.state === 'waiting' && isSplitUp(task) && !isStopped(task) && !isWaiting(task)
      ? [{ kind: 'parts-completed', issue: task.issue }]
      : [],
  );
}

/** What a task waits for because of its split. */
export function splitWaits(policy: Policy, task: Task): Wait[] {
  const { split } = task;
  if (split === null) return [];
  const parts = `${split.parts.length} parts`;
  if (stageOf(policy, task) === 'proposed') {
    const what = `somebody to accept the plan of ${split.by} (${parts})`;
    return [{ kind: 'approval', what, since: split.at, command: '/approve' }];
  }
  const { accepted } = split;
  if (!accepted || isSplitUp(task)) return [];
  const what = `the issues of its ${parts} are being opened`;
  return [{ kind: 'branch', what, since: accepted.at, command: null }];
}

export type SplitEffect =
  /** Makes the issue of a part, whose prerequisites have theirs. */
  | { kind: 'create-part'; issue: number; version: number; part: number; since: string }
  /** Links it to the task's issue and labels it: from then on it is a task of its own. */
  | { kind: 'open-part'; issue: number; part: number; created: number; since: string };

/** `since` is when the task came to wait: what GitHub refused is tried again after a person's answer. */
export function wantedOfSplit({ issue, state, since, split }: Task): SplitEffect[] {
  if (state !== 'waiting' || !split?.accepted) return [];
  const { version, parts } = split;
  const isCreated = (part: number) => parts[part - 1]?.issue != null;
  const open = parts.flatMap((part, index): SplitEffect[] =>
    part.issue === null && part.after.every(isCreated)
      ? [{ kind: 'create-part', issue, version, part: index + 1, since }]
      : [],
  );
  // None starts before all are there: their collisions and dependencies are seen at once.
  if (parts.some((part) => part.issue === null)) return open;
  return parts.flatMap((part, index): SplitEffect[] =>
    part.issue === null || part.isOpened
      ? []
      : [{ kind: 'open-part', issue, part: index + 1, created: part.issue, since }],
  );
}

/** Whoever accepted the split that the issue is a part of, and thereby asked for it; null for any other issue. */
export function requesterOfPart({ tasks }: LaneState, issue: number): string | null {
  for (const task of Object.values(tasks)) {
    if (!partsOf(task).includes(issue)) continue;
    const by = task.split?.accepted?.by;
    return by === undefined || by === 'policy' ? task.requestedBy : by;
  }
  return null;
}

/** What was done for a part counts once, and only for the split that it was done for. */
export function interpretPart(
  { tasks }: LaneState,
  seen: Extract<Observation, { kind: 'part-created' | 'part-opened' }>,
): FactBody[] {
  const { issue, part } = seen;
  const split = tasks[issue]?.split;
  const known = split?.parts[part - 1];
  if (!split?.accepted || !known) return [];
  if (seen.kind === 'part-opened') return known.isOpened ? [] : [seen];
  if (known.issue !== null || split.version !== seen.version) return [];
  return [{ kind: 'part-created', issue, part, created: seen.created }];
}
