/** Which checks a commit must have passed, and what counts as having passed. */
import { checkNames } from '../ids.ts';
import type { CheckConclusion, CheckResult } from '../lane/pull-state.ts';
import type { LaneState } from '../lane/state.ts';
import type { RequiredCheck } from './evidence.ts';

const ours: ReadonlySet<string> = new Set(Object.values(checkNames));

type Rules = Pick<LaneState, 'policy' | 'requiredChecks'>;

/**
 * The policy's checks, then those that GitHub's branch protection and rulesets ask for besides; our own are left
 * out. An App that either of them names is the only one that can report the check; GitHub's word goes first.
 */
export function requiredChecks({ policy, requiredChecks: byGitHub }: Rules): RequiredCheck[] {
  const { checks, apps } = policy.gate;
  const names = [...new Set([...checks, ...byGitHub.map(({ name }) => name)])].filter(
    (name) => !ours.has(name),
  );
  return names.map((name) => {
    const pinned = byGitHub.find((each) => each.name === name && each.app !== null)?.app ?? null;
    const byPolicy = Object.hasOwn(apps, name) ? (apps[name] ?? null) : null;
    return { name, app: pinned ?? byPolicy };
  });
}

/** GitHub lets `neutral` and `skipped` pass; a job that was skipped has proved nothing (F24, S28). */
export function isProof({ policy }: Rules, conclusion: CheckConclusion): boolean {
  const isNeutral = conclusion === 'neutral' || conclusion === 'skipped';
  return conclusion === 'success' || (isNeutral && policy.gate.neutral_counts);
}

/** A required check that ended without proof. What was asked for before the rules changed stands in nobody's way. */
export function findRed(rules: Rules, checks: readonly CheckResult[]): CheckResult | undefined {
  const names = new Set(requiredChecks(rules).map(({ name }) => name));
  return checks.find(
    ({ name, conclusion }) => names.has(name) && conclusion !== 'pending' && !isProof(rules, conclusion),
  );
}

/** The names of required checks that have not passed. */
export function findMissing(rules: Rules, checks: readonly CheckResult[]): string[] {
  return requiredChecks(rules)
    .map(({ name }) => name)
    .filter((name) => !checks.some((check) => check.name === name && isProof(rules, check.conclusion)));
}

/** The check that gives the second opinion, where the policy names one: `check:<name>`. */
export function opinionCheck({ policy }: Rules): string | null {
  return /^check:(.+)$/u.exec(policy.arbiter.second_opinion)?.[1]?.trim() ?? null;
}
