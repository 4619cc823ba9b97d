/** `signalbox plan`: the plan of what the ledger has, or of issues that nobody has asked for yet. Reads only. */
import type { Kysely } from 'kysely';
import type { Policy } from '../core/policy.ts';
import { type DryIssue, laneOfIssues } from '../core/task/plan-dry-run.ts';
import { planLane } from '../core/task/plan-lane.ts';
import { makeSpec } from '../core/task/specification.ts';
import { keyOf, type LaneRow, listLanes } from '../ledger/lanes.ts';
import { loadForReading } from '../ledger/load-lane.ts';
import type { DB } from '../ledger/schema.ts';
import { stripHidden } from '../protocol/hidden-text.ts';
import type { IssueText } from '../protocol/issue-files.ts';
import { parseIssueForm } from '../protocol/issue-form.ts';
import { type PlanFormat, renderPlan } from '../protocol/plan-text.ts';

const nameOf = ({ owner, repo, base }: LaneRow): string => `${owner}/${repo}@${base}`;

/** @param lane `owner/repo` or `owner/repo@base`; null for every lane */
export async function planOfLedger(
  db: Kysely<DB>,
  lane: string | null,
  format: PlanFormat,
): Promise<{ text: string; ok: boolean }> {
  const all = (await listLanes(db)).filter((row) => row.owner !== '');
  const meant = all.filter(
    (row) => lane === null || nameOf(row) === lane || `${row.owner}/${row.repo}` === lane,
  );
  if (meant.length === 0) {
    const known = all.length === 0 ? 'there are none yet' : `there are ${all.map(nameOf).join(', ')}`;
    return lane === null
      ? { text: 'There are no lanes yet.', ok: true }
      : { text: `No lane is called ${lane}; ${known}.`, ok: false };
  }
  const texts: string[] = [];
  for (const row of meant) {
    const snapshot = await loadForReading(db, keyOf(row));
    texts.push(renderPlan(planLane(snapshot, snapshot.at), format));
  }
  return { text: texts.join(format === 'jsonl' || format === 'json' ? '\n' : '\n\n'), ok: true };
}

function asDryIssue(issue: IssueText): DryIssue {
  const form = parseIssueForm(issue.body);
  const made = makeSpec({
    ...form,
    title: stripHidden(issue.title).text,
    issue: issue.number,
    repo: 'dry/run',
  });
  const why = [...form.problems, ...(made.kind === 'refused' ? made.why : [])];
  const { number, title, labels } = issue;
  const spec = why.length > 0 ? { kind: 'refused' as const, why } : made;
  return { number, title, labels, spec, hidden: form.hidden };
}

/**
 * The plan of issues as if the label were set on all of them now.
 * @returns what to print; what is to be said beside it, one sentence a line; and whether no issue was refused
 */
export function planOfIssues(
  policy: Policy,
  issues: readonly IssueText[],
  format: PlanFormat,
): { text: string; remarks: string[]; ok: boolean } {
  const { snapshot, at, refused, assumed } = laneOfIssues(policy, issues.map(asDryIssue));
  const remarks = refused.map(({ issue, why }) => `#${issue} would be refused: ${why.replaceAll('\n', ' ')}`);
  if (assumed.length > 0)
    remarks.push(`Taken to be done, because not among the issues: ${assumed.join(', ')}.`);
  return { text: renderPlan(planLane(snapshot, at), format), remarks, ok: refused.length === 0 };
}
