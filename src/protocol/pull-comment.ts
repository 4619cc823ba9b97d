/** The one comment on a task's pull request that is edited in place. */
import type { GateRow } from '../core/gate/gate.ts';
import type { Build } from '../core/lane/queue-state.ts';
import type { Task } from '../core/lane/state.ts';
import type { PlanRow, QueueRow } from '../core/lane/view.ts';
import { escapeLine, inlineCode, renderLink } from './escape.ts';
import { renderGraph } from './graph-text.ts';
import { shorten } from './shorten.ts';
import {
  type CommentExtra,
  renderCollisions,
  renderEnd,
  renderHeading,
  renderPersonNeeded,
  renderPlanFacts,
  renderRemarks,
  renderWaits,
} from './standing-text.ts';
import { stickyMarker } from './sticky-marker.ts';
import { renderTry } from './try-text.ts';

/** `gate` is what gateOf() says of the task. */
export interface PullCommentExtra extends CommentExtra {
  gate: readonly GateRow[];
  /** The newest try of the present head. */
  tried: Build | null;
}

const gateWords = { ok: 'holds', pending: 'open', failed: 'does not hold' } as const satisfies Record<
  GateRow['state'],
  string
>;

/** Where the pull request stands on its way into the base branch. Equal states give equal texts. */
export function renderPullComment(
  row: PlanRow,
  queue: QueueRow | null,
  task: Task,
  extra: PullCommentExtra,
): string {
  return [
    stickyMarker({ lane: extra.lane, issue: row.issue, on: 'pull' }),
    renderHeading(row, queue),
    renderPersonNeeded(row),
    renderWaits(row.waitsOn, row.pull),
    renderRemarks(extra),
    renderCollisions(extra.collisions),
    renderTry(extra.tried),
    renderGate(task, extra.gate),
    renderGraph(extra.graph, row.issue),
    renderPlanFacts(row),
    renderEnd(extra),
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** Every condition with its state. What a person must do about one is said above, once. */
function renderGate(task: Task, gate: readonly GateRow[]): string | null {
  if (gate.length === 0 || task.state === 'completed' || task.state === 'cancelled') return null;
  const rows = gate.map(
    (row) => `| ${nameOf(row, task)} | ${gateWords[row.state]} | ${escapeLine(shorten(row.detail, 200))} |`,
  );
  const head = task.pull === null ? '' : ` at ${inlineCode(task.pull.headSha.slice(0, 12))}`;
  return [`| Gate${head} | | |`, '|---|---|---|', ...rows].join('\n');
}

function nameOf(row: GateRow, task: Task): string {
  switch (row.condition) {
    case 'checks': {
      const url = task.pull?.checks.find((check) => check.name === row.name)?.url ?? null;
      return `CI: ${renderLink(row.name, url)}`;
    }
    case 'arbiter':
      return 'Arbiter';
    case 'opinion':
      return 'Second opinion';
    case 'approval':
      return row.name === 'owners' ? 'Owners' : row.name === 'review' ? 'Review' : 'Approval';
    case 'dependency':
      return 'Prerequisite';
    case 'hold':
      return 'Hold';
    case 'edit':
      return 'Edited text';
    case 'pull':
      return 'Pull request';
    default:
      return row.condition satisfies never;
  }
}
