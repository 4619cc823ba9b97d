/** What the check run `signalbox/arbiter` says of one commit: a title, a table of rules, the findings, and buttons. */
import { countFindings } from '../core/gate/arbiter.ts';
import type { Override } from '../core/gate/evidence.ts';
import { ruleNames } from '../core/gate/rules/rule.ts';
import type { CheckAction } from '../core/lane/facts.ts';
import type { Finding, Verdict } from '../core/lane/pull-state.ts';
import { heldRule } from '../core/task/touched.ts';
import { escapeSentence, inlineCode } from './escape.ts';
import { actionLabels } from './gate-fact-text.ts';
import { shorten } from './shorten.ts';
import { count } from './standing-text.ts';
import { takeWithin } from './take-within.ts';

export interface ArbiterCheckText {
  title: string;
  summary: string;
  conclusion: 'success' | 'failure';
  text: string;
  annotations: CheckAnnotation[];
  actions: CheckButton[];
}

/** A remark at a line of the diff; `startLine` from 1. */
export interface CheckAnnotation {
  path: string;
  line: number;
  level: 'warning' | 'failure';
  title: string;
  message: string;
}

/** GitHub's docs, "Create a check run": label and identifier at most 20 characters, description at most 40. */
export interface CheckButton {
  label: string;
  description: string;
  identifier: CheckAction;
}

const buttons: readonly CheckButton[] = [
  { identifier: 'retry', label: actionLabels.retry, description: 'Judge this commit again' },
  { identifier: 'explain', label: actionLabels.explain, description: 'Say what each finding asks for' },
  { identifier: 'override', label: actionLabels.override, description: 'Say how to accept a finding' },
];

/** More than these nobody reads, and each fifty cost a request. */
const mostAnnotations = 100;

/** Whether a maintainer has accepted this finding, and who. */
function acceptedBy(finding: Finding, overrides: readonly Override[]): Override | undefined {
  return finding.severity === 'fail' && finding.rule !== heldRule
    ? overrides.find(({ rule }) => rule === finding.rule)
    : undefined;
}

/** The arbiter's judgement of one commit: every rule with its result, every finding with what to do about it. */
export function renderArbiterCheck(verdict: Verdict, overrides: readonly Override[] = []): ArbiterCheckText {
  const accepted = overrides.filter(
    ({ headSha, version }) => headSha === verdict.headSha && version === verdict.version,
  );
  const isOpen = (finding: Finding) => finding.severity === 'fail' && !acceptedBy(finding, accepted);
  const failing = verdict.findings.filter(isOpen);
  const others = verdict.findings.filter((finding) => !isOpen(finding));
  const warnings = countFindings(verdict.findings.filter(({ severity }) => severity === 'warn'));
  const also =
    warnings > 0 ? ` There ${warnings === 1 ? 'is' : 'are'} ${count(warnings, 'warning')} as well.` : '';
  const judged = `Judged: commit ${inlineCode(verdict.headSha.slice(0, 12))} against version ${verdict.version} of the task.`;
  const shared = {
    text: [renderRules(verdict, accepted), renderFindings([...failing, ...others], accepted)].join('\n\n'),
    annotations: verdict.findings.flatMap(annotate).slice(0, mostAnnotations),
    actions: [...buttons],
  };
  if (failing.length === 0) {
    const title = warnings > 0 ? `Passed with ${count(warnings, 'warning')}` : 'Passed';
    return {
      title,
      summary: `Nothing stands against this change. ${judged}`,
      conclusion: 'success',
      ...shared,
    };
  }
  return {
    title: `${count(countFindings(failing), 'finding')} to settle`,
    summary: `This change cannot enter the queue until ${failing.length === 1 ? 'the finding below is' : 'the findings below are'} settled.${also} ${judged}`,
    conclusion: 'failure',
    ...shared,
  };
}

function annotate({ path, line, severity, rule, message, remedy }: Finding): CheckAnnotation[] {
  if (path === null) return [];
  const level = severity === 'fail' ? 'failure' : 'warning';
  return [{ path, line: line ?? 1, level, title: rule, message: `${message}. ${remedy}` }];
}

function resultOf(rule: string, { findings }: Verdict, overrides: readonly Override[]): string {
  const own = findings.filter((finding) => finding.rule === rule);
  const failing = countFindings(own.filter(({ severity }) => severity === 'fail'));
  const override = overrides.find((each) => each.rule === rule);
  const warnings = countFindings(own) - failing;
  const parts = [
    ...(failing > 0
      ? [
          override
            ? `${count(failing, 'finding')}, accepted by ${escapeSentence(override.by)}: ${escapeSentence(shorten(override.why, 200))}`
            : `**${count(failing, 'finding')} to settle**`,
        ]
      : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ];
  return parts.length === 0 ? 'nothing found' : parts.join(', ');
}

function renderRules(verdict: Verdict, overrides: readonly Override[]): string {
  const rows = ruleNames.map((rule) => `| ${inlineCode(rule)} | ${resultOf(rule, verdict, overrides)} |`);
  return ['| Rule | Result |', '|---|---|', ...rows].join('\n');
}

function renderFindings(findings: readonly Finding[], overrides: readonly Override[]): string {
  if (findings.length === 0) return 'No findings.';
  const rows = findings.map((finding) => {
    const line = finding.line === null ? '' : `, line ${finding.line}`;
    const path = finding.path === null ? '' : `${inlineCode(shorten(finding.path, 200))}${line}`;
    const isAccepted = acceptedBy(finding, overrides) !== undefined;
    const weight = finding.severity === 'warn' ? 'warning' : isAccepted ? 'accepted' : 'must be settled';
    return `| ${weight} | ${inlineCode(finding.rule)} | ${path} | ${escapeSentence(shorten(finding.message, 200))} | ${escapeSentence(shorten(finding.remedy, 200))} |`;
  });
  const { shown, rest } = takeWithin(rows, 50_000);
  const more = rest > 0 ? [`\nAnd ${rest} more.`] : [];
  return ['| | Rule | Path | What | What to do |', '|---|---|---|---|---|', ...shown, ...more].join('\n');
}
