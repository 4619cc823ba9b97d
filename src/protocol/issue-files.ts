/** Issues from files, for a plan without GitHub: JSON as GitHub's API gives it, or one Markdown file an issue. */

/** An issue as a file has it. */
export interface IssueText {
  number: number;
  title: string;
  body: string;
  labels: string[];
}

export type IssuesReading = { kind: 'ok'; issues: IssueText[] } | { kind: 'refused'; problem: string };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function labelsIn(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((label) => {
    const name: unknown = isObject(label) ? label.name : label;
    return typeof name === 'string' ? [name] : [];
  });
}

function readIssue(value: unknown, place: number): IssueText | string {
  if (!isObject(value)) return `entry ${place} is no issue`;
  const { number = place, title, body, labels } = value;
  if (!Number.isInteger(number) || Number(number) < 1) return `entry ${place} has no issue number`;
  if (typeof title !== 'string' || title.trim() === '') return `entry ${place} has no title`;
  return {
    number: Number(number),
    title,
    body: typeof body === 'string' ? body : '',
    labels: labelsIn(labels),
  };
}

/** Two issues with one number would be one task with two texts. */
export function withoutDoubles(issues: readonly IssueText[]): IssuesReading {
  const numbers = new Set<number>();
  for (const { number } of issues) {
    if (numbers.has(number)) return { kind: 'refused', problem: `#${number} is there twice` };
    numbers.add(number);
  }
  return { kind: 'ok', issues: [...issues].sort((a, b) => a.number - b.number) };
}

/** An array of issues, each with `title` and, if it likes, `number`, `body` and `labels`. */
export function readIssuesJson(text: string): IssuesReading {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { kind: 'refused', problem: 'it is not JSON' };
  }
  if (!Array.isArray(content)) return { kind: 'refused', problem: 'it is not an array of issues' };
  const read = content.map((value, index) => readIssue(value, index + 1));
  const problem = read.find((each) => typeof each === 'string');
  if (problem !== undefined) return { kind: 'refused', problem };
  return withoutDoubles(read.filter((each) => typeof each !== 'string'));
}

/**
 * One issue: the first heading of the first level is its title, and the digits with which the file's name begins its
 * number. A line `Labels: a, b` right below the title is read and taken out.
 */
export function readIssueMarkdown(name: string, text: string, place: number): IssueText {
  const lines = text.replace(/\r\n?/gu, '\n').split('\n');
  const at = lines.findIndex((line) => /^# +\S/u.test(line));
  const title =
    at < 0 ? name.replace(/^\d+[-_. ]*/u, '').replace(/\.md$/iu, '') : (lines[at] ?? '').slice(2).trim();
  const rest = lines.slice(at + 1);
  const first = rest.findIndex((line) => line.trim() !== '');
  const said = /^labels:(.*)$/iu.exec(rest[first] ?? '')?.[1];
  const number = /^(\d{1,9})/u.exec(name)?.[1];
  return {
    number: number === undefined ? place : Number(number),
    title: title || name,
    body: (said === undefined ? rest : rest.slice(first + 1)).join('\n').trim(),
    labels: (said ?? '')
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  };
}
