/** Reads an issue's body: the headings of the issue form, wherever they stand, and otherwise free text. */
import type { RootContent } from 'mdast';
import { type Budget, readBudget } from './budget-text.ts';
import { stripHidden } from './hidden-text.ts';
import { dependsOnLines, type IssueReference, referencesIn } from './issue-references.ts';
import { itemsIn, pathsIn } from './list-text.ts';
import { type Document, readMarkdown, spanOf, wordsOf } from './markdown.ts';

/** What an issue asks for. `problems` are sentences about what was not understood. */
export interface IssueForm {
  requirements: string;
  design: string;
  acceptance: string[];
  ownedFiles: string[];
  dependsOn: IssueReference[];
  budget: Budget;
  /** What stands before and between the known headings. Without any heading, everything is the requirements. */
  freeText: string;
  problems: string[];
  /** How many hidden pieces (comments, invisible characters) were taken out before reading. */
  hidden: number;
}

type SectionName = 'requirements' | 'design' | 'acceptance' | 'owned' | 'depends' | 'budget';

const sectionNames = new Map<string, SectionName>([
  ['requirements', 'requirements'],
  ['requirement', 'requirements'],
  ['design', 'design'],
  ['acceptance criteria', 'acceptance'],
  ['acceptance', 'acceptance'],
  ['owned files', 'owned'],
  ['files owned', 'owned'],
  ['depends on', 'depends'],
  ['dependencies', 'depends'],
  ['budget', 'budget'],
]);

type Sections = Record<SectionName | 'free', RootContent[]>;

/** Reads the body of an issue. Never fails: what it does not understand is in `problems`. */
export function parseIssueForm(body: string): IssueForm {
  const visible = stripHidden(body);
  const document = readMarkdown(visible.text);
  if (document.tree === null) return tangledForm(document.source.trim(), visible.hidden);
  const sections = splitSections(document.tree.children);
  const anyKnown = Object.entries(sections).some(([name, nodes]) => name !== 'free' && nodes.length > 0);
  const free = textOf(document, sections.free);
  const requirements = textOf(document, sections.requirements);
  const owned = pathsIn(document, answered(sections.owned));
  const budget = readBudget(answered(sections.budget).flatMap((node) => itemsIn(document, [node])));
  const depends = readDependsSection(answered(sections.depends));
  const dependsNodes = new Set(sections.depends);
  const elsewhere = document.tree.children.filter((node) => !dependsNodes.has(node));
  return {
    requirements: anyKnown ? requirements : free,
    design: textOf(document, sections.design),
    acceptance: itemsIn(document, answered(sections.acceptance)),
    ownedFiles: owned.patterns,
    dependsOn: withoutRepeats([...depends.references, ...dependsOnLines(elsewhere)]),
    budget: budget.budget,
    freeText: anyKnown ? free : '',
    problems: [...owned.problems, ...depends.problems, ...budget.problems],
    hidden: visible.hidden,
  };
}

/** A heading that is not ours belongs to our section when it is deeper than our heading, and ends it otherwise. */
function splitSections(nodes: readonly RootContent[]): Sections {
  const sections: Sections = {
    requirements: [],
    design: [],
    acceptance: [],
    owned: [],
    depends: [],
    budget: [],
    free: [],
  };
  let current: SectionName | 'free' = 'free';
  let depth = 7;
  for (const node of nodes) {
    if (node.type === 'heading') {
      const known = sectionNames.get(headingWords(node));
      if (known !== undefined) {
        current = known;
        depth = node.depth;
        continue;
      }
      if (node.depth <= depth) current = 'free';
    }
    sections[current].push(node);
  }
  return sections;
}

function headingWords(node: RootContent): string {
  return wordsOf(node).replace(/\s+/gu, ' ').trim().replace(/\s*:$/u, '').toLowerCase();
}

/** The section without GitHub's own "_No response_". */
function answered(nodes: readonly RootContent[]): RootContent[] {
  return nodes.filter((node) => !(node.type === 'paragraph' && /^no response$/iu.test(wordsOf(node).trim())));
}

/** The source of a section; nodes that follow each other are cut out in one piece, so that nothing is reformatted. */
function textOf(document: Document, nodes: readonly RootContent[]): string {
  const pieces: [number, number][] = [];
  const places = new Map((document.tree?.children ?? []).map((node, place) => [node, place]));
  let previous = Number.NaN;
  for (const node of answered(nodes)) {
    const [start, end] = spanOf(node);
    const last = pieces.at(-1);
    const place = places.get(node) ?? Number.NaN;
    if (last !== undefined && place === previous + 1) last[1] = end;
    else pieces.push([start, end]);
    previous = place;
  }
  return pieces
    .map(([start, end]) => document.source.slice(start, end).trim())
    .join('\n\n')
    .trim();
}

function readDependsSection(nodes: readonly RootContent[]): {
  references: IssueReference[];
  problems: string[];
} {
  const text = nodes.map((node) => sectionWords(node)).join('\n');
  const references = referencesIn(text);
  const saysNone = /^[\s\-–—.]*(?:none|nothing|no|n\/a)?[\s\-–—.]*$/iu.test(text);
  const problems =
    references.length === 0 && !saysNone
      ? ['"Depends on" names no issue that I can read: write #7, owner/repo#7 or the address of the issue.']
      : [];
  return { references, problems };
}

/** The words of a node with a line for each of its parts and the addresses of its links. */
function sectionWords(node: RootContent): string {
  if (node.type === 'list')
    return node.children.map((item) => item.children.map(sectionWords).join('\n')).join('\n');
  if (node.type !== 'paragraph') return wordsOf(node);
  return node.children
    .map((child) =>
      child.type === 'link' && !/#\d/u.test(wordsOf(child)) ? ` ${child.url} ` : wordsOf(child),
    )
    .join('');
}

function withoutRepeats(references: readonly IssueReference[]): IssueReference[] {
  return [
    ...new Map(references.map((one) => [`${one.repo?.toLowerCase() ?? ''}#${one.number}`, one])).values(),
  ];
}

function tangledForm(text: string, hidden: number): IssueForm {
  return {
    requirements: text,
    design: '',
    acceptance: [],
    ownedFiles: [],
    dependsOn: [],
    budget: { minutes: null, tokens: null, usd: null },
    freeText: '',
    problems: [
      'The text has too many Markdown marks to be read: its headings, owned files and dependencies were not understood.',
    ],
    hidden,
  };
}
