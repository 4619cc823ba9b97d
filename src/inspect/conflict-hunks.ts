/** Where git cannot merge two versions of a text: a three-way comparison, as `diff3 -m` makes it. */
import { diffArrays } from 'diff';

/** One place where both sides changed the same lines, each otherwise. */
export interface ConflictHunk {
  /** The first line in `ours`, from 1. */
  line: number;
  base: string;
  ours: string;
  theirs: string;
}

/** Lines `start` to `end` (without it) of the base are `lines` on this side. */
interface Edit {
  start: number;
  end: number;
  lines: string[];
}

/** A comparison that takes longer counts as one great change: then all of it conflicts, rather than none. */
const mostMs = 1_000;

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function editsOf(base: readonly string[], side: readonly string[]): Edit[] {
  const parts = diffArrays([...base], [...side], { timeout: mostMs });
  if (!parts) return [{ start: 0, end: base.length, lines: [...side] }];
  const edits: Edit[] = [];
  let at = 0;
  let open: Edit | null = null;
  for (const { added, removed, value } of parts) {
    if (!added && !removed) {
      at += value.length;
      open = null;
      continue;
    }
    if (!open) {
      open = { start: at, end: at, lines: [] };
      edits.push(open);
    }
    if (added) open.lines.push(...value);
    else {
      at += value.length;
      open.end = at;
    }
  }
  return edits;
}

/** The base's lines from `start` to `end` as one side has them. */
function apply(base: readonly string[], edits: readonly Edit[], start: number, end: number): string[] {
  const lines: string[] = [];
  let at = start;
  for (const edit of edits) {
    lines.push(...base.slice(at, edit.start), ...edit.lines);
    at = edit.end;
  }
  return [...lines, ...base.slice(at, end)];
}

/** The hunks that need somebody's decision; none when git merges the texts by itself. */
export function findConflictHunks(base: string, ours: string, theirs: string): ConflictHunk[] {
  const lines = linesOf(base);
  const mine = editsOf(lines, linesOf(ours));
  const other = editsOf(lines, linesOf(theirs));
  const all = [...mine, ...other].sort((a, b) => a.start - b.start || a.end - b.end);
  const hunks: ConflictHunk[] = [];
  let shift = 0;
  for (let first = 0; first < all.length; ) {
    const group = [all[first] as Edit];
    let { start, end } = group[0] as Edit;
    // Changes of neighbouring lines conflict for git as well.
    for (first += 1; first < all.length && (all[first] as Edit).start <= end; first += 1) {
      const next = all[first] as Edit;
      group.push(next);
      start = Math.min(start, next.start);
      end = Math.max(end, next.end);
    }
    const [here, there] = [mine, other].map((side) => group.filter((edit) => side.includes(edit)));
    const ourLines = apply(lines, here ?? [], start, end);
    const theirLines = apply(lines, there ?? [], start, end);
    const isConflict = here?.length && there?.length && ourLines.join('\n') !== theirLines.join('\n');
    if (isConflict) {
      hunks.push({
        line: start + shift + 1,
        base: lines.slice(start, end).join('\n'),
        ours: ourLines.join('\n'),
        theirs: theirLines.join('\n'),
      });
    }
    shift += ourLines.length - (end - start);
  }
  return hunks;
}
