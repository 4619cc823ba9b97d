/** The coordination plan for people and programs. */
import type { CoordinationPlan, PlannedPair, PlannedTask } from '../core/task/plan-lane.ts';
import { escapeSentence, inlineCode } from './escape.ts';
import { removeInvisible } from './hidden-text.ts';
import { shorten } from './shorten.ts';

export const planFormats = ['table', 'json', 'jsonl', 'markdown'] as const;
export type PlanFormat = (typeof planFormats)[number];

const headings = ['Wave', 'Issue', 'Title', 'Owns', 'Depends on', 'Agent', 'Minutes', 'Status'];

function statusOf(task: PlannedTask): string {
  if (task.state !== 'waiting') return task.state;
  if (task.wave === 1) return 'can start';
  if (task.wave !== null) return `starts after ${task.starts} min`;
  return task.waitsOn[0]?.what ?? 'waits';
}

function needsPerson({ protectedPaths }: PlannedTask): string {
  return protectedPaths.length === 0 ? '' : `; a person must approve ${protectedPaths.join(', ')}`;
}

function ownsOf({ owns }: PlannedTask): string {
  if (owns.includes('**')) return 'everything';
  const more = owns.length > 4 ? ` +${owns.length - 4}` : '';
  return owns.slice(0, 4).join(' ') + more;
}

function cellsOf(task: PlannedTask): string[] {
  return [
    task.wave === null ? '–' : String(task.wave),
    `#${task.issue}`,
    task.title,
    ownsOf(task),
    task.dependsOn.join(' ') || '–',
    task.agent ?? 'any',
    String(task.minutes),
    statusOf(task) + needsPerson(task),
  ].map((cell) => removeInvisible(cell).replace(/\s+/gu, ' '));
}

function describePair({ a, b, kind, paths }: PlannedPair): string {
  const where = paths.includes('**') ? 'the whole repository' : shorten(paths.join(', '), 200);
  return kind === 'joint'
    ? `#${a} and #${b} both change ${where}: side by side, but one lands before the other touches it`
    : `#${a} and #${b} collide on ${where}: one after the other`;
}

/** What the plan is worth, in one sentence. */
export function worthOf({ serialMinutes, planMinutes, speedUp, tasks }: CoordinationPlan): string {
  if (serialMinutes === 0) return tasks.length === 0 ? 'No task is open.' : 'Nothing can run at present.';
  return `About ${planMinutes} minutes side by side, ${serialMinutes} one after the other${speedUp > 1 ? `: ${speedUp} times as fast` : ', so nothing is won'}, if each task takes its budget and review takes no time.`;
}

function inOrderOfWaves(tasks: readonly PlannedTask[]): PlannedTask[] {
  return [...tasks].sort((x, y) => (x.wave ?? Infinity) - (y.wave ?? Infinity) || x.issue - y.issue);
}

function pairLines({ pairs, morePairs }: CoordinationPlan): string[] {
  return [...pairs.map(describePair), ...(morePairs ? ['and more'] : [])];
}

function renderTable(plan: CoordinationPlan): string {
  const rows = inOrderOfWaves(plan.tasks).map((task) => cellsOf(task).map((cell) => shorten(cell, 48)));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    plan.lane,
    '',
    ...(rows.length > 0 ? [line(headings), line(widths.map((width) => '-'.repeat(width)))] : []),
    ...rows.map(line),
    ...(rows.length > 0 ? [''] : []),
    ...pairLines(plan),
    ...(plan.pairs.length > 0 ? [''] : []),
    worthOf(plan),
  ].join('\n');
}

function renderMarkdown(plan: CoordinationPlan): string {
  const cell = (text: string) => escapeSentence(shorten(text, 200)).replaceAll('|', '\\|');
  const rows = inOrderOfWaves(plan.tasks).map((task) => {
    const [wave = '', issue = '', title = '', , depends = '', agent = '', minutes = '', status = ''] =
      cellsOf(task);
    const owns = task.owns.slice(0, 4).map(inlineCode).join(' ') + (task.owns.length > 4 ? ' …' : '');
    return `| ${wave} | ${issue} | ${cell(title)} | ${owns} | ${depends} | ${cell(agent)} | ${minutes} | ${cell(status)} |`;
  });
  return [
    `## Coordination plan of ${inlineCode(plan.lane)}`,
    '',
    ...(rows.length > 0
      ? [`| ${headings.join(' | ')} |`, `|${headings.map(() => '---').join('|')}|`, ...rows, '']
      : []),
    ...pairLines(plan).map((text) => `- ${escapeSentence(text)}`),
    ...(plan.pairs.length > 0 ? [''] : []),
    worthOf(plan),
  ].join('\n');
}

/** One object a line: the tasks, then the pairs, then what it is worth. */
function renderLines(plan: CoordinationPlan): string {
  const { lane, tasks, pairs, waves, morePairs, serialMinutes, planMinutes, speedUp } = plan;
  return [
    ...tasks.map((task) => ({ kind: 'task', lane, ...task })),
    ...pairs.map(({ kind, ...pair }) => ({ kind: 'pair', lane, on: kind, ...pair })),
    { kind: 'plan', lane, waves, morePairs, serialMinutes, planMinutes, speedUp },
  ]
    .map((each) => JSON.stringify(each))
    .join('\n');
}

export function renderPlan(plan: CoordinationPlan, format: PlanFormat): string {
  switch (format) {
    case 'table':
      return renderTable(plan);
    case 'json':
      return JSON.stringify(plan, null, 2);
    case 'jsonl':
      return renderLines(plan);
    case 'markdown':
      return renderMarkdown(plan);
    default:
      return format satisfies never;
  }
}
