/** What two versions of a specification differ in: as names of parts, and as lines that people can read. */
import { createTwoFilesPatch } from 'diff';
import type { Spec } from '../lane/state.ts';

export type SpecPart =
  | 'title'
  | 'requirements'
  | 'design'
  | 'acceptance'
  | 'owns'
  | 'dependencies'
  | 'budget';

/** Parts that say what is to be done; the others only say where, after what and at what cost. */
const workParts: ReadonlySet<SpecPart> = new Set(['title', 'requirements', 'design', 'acceptance']);

function partsOf(spec: Spec): Record<SpecPart, unknown> {
  return {
    title: spec.title,
    requirements: spec.requirements,
    design: spec.design,
    acceptance: spec.acceptance,
    owns: spec.owns,
    dependencies: [spec.dependsOn, spec.dependsElsewhere],
    budget: spec.budget,
  };
}

/** The parts that differ, in the order of the issue form. */
export function changedParts(before: Spec, after: Spec): SpecPart[] {
  const [old, now] = [partsOf(before), partsOf(after)];
  return (Object.keys(old) as SpecPart[]).filter(
    (part) => JSON.stringify(old[part]) !== JSON.stringify(now[part]),
  );
}

/** Whether an agent that works at `before` would do something else at `after`. */
export function changesWork(before: Spec, after: Spec): boolean {
  return changedParts(before, after).some((part) => workParts.has(part));
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function amounts({ budget }: Spec): string[] {
  return Object.entries(budget).flatMap(([unit, amount]) => (amount === null ? [] : [`${amount} ${unit}`]));
}

function linesOf(spec: Spec): string {
  const text = (value: string): string[] => (value === '' ? [] : value.split('\n'));
  return [
    `Title: ${spec.title}`,
    ...section('Requirements', text(spec.requirements)),
    ...section('Design', text(spec.design)),
    ...section('Acceptance criteria', spec.acceptance),
    ...section('Owned files', spec.owns),
    ...section('Depends on', [...spec.dependsOn.map((issue) => `#${issue}`), ...spec.dependsElsewhere]),
    ...section('Budget', amounts(spec)),
    '',
  ].join('\n');
}

/** More would fill the journal and the comment; the whole text is in the issue. */
const mostLines = 80;
const longestLine = 300;

/** The difference as a unified diff without its header, cut to a bounded length. */
export function diffSpecs(before: Spec, after: Spec): string {
  const patch = createTwoFilesPatch('before', 'after', linesOf(before), linesOf(after), '', '', {
    context: 1,
  });
  const lines = patch
    .split('\n')
    .filter((line) => /^[ +-]/u.test(line) && !/^(?:---|\+\+\+) (?:before|after)/u.test(line))
    .map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}…` : line));
  const rest = lines.length - mostLines;
  return [...lines.slice(0, mostLines), ...(rest > 0 ? [`(${rest} more lines)`] : [])].join('\n');
}
