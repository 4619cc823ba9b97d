/**
 * Versions: what a task is asked to do may change while it is under way. An accepted change makes version n + 1, and
 * everything that was said about version n (approvals, verdicts, builds) is void. Work that version n asked for is
 * stopped and fenced where the change would have it done otherwise.
 */
import type { FactBody } from '../lane/facts.ts';
import {
  type Adjustments,
  isLive,
  type LaneState,
  prerequisitesOf,
  type Spec,
  type Task,
  type VersionNote,
} from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { claimsAtStart, extraClaims, heldBy } from './ownership.ts';
import { overlap } from './patterns.ts';
import { changesWork, diffSpecs } from './spec-diff.ts';
import { hashSpec } from './specification.ts';

export const noAdjustments: Adjustments = { own: [], disown: [], depends: [], independent: [] };

const inOrder = (values: readonly string[]): string[] => [...new Set(values)].sort();

/** `#7` or `owner/repo#7` as the spec keeps them: a number here, a text elsewhere. */
function splitReferences(references: readonly string[]): { here: number[]; elsewhere: string[] } {
  return {
    here: references.filter((each) => each.startsWith('#')).map((each) => Number(each.slice(1))),
    elsewhere: references.filter((each) => !each.startsWith('#')),
  };
}

/** The text's specification with what commands have changed. */
export function adjustSpec(written: Spec, adjust: Adjustments): Spec {
  const declared = written.ownsDeclared ? written.owns : [];
  const owns = inOrder([...declared, ...adjust.own]).filter((path) => !adjust.disown.includes(path));
  const more = splitReferences(adjust.depends);
  const less = splitReferences(adjust.independent);
  return {
    ...written,
    owns: owns.length > 0 || written.owns.length === 0 ? owns : ['**'],
    ownsDeclared: owns.length > 0,
    dependsOn: [...new Set([...written.dependsOn, ...more.here])]
      .filter((issue) => !less.here.includes(issue))
      .sort((a, b) => a - b),
    dependsElsewhere: inOrder([...written.dependsElsewhere, ...more.elsewhere]).filter(
      (reference) => !less.elsewhere.includes(reference),
    ),
  };
}

export interface VersionChange {
  spec: Spec;
  adjust: Adjustments;
  /** Hash of the issue's own text that this rests on. */
  writtenHash: string;
  hidden: number;
  by: string;
  how: VersionNote['how'];
  /** GitHub's time of the edit that was accepted; what was written before it is settled. */
  textAt: string | null;
}

/** Tasks other than this one that hold any of these paths. */
export function holdersOf(
  state: LaneState,
  issue: number,
  owns: readonly string[],
): { issue: number; paths: string[] }[] {
  return Object.values(state.tasks)
    .filter((other) => other.issue !== issue)
    .map((other) => ({ issue: other.issue, paths: overlap(owns, heldBy(other)) }))
    .filter(({ paths }) => paths.length > 0);
}

/**
 * Whether what is under way goes on at the new version. A command changes what its person asked for and nothing
 * else; an edit of the text stops work unless the policy lets it finish where only paths, dependencies or budget
 * changed. Work that is done is thrown away only when the change would have it done otherwise.
 */
function carriesOn(state: LaneState, task: Task, change: VersionChange): boolean {
  if (changesWork(task.spec, change.spec)) return false;
  const isDone = task.state === 'in-review' || task.state === 'approved';
  return isDone || change.how === 'command' || state.policy.schedule.edits === 'finish';
}

/** Work of some attempt is being done, or waits for review; the attempt itself may have ended in an escalation. */
function isUnderWay({ state }: Task): boolean {
  return state === 'assigned' || state === 'working' || state === 'in-review' || state === 'approved';
}

/** What was said about a dependant rested on the prerequisite as it was. */
function voidDependants(state: LaneState, task: Task): FactBody[] {
  return Object.values(state.tasks)
    .filter((other) => isLive(other) && other.state === 'approved' && other.issue !== task.issue)
    .filter((other) => prerequisitesOf(other).includes(task.issue) && !mayBeLanding(state, other.issue))
    .map((other): FactBody => {
      const reason = `its prerequisite #${task.issue} has changed to version ${task.version + 1}`;
      return { kind: 'approval-voided', issue: other.issue, reason };
    });
}

/** The facts of an accepted change; a text that asks for the same as before makes no version. */
export function acceptVersion(state: LaneState, task: Task, change: VersionChange): FactBody[] {
  const { issue } = task;
  const specHash = hashSpec(change.spec);
  const { spec, adjust, writtenHash, hidden, by, how, textAt } = change;
  if (specHash === task.specHash) {
    return [{ kind: 'edit-settled', issue, writtenHash, textAt }];
  }
  const wanted = claimsAtStart(state.policy, spec);
  const wantedBefore = new Set(claimsAtStart(state.policy, task.spec));
  const added = wanted.filter((path) => !wantedBefore.has(path));
  const kept = wanted.filter((path) => wantedBefore.has(path) && task.claims.includes(path));
  const isFree = holdersOf(state, issue, added).length === 0;
  const goesOn = carriesOn(state, task, change) && isFree;
  const keeps = task.claims.length > 0 && isFree;
  return [
    {
      kind: 'version-accepted',
      issue,
      version: task.version + 1,
      spec,
      specHash,
      adjust,
      writtenHash,
      textAt,
      hidden,
      by,
      how,
      diff: diffSpecs(task.spec, spec),
      // What cannot be kept is given back with the attempt.
      claims: keeps ? inOrder([...kept, ...added, ...extraClaims(state.policy, task)]) : task.claims,
    },
    ...(isUnderWay(task) && !goesOn
      ? [{ kind: 'attempt-superseded' as const, issue, attempt: task.attempts, version: task.version }]
      : []),
    ...voidDependants(state, task),
  ];
}
