/** New comments about pull requests that Signalbox did not open. */
import { escapeLine, inlineCode, renderLink } from './escape.ts';

/** Under a PR that is not the task's. */
export function renderPullRefused(of: {
  issue: number;
  instead: number | null;
  why: 'trusted' | 'fork' | 'stranger';
}): string {
  const place = of.instead === null ? `the issue #${of.issue}` : `#${of.instead}`;
  const reason = {
    trusted: `#${of.issue} is being worked on already: ${of.instead === null ? 'see there' : `in #${of.instead}`}.`,
    fork: `#${of.issue} is a task, and its pull request must come from a branch of this repository.`,
    stranger: `#${of.issue} is a task, and only people with write access or its agent may do it here.`,
  }[of.why];
  return [
    '### This pull request is not taken into the queue',
    reason,
    `**What to do:** say what you have on ${place}, or close this one. Nothing here is judged or landed by Signalbox.`,
  ].join('\n\n');
}

/** Under an issue whose agent works by being assigned, which an App may not do. */
export function renderAssignmentWish(of: {
  issue: number;
  agent: string;
  login: string;
  /** Where whoever asked for the task can let Signalbox do it; null where that is not set up. */
  signIn: { by: string; url: string } | null;
}): string {
  return [
    '### One click is needed',
    `#${of.issue} is ${inlineCode(of.agent)}'s, and GitHub lets only people assign it.`,
    `**What to do:** add ${inlineCode(escapeLine(of.login))} as an assignee of this issue. Its pull request is found when it opens.`,
    of.signIn &&
      `To have it done in your name next time, ${inlineCode(of.signIn.by)}, open ${renderLink('this page', of.signIn.url)} once.`,
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}
