/** Finds the issues that a text names: `#7`, `owner/repo#7`, or the address of an issue. */
import type { RootContent } from 'mdast';
import type { IssueReference } from '../core/task/specification.ts';
import { visit, wordsOf } from './markdown.ts';

export type { IssueReference } from '../core/task/specification.ts';

const short = /(?<![\w/#&.-])(?:(?<repo>[\w-]{1,39}\/[\w.-]{1,100}))?#(?<number>\d{1,9})(?![\w-])/gu;
const address =
  /https?:\/\/[^\s/]+\/(?<repo>[\w-]{1,39}\/[\w.-]{1,100})\/(?:issues|pull)\/(?<number>\d{1,9})(?!\d)/gu;
const dependsOn = /^\s*(?:this )?depends[ -]on\b:?(?<what>.*)$/iu;

/** Every issue named in a text, in order of appearance; addresses first. */
export function referencesIn(text: string): IssueReference[] {
  const withoutAddresses = text.replace(address, ' ');
  return [...text.matchAll(address), ...withoutAddresses.matchAll(short)]
    .map(({ groups }) => ({ number: Number(groups?.number), repo: groups?.repo ?? null }))
    .filter(({ number }) => number > 0);
}

/** GitHub's docs, "Linking a pull request to an issue": the words that close one. */
const closing = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+(?<what>\S+)/giu;

/** The issues that a pull request says it closes, in order. */
export function closedIssues(text: string): IssueReference[] {
  return [...text.matchAll(closing)].flatMap(({ groups }) => referencesIn(groups?.what ?? '').slice(0, 1));
}

/** The issues of lines such as `Depends on #7` or `Depends-on: #7, #8`, in paragraphs and lists, not in code or quotes. */
export function dependsOnLines(nodes: readonly RootContent[]): IssueReference[] {
  const found: IssueReference[] = [];
  visit(nodes, (node) => {
    if (node.type === 'paragraph') {
      const visible = node.children
        .map((child) => (child.type === 'inlineCode' ? '`' : lineWords(child)))
        .join('');
      for (const line of visible.split('\n'))
        found.push(...referencesIn(dependsOn.exec(line)?.groups?.what ?? ''));
    }
    return node.type === 'list' || node.type === 'listItem';
  });
  return found;
}

function lineWords(node: RootContent): string {
  return node.type === 'link' && !/#\d/u.test(wordsOf(node)) ? ` ${node.url} ` : wordsOf(node);
}
