/** What people are told about versions: what changed, and an edit that waits for somebody's word. */
import type { Suspension, VersionNote } from '../core/lane/state.ts';
import { escapeLine, inlineCode } from './escape.ts';
import { renderMinute } from './minute.ts';
import { shorten } from './shorten.ts';

const howWords: Record<VersionNote['how'], string> = {
  edit: 'edited by',
  label: 'accepted with the label by',
  approval: 'accepted by',
  command: 'changed by a command of',
};

/** The change that made the present version, folded; null for the first version. */
export function renderVersionChange(version: number, change: VersionNote | null): string | null {
  if (change === null) return null;
  const title = `Version ${version}, ${howWords[change.how]} ${inlineCode(change.by)}, ${renderMinute(change.at)}`;
  return [`<details><summary>${title}</summary>`, '', fenced(change.diff), '', '</details>'].join('\n');
}

/** A fence longer than any in the text, so that nothing in the text can end it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}diff`, text, fence].join('\n');
}

/** An edit that counts for nothing yet: who wrote it, and how somebody with write access accepts it. */
export function renderSuspensionNotice(of: {
  issue: number;
  version: number;
  by: string | null;
  why: string | null;
  pending: Suspension['pending'];
}): string {
  const who = of.by === null ? 'The text of this issue was edited' : `${inlineCode(of.by)} edited this issue`;
  const head = ['### A person is needed', `${who} after version ${of.version} had been accepted.`];
  if (of.why !== null) {
    return [
      ...head,
      `It cannot be taken as it is now: ${escapeLine(shorten(of.why, 1_000))}`,
      '**What to do:** edit the issue again. Until then nothing of it starts or lands.',
    ].join('\n\n');
  }
  return [
    ...head,
    'Nobody with write access has accepted the new text, so nothing of it starts or lands.',
    [
      '**What to do**',
      '',
      `- To accept the text, read it, then type ${inlineCode(`/approve ${of.pending?.hash.slice(0, 12) ?? ''}`.trim())} in a comment on this issue, or remove the label \`agent-ready\` and set it again.`,
      '- To refuse it, put the old text back.',
    ].join('\n'),
  ].join('\n\n');
}

/** A prerequisite that nobody will do. */
export function renderQuestionNotice(of: { issue: number; prerequisite: string; linked: boolean }): string {
  return [
    '### A person is needed',
    `#${of.issue} depends on ${of.prerequisite}, which was closed as not planned. Is it to be done all the same?`,
    [
      '**What to do**',
      '',
      of.linked
        ? `- To go on without it, remove the link to ${of.prerequisite} ("blocked by" or sub-issue) in this issue's sidebar.`
        : `- To go on without it, type \`/independent ${of.prerequisite}\` in a comment.`,
      '- To give this task up, type `/cancel` in a comment.',
      `- To wait for it, reopen ${of.prerequisite}.`,
    ].join('\n'),
  ].join('\n\n');
}
