import { runGit } from './git.ts';

export interface FileDiff {
  filename: string;
  previousFilename: string | null;
  status: 'added' | 'removed' | 'modified' | 'renamed' | 'changed';
  sha: string | null;
  additions: number;
  deletions: number;
  patch: string | null;
}

function statusOf(letter: string): FileDiff['status'] {
  switch (letter) {
    case 'A':
      return 'added';
    case 'D':
      return 'removed';
    case 'R':
      return 'renamed';
    case 'T':
      return 'changed';
    default:
      return 'modified';
  }
}

function parseRaw(text: string): { files: FileDiff[]; rest: string[] } {
  const fields = text.split('\0');
  const files: FileDiff[] = [];
  let at = 0;
  while (fields[at]?.startsWith(':')) {
    const [, , , after = '', letter = 'M'] = (fields[at] ?? '').split(' ');
    const first = fields[at + 1] ?? '';
    const renamed = letter.startsWith('R');
    const second = renamed ? (fields[at + 2] ?? '') : null;
    files.push({
      filename: second ?? first,
      previousFilename: second === null ? null : first,
      status: statusOf(letter.charAt(0)),
      sha: /^0+$/.test(after) ? null : after,
      additions: 0,
      deletions: 0,
      patch: null,
    });
    at += renamed ? 3 : 2;
  }
  return { files, rest: fields.slice(at) };
}

function countLines(files: FileDiff[], fields: string[]): void {
  let at = 0;
  for (const file of files) {
    const [additions = '0', deletions = '0', name = ''] = (fields[at] ?? '').split('\t');
    file.additions = Number(additions) || 0;
    file.deletions = Number(deletions) || 0;
    at += name === '' ? 3 : 1;
  }
}

/** The files two commits or trees differ in, renames found, with patches, as GitHub's `diff-entry` has them. */
export async function diffTrees(gitDir: string, before: string, after: string): Promise<FileDiff[]> {
  const args = ['diff-tree', '-r', '-M', '--full-index', '--no-color'];
  const [raw, patches] = await Promise.all([
    runGit(gitDir, [...args, '-z', '--raw', '--numstat', before, after]),
    runGit(gitDir, [...args, '-p', before, after]),
  ]);
  const { files, rest } = parseRaw(raw);
  countLines(files, rest);
  const chunks = patches.split(/^diff --git .*\n/m).slice(1);
  // A changed file type prints two chunks; then the patches cannot be matched by position and are left out.
  if (chunks.length === files.length) {
    for (const [index, file] of files.entries()) {
      const chunk = chunks[index] ?? '';
      const hunk = chunk.search(/^@@ /m);
      file.patch = hunk < 0 ? null : chunk.slice(hunk).replace(/\n$/, '');
    }
  }
  return files;
}
