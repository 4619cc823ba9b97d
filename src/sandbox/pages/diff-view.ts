import { html } from 'hono/html';
import type { FileDiff } from '../diff.ts';
import type { Html } from './link-text.ts';

const MAX_LINES = 1_000;
const MAX_FILES = 200;

interface DiffLine {
  kind: 'add' | 'del' | 'same' | 'hunk' | 'note';
  before: number | null;
  after: number | null;
  text: string;
}

/** A patch line by line, with the numbers that its lines have in the file before and after. */
function readPatch(patch: string): DiffLine[] {
  let before = 0;
  let after = 0;
  return patch.split('\n').map((line): DiffLine => {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line);
    if (hunk !== null) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      return { kind: 'hunk', before: null, after: null, text: line };
    }
    const text = line.slice(1);
    if (line.startsWith('+')) return { kind: 'add', before: null, after: after++, text };
    if (line.startsWith('-')) return { kind: 'del', before: before++, after: null, text };
    if (line.startsWith('\\')) return { kind: 'note', before: null, after: null, text };
    return { kind: 'same', before: before++, after: after++, text };
  });
}

function lineRow({ kind, before, after, text }: DiffLine): Html {
  const sign = kind === 'add' ? '+' : kind === 'del' ? '−' : '';
  return html`<tr class="${kind}"><td class="n">${before}</td><td class="n">${after}</td><td class="s">${sign}</td><td class="t">${text}</td></tr>`;
}

function fileView(file: FileDiff): Html {
  const lines = file.patch === null ? [] : readPatch(file.patch);
  const rest = lines.length - MAX_LINES;
  const name =
    file.previousFilename === null
      ? html`${file.filename}`
      : html`<span class="quiet">${file.previousFilename} →</span> ${file.filename}`;
  const body =
    lines.length === 0
      ? html`<p class="quiet note">No lines to show: the file is binary or empty, or only its name or mode changed.</p>`
      : html`<table class="diff">${lines.slice(0, MAX_LINES).map(lineRow)}</table>${
          rest > 0 ? html`<p class="quiet note">And ${rest} more lines.</p>` : null
        }`;
  return html`<details class="file" open><summary><code>${name}</code>
<span class="file-facts">${file.status === 'modified' ? null : html`<span class="quiet">${file.status}</span>`}
<span class="plus">+${file.additions}</span> <span class="minus">−${file.deletions}</span></span></summary>${body}</details>`;
}

/** The section of a page that shows all changed files as a unified diff. */
export function diffSection(files: readonly FileDiff[]): Html {
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  const rest = files.length - MAX_FILES;
  const sums = html`<span class="sums"><span class="plus">+${additions}</span> <span class="minus">−${deletions}</span></span>`;
  return html`<section id="files"><h2>Changed files <span class="count">${files.length}</span> ${sums}</h2>
${files.length === 0 ? html`<p class="quiet">No file is different.</p>` : files.slice(0, MAX_FILES).map(fileView)}
${rest > 0 ? html`<p class="quiet">And ${rest} more files.</p>` : null}</section>`;
}
