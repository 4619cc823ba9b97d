/**
 * The gate: all that must hold before a PR may enter the queue, and must go on holding until it lands (I2).
 * Everything is bound to one head commit, one version of the task and one policy.
 */
import type { Approval, LaneState, Task } from '../lane/state.ts';
import { holdWaits } from '../task/hold.ts';
import { protectedPathsOf } from '../task/ownership.ts';
import { prerequisitesToWaitFor } from '../task/prerequisites.ts';
import { suspensionWait } from '../task/suspension.ts';
import { passes } from './arbiter.ts';

export interface GateRow {
  condition: 'checks' | 'arbiter' | 'approval' | 'dependency' | 'hold' | 'edit' | 'pull';
  name: string;
  state: 'ok' | 'pending' | 'failed';
  detail: string;
}

function checkRows(task: Task, state: LaneState): GateRow[] {
  return state.policy.gate.checks.map((name) => {
    const result = task.pull?.checks.find((check) => check.name === name);
    const base = { condition: 'checks' as const, name };
    if (!result) return { ...base, state: 'pending', detail: 'has not reported on this commit' };
    if (result.conclusion === 'success') return { ...base, state: 'ok', detail: 'success' };
    if (result.conclusion === 'pending') return { ...base, state: 'pending', detail: 'is running' };
    return { ...base, state: 'failed', detail: `${result.conclusion} is not proof` };
  });
}

function arbiterRow(task: Task): GateRow {
  const base = { condition: 'arbiter' as const, name: 'signalbox/arbiter' };
  const verdict = task.pull?.verdict;
  if (!verdict || verdict.headSha !== task.pull?.headSha || verdict.version !== task.version) {
    return { ...base, state: 'pending', detail: 'has not judged this commit' };
  }
  if (passes(verdict)) return { ...base, state: 'ok', detail: 'no findings that fail' };
  const failing = verdict.findings.filter((finding) => finding.severity === 'fail').length;
  return { ...base, state: 'failed', detail: `${failing} finding${failing === 1 ? '' : 's'}` };
}

/** Whether an approval still speaks about what would land: same head, same version, same policy. */
export function approvalHolds(approval: Approval, task: Task, state: LaneState): boolean {
  return (
    approval.headSha === task.pull?.headSha &&
    approval.version === task.version &&
    approval.policyHash === state.policyHash
  );
}

function approvalRow(task: Task, state: LaneState): GateRow {
  const base = { condition: 'approval' as const, name: 'approval' };
  if (
    state.policy.gate.approvals === 0 &&
    !task.approval &&
    protectedPathsOf(state.policy, task).length === 0
  ) {
    return task.pull?.headSha === task.ejectedHead
      ? {
          ...base,
          state: 'pending',
          detail: 'the queue has ejected this commit: push another, or approve it',
        }
      : { ...base, state: 'ok', detail: 'not asked for by the policy' };
  }
  if (!task.approval) return { ...base, state: 'pending', detail: 'nobody has approved this commit' };
  if (!approvalHolds(task.approval, task, state))
    return { ...base, state: 'failed', detail: 'was for another commit' };
  return { ...base, state: 'ok', detail: `by ${task.approval.by}` };
}

/** The gate's conditions, one row each, in the order in which people read them. */
export function gateOf(task: Task, state: LaneState): GateRow[] {
  const rows = [...checkRows(task, state), arbiterRow(task), approvalRow(task, state)];
  for (const { what } of prerequisitesToWaitFor(state, task)) {
    rows.push({ condition: 'dependency', name: 'dependency', state: 'pending', detail: what });
  }
  if (task.suspension) {
    const { what } = suspensionWait(task, task.suspension);
    rows.push({ condition: 'edit', name: 'edited text', state: 'pending', detail: what });
  }
  for (const { what } of holdWaits(task)) {
    rows.push({ condition: 'hold', name: 'hold', state: 'pending', detail: what });
  }
  if (!task.pull?.open)
    rows.push({ condition: 'pull', name: 'pull request', state: 'failed', detail: 'is not open' });
  return rows;
}

export function gateIsOpen(task: Task, state: LaneState): boolean {
  return gateOf(task, state).every((row) => row.state === 'ok');
}
