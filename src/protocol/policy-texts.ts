/** What is said about a policy file: on the command line, and in the check `signalbox/policy` of a PR that changes it. */
import type { Policy } from '../core/policy.ts';
import { type PolicyChange, policyChanges } from '../core/policy-changes.ts';
import { escapeSentence, inlineCode } from './escape.ts';
import { type PolicyFileReading, policyPath } from './policy-file.ts';
import { shorten } from './shorten.ts';
import { count } from './standing-text.ts';
import { takeWithin } from './take-within.ts';

/** For `signalbox validate`: one `path:line: problem` a line, as compilers print them; or that all is well. */
export function renderValidation(name: string, reading: PolicyFileReading): string {
  if (reading.kind === 'accepted') return `${name}: good (policy ${reading.hash})`;
  return reading.problems.map(({ line, what }) => `${name}:${line}: ${what}`).join('\n');
}

export interface PolicyCheckText {
  title: string;
  summary: string;
  conclusion: 'success' | 'neutral' | 'failure';
  text: string;
}

/**
 * What a PR would do to the policy. Neutral asks people to look: it is well-formed, and something will be otherwise.
 * @param before the policy that the base branch's file gives
 */
export function renderPolicyCheck(before: Policy, reading: PolicyFileReading): PolicyCheckText {
  const file = inlineCode(policyPath);
  if (reading.kind === 'refused') {
    const { shown, rest } = takeWithin(
      reading.problems.map(({ line, what }) => `| ${line} | ${escapeSentence(what)} |`),
      40_000,
    );
    const more = rest > 0 ? [`\nAnd ${rest} more.`] : [];
    return {
      title: `${count(reading.problems.length, 'problem')} in the policy file`,
      summary: `With this ${file} on the base branch, Signalbox would keep the policy before it and say so everywhere. Try it with \`signalbox validate\`.`,
      conclusion: 'failure',
      text: ['| Line | What is wrong |', '|---|---|', ...shown, ...more].join('\n'),
    };
  }
  const changes = policyChanges(before, reading.policy);
  if (changes.length === 0) {
    return {
      title: 'Changes nothing in effect',
      summary: `This ${file} gives the same policy as the one on the base branch.`,
      conclusion: 'success',
      text: 'No key has another value.',
    };
  }
  const { shown, rest } = takeWithin(changes.map(renderChange), 40_000);
  const more = rest > 0 ? [`\nAnd ${rest} more.`] : [];
  return {
    title: `Changes ${count(changes.length, 'setting')}`,
    summary: `Once this lands, the settings below are in force for everything on this branch. Approvals that were given under the present policy do not count any more then.`,
    conclusion: 'neutral',
    text: ['| Setting | Now | Then |', '|---|---|---|', ...shown, ...more].join('\n'),
  };
}

function renderChange({ key, before, after }: PolicyChange): string {
  const value = (words: string | null): string =>
    words === null ? 'not there' : inlineCode(shorten(words === '' ? '""' : words, 200));
  return `| ${inlineCode(shorten(key, 200))} | ${value(before)} | ${value(after)} |`;
}
