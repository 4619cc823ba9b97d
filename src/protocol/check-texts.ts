/** What the check run `signalbox/queue` says, and why an entry leaves the queue. */
import type { EjectionCode } from '../core/lane/facts.ts';
import type { QueueRow, Wait } from '../core/lane/view.ts';
import type { AfterEjection } from '../core/task/ejection-record.ts';
import { escapeSentence, inlineCode } from './escape.ts';
import { renderMinute } from './minute.ts';
import { shorten } from './shorten.ts';
import { renderWait } from './standing-text.ts';
import { linesWithin } from './take-within.ts';

/** Where a pull request stands with the queue. */
export type QueueStanding =
  | { kind: 'outside'; waitsOn: readonly Wait[]; pull: number }
  | { kind: 'in-queue'; row: QueueRow }
  | { kind: 'landed'; sha: string; at: string }
  | { kind: 'ejected'; code: EjectionCode; reason: string; after?: AfterEjection | undefined }
  | { kind: 'gone'; reason: string };

export interface QueueCheckText {
  status: 'queued' | 'in_progress' | 'completed';
  conclusion?: 'success' | 'failure' | 'neutral';
  title: string;
  summary: string;
}

/** Informational: outside the queue it is neutral, so that it never looks as if something were running. */
export function renderQueueCheck(standing: QueueStanding): QueueCheckText {
  switch (standing.kind) {
    case 'outside':
      return {
        status: 'completed',
        conclusion: 'neutral',
        title: 'Not in the queue',
        summary: renderOutside(standing),
      };
    case 'in-queue':
      return renderInQueue(standing.row);
    case 'landed':
      return {
        status: 'completed',
        conclusion: 'success',
        title: 'Landed',
        summary: `Landed as ${inlineCode(standing.sha.slice(0, 12))} at ${renderMinute(standing.at)}.`,
      };
    case 'ejected':
      return {
        status: 'completed',
        conclusion: 'failure',
        title: `Left the queue: ${ejectionWords[standing.code].what}`,
        summary: `${escapeSentence(shorten(standing.reason, 1_000))}\n\n${afterEjectionWords(standing.code, standing.after)}`,
      };
    case 'gone':
      return {
        status: 'completed',
        conclusion: 'neutral',
        title: 'Not in the queue',
        summary: escapeSentence(shorten(standing.reason, 1_000)),
      };
    default:
      return standing satisfies never;
  }
}

function renderOutside({ waitsOn, pull }: { waitsOn: readonly Wait[]; pull: number }): string {
  if (waitsOn.length === 0) return 'It enters the queue as soon as its gate holds.';
  const lines = linesWithin(
    waitsOn.map((wait) => renderWait(wait, pull)),
    20_000,
  );
  return ['It enters the queue as soon as its gate holds. It waits on:', '', ...lines].join('\n');
}

const quarterMs = 15 * 60_000;

/** To the quarter of an hour: what moves with every minute would be published anew with every event. */
function renderQuarter(at: string, round: (quarters: number) => number): string {
  return renderMinute(new Date(round(Date.parse(at) / quarterMs) * quarterMs).toISOString());
}

function renderInQueue(row: QueueRow): QueueCheckText {
  const lands = row.lands
    ? ` It will probably land between ${renderQuarter(row.lands.from, Math.floor)} and ${renderQuarter(row.lands.to, Math.ceil)}.`
    : '';
  const place = `Position ${row.position}, in the queue since ${renderMinute(row.enteredAt)}.${lands}`;
  const waits = linesWithin(
    row.waitsOn.map((wait) => renderWait(wait, row.pull)),
    20_000,
  );
  const summary = waits.length === 0 ? place : `${place} It waits on:\n\n${waits.join('\n')}`;
  const candidate = row.build === null ? 'a candidate' : `candidate ${row.build}`;
  switch (row.status) {
    case 'queued':
      return { status: 'queued', title: `In the queue at position ${row.position}`, summary };
    case 'testing':
      return { status: 'in_progress', title: `Being tested in ${candidate}`, summary };
    case 'landing':
      return { status: 'in_progress', title: `Landing with ${candidate}`, summary };
    default:
      return row.status satisfies never;
  }
}

/** Why an entry leaves the queue, in a few words, and what brings it back. */
export const ejectionWords: Record<EjectionCode, { what: string; todo: string }> = {
  conflict: {
    what: 'it conflicts with what landed before it',
    todo: 'Merge the base branch into this branch, settle the conflict and push. Then type `/approve` again.',
  },
  'checks-failed': {
    what: 'it failed in CI',
    todo: 'Look at the failed check and push a fix if one is needed. Then type `/approve` again.',
  },
  'head-moved': {
    what: 'there is a new commit',
    todo: 'Look at the new commit, then type `/approve` again.',
  },
  'approval-void': {
    what: 'its approval no longer holds',
    todo: 'Look at the changes once more, then type `/approve` again.',
  },
  'pull-closed': {
    what: 'the pull request was closed',
    todo: 'Reopen the pull request, then type `/approve` again.',
  },
  'check-timeout': {
    what: 'CI did not finish in time',
    todo: 'Look at why CI did not answer. Then type `/approve` again.',
  },
  interrupted: {
    what: 'CI was interrupted time and again',
    todo: 'Look at why its runs are cancelled. Then type `/approve` again.',
  },
  refused: {
    what: 'GitHub refused it',
    todo: 'Have what GitHub says above put right. Then type `/approve` again.',
  },
};

/** What a person is to do after an ejection; nothing, where its agent gets it back. */
export function afterEjectionWords(code: EjectionCode, after: AfterEjection = 'author'): string {
  switch (after) {
    case 'author':
      return ejectionWords[code].todo;
    case 'agent':
      return 'Nothing now. The next attempt starts on this branch and gets all of this as data; what it makes is for you to approve, as before. To keep it from starting, type `/hold` in a comment.';
    case 'person':
      return 'A person is asked how this is to go on.';
    default:
      return after satisfies never;
  }
}
