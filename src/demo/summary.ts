/** How the story is told at its end: as a table for people, as one object for programs. */
import type { Story } from './story.ts';

/** The object that `--json` prints. Times are ISO 8601, `duration_ms` is milliseconds. */
export function summarise({ lane, main, durationMs }: Story): object {
  return {
    tasks: lane.plan.map((row) => ({
      issue: row.issue,
      title: row.title,
      state: row.state,
      versions: row.version,
      attempts: row.attempts,
      owns: row.owns,
      depends_on: row.dependsOn,
      pr: row.pull,
      started_at: row.startedAt,
      landed_at: row.landedAt,
    })),
    landings: lane.landings.map(({ sha, tree, testedSha, testedTree, issues, pulls }) => ({
      sha,
      tree,
      tested_sha: testedSha,
      tested_tree: testedTree,
      entries: issues.map((issue, index) => ({ issue, pr: pulls[index] ?? null })),
    })),
    collisions: lane.collisions.map(({ a, b, paths, announcedAt }) => ({
      a,
      b,
      paths,
      announced_at: announcedAt,
    })),
    main,
    duration_ms: durationMs,
  };
}

/**
 * The coordination plan as an aligned table, or as one block for each task where the table is too wide.
 * @param columns how wide the output is
 */
export function renderPlan({ lane }: Story, columns = Number.POSITIVE_INFINITY): string {
  const header = ['issue', 'branch', 'files owned', 'depends on', 'agent', 'status', 'landed as'];
  const rows = lane.plan.map((row) => [
    `#${row.issue} ${row.title}`,
    row.branch ?? '–',
    row.owns.join(', '),
    row.dependsOn.map((issue) => `#${issue}`).join(', ') || '–',
    row.agent ?? '–',
    row.status,
    row.landedAs?.slice(0, 9) ?? '–',
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const table = [line(header), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)];
  if (table.every((each) => each.length <= columns)) return table.join('\n');
  const labels = Math.max(...header.map((title) => title.length));
  return rows
    .map(([title = '', ...cells]) =>
      [title, ...cells.map((cell, at) => `  ${(header[at + 1] ?? '').padEnd(labels)}  ${cell}`)].join('\n'),
    )
    .join('\n');
}
