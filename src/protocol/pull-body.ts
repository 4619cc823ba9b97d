/** The title and body of a task's pull request. */
import type { Spec } from '../core/lane/state.ts';
import { escapeLine, escapePlain, escapeText, inlineCode } from './escape.ts';
import { shorten } from './shorten.ts';
import { stickyMarker } from './sticky-marker.ts';
import { linesWithin } from './take-within.ts';

export interface PullBodyInput {
  issue: number;
  spec: Spec;
  /** The files that the pull request changes, once it does. */
  pullFiles?: readonly string[];
  agent: string;
  correlationId: string;
  lane: string;
}

const longestSummary = 4_000;
const longestCriterion = 300;

/** The pull request's title: the issue's, made harmless, because GitHub may use it as a commit's first line. */
export function renderPullTitle(spec: Spec): string {
  return shorten(escapePlain(spec.title), 240);
}

/** Summary, what it closes, acceptance, files, dependencies, agent; and a hidden marker. */
export function renderPullBody({
  issue,
  spec,
  pullFiles,
  agent,
  correlationId,
  lane,
}: PullBodyInput): string {
  const isShort = spec.requirements.length <= longestSummary;
  const sections = [
    stickyMarker({ lane, issue, on: 'pull' }),
    '## Summary',
    escapeText(shorten(spec.requirements === '' ? spec.title : spec.requirements, longestSummary)),
    isShort ? null : `This is shortened; the whole text is in the issue.`,
    `Closes #${issue}`,
    ...section('Acceptance', spec.acceptance, (one) => `- [ ] ${escapeLine(shorten(one, longestCriterion))}`),
    ...(spec.ownsDeclared
      ? section('Owned files', spec.owns, (one) => `- ${inlineCode(one)}`)
      : ['## Owned files', 'The whole repository: the issue names no files.']),
    ...section('Changed files', pullFiles ?? [], (one) => `- ${inlineCode(one)}`),
    ...section('Depends on', spec.dependsOn, (one) => `- #${one}`),
    '## Agent',
    `${inlineCode(agent)}, correlation id ${inlineCode(correlationId)}`,
  ];
  return sections.filter((part) => part !== null).join('\n\n');
}

function section<Item>(title: string, items: readonly Item[], render: (item: Item) => string): string[] {
  if (items.length === 0) return [];
  return [`## ${title}`, linesWithin(items.map(render), 8_000).join('\n')];
}
