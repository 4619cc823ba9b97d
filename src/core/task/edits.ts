/**
 * Edits of an issue's text. The label approved one text; a later one counts when somebody who may write wrote it, or
 * has set the label again or approved it since. Anyone else's edit suspends the task: nothing starts and nothing
 * lands until a person who may write has looked (attacks on record: research on prompt injection through issues).
 */
import type { FactBody } from '../lane/facts.ts';
import type { SeenIssue } from '../lane/observation.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { acceptVersion, adjustSpec } from './versions.ts';

const mayWrite = new Set(['admin', 'maintain', 'write']);

type Authority =
  | { kind: 'trusted'; by: string; how: 'edit' | 'label'; textAt: string | null }
  | { kind: 'stranger'; by: string | null };

/** GitHub tells seconds: what happened in the same one may have happened after. */
const notBefore = (at: string, since: string | null): boolean =>
  since === null || Date.parse(at) >= Date.parse(since);

/** Who wrote after `since` without being allowed to; null when nobody did, or nobody is known to have written. */
export function strangerSince(seen: SeenIssue, since: string | null): string | null {
  const stranger = seen.edits?.find((edit) => notBefore(edit.at, since) && !mayWrite.has(edit.by.permission));
  return stranger?.by.login ?? null;
}

function authorityOf(task: Task, seen: SeenIssue): Authority {
  const { labelledBy, labelledAt } = seen;
  const isLabelledAgain =
    labelledAt !== null && task.labelledAt !== null && Date.parse(labelledAt) > Date.parse(task.labelledAt);
  if (
    isLabelledAgain &&
    labelledBy !== null &&
    labelledBy !== 'not-seen-yet' &&
    mayWrite.has(labelledBy.permission)
  ) {
    const stranger = strangerSince(seen, labelledAt);
    if (stranger === null) return { kind: 'trusted', by: labelledBy.login, how: 'label', textAt: labelledAt };
  }
  const since = task.textAt;
  const recent = (seen.edits ?? []).filter((edit) => notBefore(edit.at, since));
  const stranger = strangerSince(seen, since);
  const last = recent.at(-1);
  if (stranger !== null || last === undefined || task.suspension !== null) {
    return { kind: 'stranger', by: stranger ?? task.suspension?.by ?? null };
  }
  return { kind: 'trusted', by: last.by.login, how: 'edit', textAt: last.at };
}

/** What the present text of a task's issue amounts to, given the text that was accepted last. */
export function readEdit(state: LaneState, task: Task, seen: SeenIssue): FactBody[] {
  const { issue } = task;
  const hash = seen.spec.kind === 'ok' ? seen.spec.hash : null;
  if (hash === task.writtenHash) {
    return task.suspension === null
      ? []
      : [{ kind: 'edit-settled', issue, writtenHash: hash, textAt: task.textAt }];
  }
  // The effect that moves the base branch says what became of it; then the issue is looked at again.
  if (mayBeLanding(state, issue)) return [];
  const authority = authorityOf(task, seen);
  if (seen.spec.kind === 'ok' && authority.kind === 'trusted') {
    return acceptVersion(state, task, {
      spec: adjustSpec(seen.spec.spec, task.adjust),
      adjust: task.adjust,
      writtenHash: seen.spec.hash,
      hidden: seen.hidden,
      by: authority.by,
      how: authority.how,
      textAt: authority.textAt,
    });
  }
  const pending = seen.spec.kind === 'ok' ? { ...seen.spec, hidden: seen.hidden } : null;
  const why = seen.spec.kind === 'refused' ? seen.spec.why.join(' ') : null;
  const known = task.suspension;
  if (known && known.why === why && (known.pending?.hash ?? null) === hash) return [];
  const textAt = seen.edits?.at(-1)?.at ?? null;
  return [{ kind: 'edit-suspended', issue, by: authority.by, why, pending, textAt }];
}
