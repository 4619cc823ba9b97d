/** What `signalbox doctor` prints. */
import type { DoctorFinding, FindingLevel } from '../core/doctor/checkup.ts';
import { removeInvisible } from './hidden-text.ts';
import { shorten } from './shorten.ts';

export interface Diagnosis {
  /** `owner/repo@base`. */
  lane: string;
  findings: readonly DoctorFinding[];
}

const marks: Record<FindingLevel, string> = { error: '✗', warning: '!', note: '·' };

const plain = (text: string): string =>
  shorten(removeInvisible(text).replace(/\s+/gu, ' ').trim().replace(/\.$/u, ''), 600);

function renderFinding({ level, code, what, why, todo }: DoctorFinding): string {
  return [
    `  ${marks[level]} ${level} ${code}: ${plain(what)}.`,
    `      Why: ${plain(why)}.`,
    `      What to do: ${plain(todo)}.`,
  ].join('\n');
}

function countOf(findings: readonly DoctorFinding[], level: FindingLevel): string {
  const count = findings.filter((finding) => finding.level === level).length;
  return `${count} ${level}${count === 1 ? '' : 's'}`;
}

/** All repositories, each with what was found, worst first. */
export function renderDiagnoses(diagnoses: readonly Diagnosis[]): string {
  if (diagnoses.length === 0) return 'The App is installed in no repository.';
  return diagnoses
    .map(({ lane, findings }) => {
      if (findings.length === 0) return `${lane}: nothing found.`;
      const counts = (['error', 'warning', 'note'] as const).map((level) => countOf(findings, level));
      return [`${lane}: ${counts.join(', ')}.`, ...findings.map(renderFinding)].join('\n');
    })
    .join('\n\n');
}
