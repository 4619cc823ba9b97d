/** Answers to the buttons of `signalbox/arbiter`: new comments, because somebody asked. */
import type { RuleName } from '../core/gate/rules/rule.ts';
import type { CheckAction } from '../core/lane/facts.ts';
import type { Finding, Verdict } from '../core/lane/pull-state.ts';
import { heldRule } from '../core/task/touched.ts';
import { escapeSentence, inlineCode } from './escape.ts';
import { actionLabels } from './gate-fact-text.ts';
import { shorten } from './shorten.ts';
import { count } from './standing-text.ts';
import { linesWithin } from './take-within.ts';

/** Why each rule is there, in one sentence. */
const purposes: Record<RuleName, string> = {
  unread: 'A change that could not be read as a whole may hide anything.',
  scope: 'Tasks that run at the same time do not touch the same files; each stays inside its own.',
  held: 'Another task is changing this file; two at once would collide.',
  version: 'The issue has changed since this commit was made, so it answers another question.',
  size: 'A change that is too large is approved without being read.',
  protected:
    'These files decide what runs with rights, or who decides; a person accepts each change to them.',
  secrets: 'Whoever can read the repository can use a secret that is in it.',
  packages: 'Names of packages are invented and imitated; what is new is looked up.',
  tests: 'Without a test nothing says that the change works, and goes on working.',
  'loosened-tests': 'Tests that make room for a change prove less about it.',
  role: 'An agent changes the kinds of files that it was set up for.',
  stale: 'The older the base, the less its tests say about what lands.',
  reversal: 'What has landed does not vanish without somebody wanting it.',
  files: 'What a link, a submodule or a binary does cannot be read in the diff.',
  'conflict-markers': 'A merge was not finished.',
  generated: 'What is made from other files changes together with them.',
  owners: 'The owners of the files are asked for their approval.',
};

function explainRule(rule: string, findings: readonly Finding[]): string[] {
  const purpose = Object.entries(purposes).find(([name]) => name === rule)?.[1] ?? '';
  const weight = findings.some(({ severity }) => severity === 'fail') ? 'must be settled' : 'only warns';
  return [
    `**${inlineCode(rule)}** (${count(findings.length, 'finding')}, ${weight}). ${purpose}`,
    '',
    ...linesWithin(
      findings.map(({ path, line, message, remedy }) => {
        const place =
          path === null ? '' : `${inlineCode(shorten(path, 200))}${line === null ? '' : `, line ${line}`}: `;
        return `- ${place}${escapeSentence(shorten(message, 300))}. ${escapeSentence(shorten(remedy, 300))}`;
      }),
      4_000,
    ),
    '',
  ];
}

function renderExplanation({ findings, headSha }: Verdict): string {
  const head = inlineCode(headSha.slice(0, 12));
  if (findings.length === 0) return `The arbiter has found nothing in ${head}.`;
  const byRule = Map.groupBy(findings, ({ rule }) => rule);
  const rules = [...byRule].flatMap(([rule, own]) => explainRule(rule, own));
  return [`### What the arbiter found in ${head}`, '', ...rules].join('\n').trim();
}

function renderOverrideHelp({ findings, headSha }: Verdict): string {
  const failing = findings.filter(({ severity, rule }) => severity === 'fail' && rule !== heldRule);
  const rules = [...new Set(failing.map(({ rule }) => rule))];
  if (rules.length === 0) return 'Nothing stands against this commit, so there is nothing to accept.';
  return [
    `A maintainer or an administrator can accept what a rule has found in ${inlineCode(headSha.slice(0, 12))}, by a new comment that says why:`,
    '',
    ...rules.map((rule) => `- ${inlineCode(`/override ${rule} <why>`)}`),
    '',
    'It counts for this commit and this version of the task only.',
  ].join('\n');
}

/** The answer to a button; null when nothing needs to be said. `verdict` is that of the commit it was pressed on. */
export function renderActionAnswer(
  { action, by, outcome }: { action: CheckAction; by: string; outcome: 'done' | 'denied' },
  verdict: Verdict | null,
): string | null {
  const label = inlineCode(actionLabels[action]);
  if (outcome === 'denied')
    return `${label} is for people with write access to this repository, so nothing was done for ${inlineCode(by)}.`;
  if (action === 'retry') return null;
  if (verdict === null) return 'The arbiter has not judged the present commit yet. Ask again in a moment.';
  return action === 'explain' ? renderExplanation(verdict) : renderOverrideHelp(verdict);
}
