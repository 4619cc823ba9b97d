import { createHash } from 'node:crypto';
import type { CheckAction } from './facts.ts';

/** A look: what is to be read again on GitHub. An event, a sweep or an effect asks for one. */
export type LookKind =
  | 'base'
  | 'policy'
  | 'issue'
  | 'elsewhere'
  | 'pull'
  | 'checks'
  | 'comment'
  | 'run'
  | 'action'
  | 'opinion';

/**
 * `subject` is the or PR's number (`owner/repo#7` elsewhere), a commit's SHA, or empty: the policy's is empty
 * for the one in force, and a head's SHA for what a PR would make of it. A comment's is its number, and where a webhook
 * told of it, `<number>:<hash of the words it was written with>`.
 */
export interface Look {
  kind: LookKind;
  subject: string;
}

/** The look at a new comment. `body` is what it said when it was written, where that is known. */
export function lookAtComment(id: number, body: string | null): Look {
  return { kind: 'comment', subject: body === null ? String(id) : `${id}:${hashOfWords(body)}` };
}

/** Reads the subject of a comment's look. */
export function readCommentSubject(subject: string): { id: number; hash: string | null } {
  const [id = '', hash = null] = subject.split(':');
  return { id: Number(id), hash };
}

/** A button of our check run that somebody pressed; `id` is that of the delivery that told of it. */
export interface Press {
  action: CheckAction;
  headSha: string;
  by: string;
  id: string;
}

export function lookAtPress({ action, headSha, by, id }: Press): Look {
  return { kind: 'action', subject: [action, headSha, by, id].join(':') };
}

/** Reads the subject of a press; null for a button that is none of ours. */
export function readActionSubject(subject: string): Press | null {
  const [action = '', headSha = '', by = '', id = ''] = subject.split(':');
  const known = (['retry', 'explain', 'override'] as const).find((each) => each === action);
  return known ? { action: known, headSha, by, id } : null;
}

/** Tells whether a text has been edited since, without keeping it. */
export function hashOfWords(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
