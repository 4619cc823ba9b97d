/** `signalbox doctor`: everything that keeps tasks, gate or queue from working in one repository, worst first. */
import type { Checkup, DoctorFinding, FindingLevel } from './checkup.ts';
import { examineApp } from './examine-app.ts';
import { examineBranch } from './examine-branch.ts';
import { examineCi } from './examine-ci.ts';

const weights: Record<FindingLevel, number> = { error: 0, warning: 1, note: 2 };

export function examine(checkup: Checkup): DoctorFinding[] {
  const found = [...examineApp(checkup), ...examineBranch(checkup), ...examineCi(checkup)];
  return found.sort((a, b) => weights[a.level] - weights[b.level]);
}
