/** A lane that does not exist: issues as if somebody had just set the label on all of them. */
import { decide } from '../lane/decide.ts';
import type { FactBody } from '../lane/facts.ts';
import { emptyLane, fold } from '../lane/fold.ts';
import { interpret } from '../lane/interpret.ts';
import type { SeenIssue } from '../lane/observation.ts';
import { elsewhereOf, type LaneState, prerequisitesOf, type Snapshot } from '../lane/state.ts';
import { type Policy, policyHash } from '../policy.ts';
import { graceEnds } from './ready.ts';

export interface DryIssue {
  number: number;
  title: string;
  labels: string[];
  spec: SeenIssue['spec'];
  hidden: number;
}

export interface DryLane {
  snapshot: Snapshot;
  at: string;
  /** Issues that would be refused, each with the reason. */
  refused: { issue: number; why: string }[];
  /** Prerequisites that are not among the issues, and are taken to be done. */
  assumed: string[];
}

const beginning = '2000-01-01T00:00:00.000Z';
const somebody = { login: 'somebody', permission: 'write' as const };

function seenNow({ title, labels, spec, hidden }: DryIssue): SeenIssue {
  return {
    title,
    open: true,
    stateReason: null,
    ready: true,
    held: labels.some((label) => label.toLowerCase() === 'agent-hold'),
    labels,
    labelledBy: somebody,
    labelledAt: beginning,
    edits: [],
    author: somebody,
    spec,
    blockedBy: [],
    blockedElsewhere: [],
    hidden,
  };
}

function foldAll(state: LaneState, facts: readonly FactBody[]): LaneState {
  return facts.reduce((next, fact) => fold(next, { ...fact, at: beginning }), state);
}

/** Puts the issues into a new lane, lets their grace periods end and their collisions be announced. */
export function laneOfIssues(policy: Policy, issues: readonly DryIssue[]): DryLane {
  let state = foldAll(emptyLane, [
    { kind: 'lane-opened', owner: 'dry', repo: 'run', base: 'main' },
    { kind: 'base-moved', sha: 'none', by: 'first-sight' },
    { kind: 'policy-read', policy, hash: policyHash(policy) },
  ]);
  for (const issue of issues) {
    const seen = { kind: 'issue' as const, issue: issue.number, seen: seenNow(issue), correlationId: 'dry' };
    state = foldAll(state, interpret(state, seen));
  }
  const tasks = Object.values(state.tasks);
  const among = new Set(issues.map(({ number }) => number));
  const named = [...new Set(tasks.flatMap(prerequisitesOf))].filter((issue) => !state.tasks[issue]);
  const outside = named.filter((issue) => !among.has(issue));
  const elsewhere = [...new Set(tasks.flatMap(elsewhereOf))];
  state = {
    ...state,
    // What is refused stays open, and its dependants wait for it.
    prerequisites: Object.fromEntries(
      named.map((issue) => [issue, among.has(issue) ? ('open' as const) : ('completed' as const)]),
    ),
    elsewhere: Object.fromEntries(elsewhere.map((reference) => [reference, 'completed' as const])),
  };
  const snapshotOf = (of: LaneState): Snapshot => ({
    state: of,
    presence: [],
    leases: {},
    hasUnreadIssues: true,
    unreadChecks: [],
  });
  // While issues are unread nothing starts: the plan begins with everything waiting.
  const foreseen = decide(snapshotOf(state), beginning).state;
  const told = {
    ...foreseen,
    collisions: foreseen.collisions.map((collision) => ({ ...collision, announcedAt: beginning })),
  };
  const at = new Date(Math.max(Date.parse(beginning), ...tasks.map((task) => graceEnds(state, task))));
  return {
    snapshot: { ...snapshotOf(told), hasUnreadIssues: false },
    at: at.toISOString(),
    refused: Object.entries(state.refusals).map(([issue, why]) => ({ issue: Number(issue), why })),
    assumed: [...outside.map((issue) => `#${issue}`), ...elsewhere],
  };
}
