/**
 * The gate: all that must hold before a PR may enter the queue, and must go on holding until it lands (I2).
 * Everything is bound to one head commit, one version of the task and one policy.
 */
import { checkNames } from '../ids.ts';
import { isEnlisted } from '../lane/enlisted.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { holdWaits } from '../task/hold.ts';
import { protectedPathsOf } from '../task/ownership.ts';
import { prerequisitesToWaitFor } from '../task/prerequisites.ts';
import { suspensionWait } from '../task/suspension.ts';
import { approverProblem, countingApprovals, endOfApproval, openOwnerGroups } from './approving.ts';
import { countFindings, isVerdictFor, openFindings } from './arbiter.ts';
import type { RequiredCheck } from './evidence.ts';
import { likelyCause } from './likely-cause.ts';
import { isProof, opinionCheck, requiredChecks } from './required-checks.ts';
import { isOpinionOn, reviewerOf } from './reviewer.ts';

export interface GateRow {
  condition: 'checks' | 'arbiter' | 'opinion' | 'approval' | 'dependency' | 'hold' | 'edit' | 'pull';
  name: string;
  state: 'ok' | 'pending' | 'failed';
  detail: string;
}

function checkRow(task: Task, state: LaneState, check: RequiredCheck, at: string | null): GateRow {
  const { name } = check;
  const result = task.pull?.checks.find((each) => each.name === name);
  const base = { condition: 'checks' as const, name };
  if (!result) {
    const cause = at === null ? null : likelyCause(task, state, check, at);
    return { ...base, state: 'pending', detail: cause ?? 'has not reported on this commit' };
  }
  if (isProof(state, result.conclusion)) return { ...base, state: 'ok', detail: result.conclusion };
  if (result.conclusion === 'pending')
    return { ...base, state: 'pending', detail: result.why ?? 'is running' };
  return { ...base, state: 'failed', detail: `${result.conclusion} is not proof` };
}

/** A check of the arbiter's name that the arbiter has not made lets nothing through, and people should know of it (S26). */
function impostorNote(task: Task): string {
  const isThere = task.pull?.gate.otherChecks.includes(checkNames.arbiter) ?? false;
  return isThere ? '; somebody else has reported a check of this name: it does not count' : '';
}

function arbiterRow(task: Task, state: LaneState): GateRow {
  const base = { condition: 'arbiter' as const, name: checkNames.arbiter };
  const note = impostorNote(task);
  const verdict = task.pull?.verdict ?? null;
  if (!isVerdictFor(verdict, task, state.policyHash))
    return { ...base, state: 'pending', detail: `has not judged this commit${note}` };
  const open = countFindings(openFindings(verdict, task));
  if (open > 0) return { ...base, state: 'failed', detail: `${open} finding${open === 1 ? '' : 's'}${note}` };
  const accepted = verdict.findings.some((finding) => finding.severity === 'fail');
  const detail = accepted ? 'accepted by a maintainer' : 'no findings that fail';
  return { ...base, state: 'ok', detail: `${detail}${note}` };
}

/** A second opinion can only withhold: without one that was understood, nothing is held up, and it is shown. */
function opinionRows(task: Task, state: LaneState): GateRow[] {
  const asked = state.policy.arbiter.second_opinion;
  if (asked === 'none') return [];
  const base = { condition: 'opinion' as const, name: 'second opinion' };
  const check = opinionCheck(state);
  if (check !== null) {
    const conclusion = task.pull?.checks.find(({ name }) => name === check)?.conclusion ?? 'pending';
    if (conclusion === 'pending')
      return [{ ...base, state: 'pending', detail: `${check} has not reported on this commit` }];
    const isAgainst = !isProof(state, conclusion) && conclusion !== 'neutral' && conclusion !== 'skipped';
    return [{ ...base, state: isAgainst ? 'failed' : 'ok', detail: `${check}: ${conclusion}` }];
  }
  const opinion = task.pull?.gate.opinion ?? null;
  if (opinion === null || !isOpinionOn(opinion, task)) {
    const agent = reviewerOf(state);
    const detail =
      agent !== null && task.pull?.gate.asked
        ? `${agent} has been asked`
        : 'has not been given on this commit';
    return [{ ...base, state: 'pending', detail }];
  }
  const words = {
    pass: 'nothing against it',
    withhold: opinion.summary,
    none: `no opinion: ${opinion.summary}`,
  };
  return [
    {
      ...base,
      state: opinion.verdict === 'withhold' ? 'failed' : 'ok',
      detail: `${opinion.by}: ${words[opinion.verdict]}`,
    },
  ];
}

function countRow(task: Task, state: LaneState): GateRow {
  const base = { condition: 'approval' as const, name: 'approval' };
  const guarded = protectedPathsOf(state.policy, task);
  // Where protected paths are owned, a person approves whatever the policy says.
  const byAutonomy = task.approvals.some(
    (each) => each.source === 'policy' && endOfApproval(each, task, state) === null,
  );
  const asked = byAutonomy ? 0 : state.policy.gate.approvals;
  const needed = Math.max(asked, guarded.length > 0 || isEnlisted(task) ? 1 : 0);
  const counting = countingApprovals(task, state);
  const names = counting.map(({ by }) => by).join(', ');
  const ended = task.approvals.find((each) => endOfApproval(each, task, state) !== null);
  if (ended && counting.length < Math.max(1, needed))
    return { ...base, state: 'failed', detail: 'was for another commit' };
  // Only `decide` gives such an approval: where nobody is asked, or where the policy's autonomy speaks for people.
  const isAlone = task.approvals.some(({ source }) => source === 'policy');
  if (needed === 0 || isAlone) {
    if (task.approvals.length > 0)
      return { ...base, state: 'ok', detail: `by ${task.approvals.map(({ by }) => by).join(', ')}` };
    return task.pull?.headSha === task.ejectedHead
      ? {
          ...base,
          state: 'pending',
          detail: 'the queue has ejected this commit: push another, or approve it',
        }
      : { ...base, state: 'ok', detail: 'not asked for by the policy' };
  }
  if (counting.length >= needed) return { ...base, state: 'ok', detail: `by ${names}` };
  const [uncounted] = task.approvals.flatMap(({ by }) => {
    const problem = approverProblem(state, task, by);
    return problem === null ? [] : [`that of ${by} does not count: ${problem}`];
  });
  if (uncounted !== undefined) return { ...base, state: 'pending', detail: uncounted };
  if (counting.length === 0) return { ...base, state: 'pending', detail: 'nobody has approved this commit' };
  return { ...base, state: 'pending', detail: `${counting.length} of ${needed}: by ${names}` };
}

function approvalRows(task: Task, state: LaneState): GateRow[] {
  const objections = task.pull?.gate.objections ?? [];
  return [
    countRow(task, state),
    ...openOwnerGroups(task, state).map(({ owners, count, example }): GateRow => {
      const more = count > 1 ? ` and ${count - 1} more` : '';
      const detail = `${owners.join(' or ')} must approve ${example}${more}`;
      return { condition: 'approval', name: 'owners', state: 'pending', detail };
    }),
    ...objections.map(
      ({ by }): GateRow => ({
        condition: 'approval',
        name: 'review',
        state: 'failed',
        detail: `${by} asks for changes: that review must be dismissed or followed by an approval`,
      }),
    ),
  ];
}

function pullRows(task: Task, state: LaneState): GateRow[] {
  const base = { condition: 'pull' as const, name: 'pull request', state: 'failed' as const };
  if (!task.pull?.open) return [{ ...base, detail: 'is not open' }];
  const { retargeted } = task.pull.gate;
  if (retargeted !== null) return [{ ...base, detail: `goes to ${retargeted} instead of ${state.base}` }];
  // A task's draft is Signalbox's own doing, and ends with the review.
  return isEnlisted(task) && task.pull.draft ? [{ ...base, detail: 'is a draft' }] : [];
}

/**
 * The gate's conditions, one row each, in the order in which people read them.
 * @param at the time, for people: lets a check that stays away be explained. No row's state depends on it
 */
export function gateOf(task: Task, state: LaneState, at: string | null = null): GateRow[] {
  return [
    ...requiredChecks(state).map((check) => checkRow(task, state, check, at)),
    arbiterRow(task, state),
    ...opinionRows(task, state),
    ...approvalRows(task, state),
    ...prerequisitesToWaitFor(state, task).map(
      ({ what }): GateRow => ({
        condition: 'dependency',
        name: 'dependency',
        state: 'pending',
        detail: what,
      }),
    ),
    ...(task.suspension ? [suspensionWait(task, task.suspension)] : []).map(
      ({ what }): GateRow => ({ condition: 'edit', name: 'edited text', state: 'pending', detail: what }),
    ),
    ...holdWaits(task).map(
      ({ what }): GateRow => ({ condition: 'hold', name: 'hold', state: 'pending', detail: what }),
    ),
    ...pullRows(task, state),
  ];
}

export function gateIsOpen(task: Task, state: LaneState): boolean {
  return gateOf(task, state).every((row) => row.state === 'ok');
}

/** Why a queued entry must leave the queue, or null. A wait is no reason: the entry keeps its place. */
export function reasonToEject(task: Task, state: LaneState): string | null {
  const [objection] = task.pull?.gate.objections ?? [];
  if (objection) return `${objection.by} asks for changes`;
  const retargeted = task.pull?.open ? task.pull.gate.retargeted : null;
  return retargeted === null ? null : `the pull request goes to ${retargeted} instead of ${state.base} now`;
}
