import { diffArrays } from 'diff';
import type { ChangedLines, LineChange } from '../core/gate/diff.ts';

/** A unified diff without its file header, as GitHub gives it: the changed lines with their numbers. */
export function readPatch(patch: string): ChangedLines {
  const added: LineChange[] = [];
  const removed: LineChange[] = [];
  let before = 0;
  let after = 0;
  for (const line of patch.split('\n')) {
    const header = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (header) {
      before = Number(header[1]);
      after = Number(header[2]);
      continue;
    }
    const text = line.slice(1).replace(/\r$/, '');
    if (line.startsWith('+')) added.push({ line: after++, text });
    else if (line.startsWith('-')) removed.push({ line: before++, text });
    else if (!line.startsWith('\\')) {
      before += 1;
      after += 1;
    }
  }
  return { added, removed };
}

/** A difference that is not found in this time is taken for a new text: more is judged then, never less. */
const mostMs = 1_000;

function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.map((line) => line.replace(/\r$/, ''));
}

/** The lines in which two texts differ; null stands for no file. */
export function diffTexts(before: string | null, after: string | null): ChangedLines {
  const old = linesOf(before ?? '');
  const fresh = linesOf(after ?? '');
  const parts = before === null || after === null ? undefined : diffArrays(old, fresh, { timeout: mostMs });
  if (!parts) {
    const number = (lines: string[]) => lines.map((text, index) => ({ line: index + 1, text }));
    return { added: number(fresh), removed: number(old) };
  }
  const added: LineChange[] = [];
  const removed: LineChange[] = [];
  let oldLine = 1;
  let freshLine = 1;
  for (const part of parts) {
    for (const text of part.value) {
      if (part.added) added.push({ line: freshLine++, text });
      else if (part.removed) removed.push({ line: oldLine++, text });
      else {
        oldLine += 1;
        freshLine += 1;
      }
    }
  }
  return { added, removed };
}
