/** The one comment on a task's issue that is edited in place. */
import type { PlanRow } from '../core/lane/view.ts';
import { renderGraph } from './graph-text.ts';
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
import { renderVersionChange } from './version-text.ts';

/** Where the task stands, what it waits on, and its part of the plan. Equal states give equal texts. */
export function renderIssueComment(row: PlanRow, extra: CommentExtra): string {
  return [
    stickyMarker({ lane: extra.lane, issue: row.issue, on: 'issue' }),
    renderHeading(row),
    renderPersonNeeded(row),
    renderWaits(row.waitsOn, row.pull),
    renderRemarks(extra),
    renderCollisions(extra.collisions),
    renderGraph(extra.graph, row.issue),
    renderPlanFacts(row),
    renderVersionChange(row.version, row.change),
    renderEnd(extra),
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}
