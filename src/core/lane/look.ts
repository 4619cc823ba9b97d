/** A look: what is to be read again on GitHub. An event, a sweep or an effect asks for one. */
export type LookKind = 'base' | 'policy' | 'issue' | 'pull' | 'checks' | 'comment';

/** `subject` is the issue's, PR's or comment's number, a commit's SHA, or empty. */
export interface Look {
  kind: LookKind;
  subject: string;
}
