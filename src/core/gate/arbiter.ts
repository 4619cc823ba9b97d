/** The arbiter: all rules over one diff, as one verdict bound to a head, a version of the task and a policy. */
import type { Finding, Verdict } from '../lane/pull-state.ts';
import type { Task } from '../lane/state.ts';
import type { Policy } from '../policy.ts';
import { heldRule } from '../task/touched.ts';
import { mostOwnerGroups, ownersOf } from './codeowners.ts';
import { type Diff, type DiffFacts, noFacts, type PathChange, type Scope } from './diff.ts';
import { judgeConflictMarkers } from './rules/conflict-markers.ts';
import { judgeFiles } from './rules/files.ts';
import { judgeGenerated } from './rules/generated.ts';
import { judgeLoosenedTests } from './rules/loosened-tests.ts';
import { judgeOwners } from './rules/owners.ts';
import { judgePackages } from './rules/packages.ts';
import { judgeProtected } from './rules/protected.ts';
import { judgeReversal } from './rules/reversal.ts';
import { judgeRole } from './rules/role.ts';
import type { Rule } from './rules/rule.ts';
import { judgeScope } from './rules/scope.ts';
import { judgeSecrets } from './rules/secrets.ts';
import { judgeSize } from './rules/size.ts';
import { judgeStale } from './rules/stale.ts';
import { judgeTests } from './rules/tests.ts';
import { judgeUnread } from './rules/unread.ts';
import { judgeVersion } from './rules/version.ts';

/** In the order in which people read their findings. */
const rules: readonly Rule[] = [
  judgeUnread,
  judgeVersion,
  judgeScope,
  judgeProtected,
  judgeSecrets,
  judgeConflictMarkers,
  judgeFiles,
  judgeReversal,
  judgeGenerated,
  judgePackages,
  judgeRole,
  judgeSize,
  judgeStale,
  judgeTests,
  judgeLoosenedTests,
];

/** The journal keeps every verdict for ever: of one rule and weight it keeps this many findings, and the number of the rest. */
const mostOfOneKind = 10;
const longestMessage = 300;
const mostAuthors = 20;
const mostTouched = 500;

function capFindings(findings: readonly Finding[]): Finding[] {
  const byKind = Map.groupBy(findings, ({ rule, severity }) => `${rule} ${severity}`);
  return [...byKind.values()].flatMap((kind) => {
    // Each of these is claimed when it becomes free.
    if (kind[0]?.rule === heldRule) return kind;
    const kept = kind.slice(0, mostOfOneKind).map((finding) => ({
      ...finding,
      message: finding.message.slice(0, longestMessage),
    }));
    const [first] = kind;
    const rest = kind.length - kept.length;
    if (!first || rest === 0) return kept;
    const more = { ...first, path: null, line: null, message: `and ${rest} more of this kind`, count: rest };
    return [...kept, more];
  });
}

/** What was read of a diff: complete unless `unread` says otherwise; without facts nothing is known besides. */
export interface ReadDiff {
  headSha: string;
  baseSha: string;
  changes: readonly PathChange[];
  unread?: readonly string[];
  facts?: DiffFacts;
}

/** Every rule over the diff. Fails that are dropped from the list leave one of their kind, so nothing passes by being too much. */
export function judgeDiff(
  task: Task,
  { headSha, baseSha, changes, unread = [], facts = noFacts }: ReadDiff,
  { policy, policyHash }: { policy: Policy; policyHash: string },
  scope: Scope = { owns: task.spec.owns, held: new Map() },
): Verdict {
  const diff: Diff = { headSha, baseSha, changes, unread, scope };
  const paths = changes.map(({ path }) => path);
  const owners =
    facts.codeowners === null || !policy.gate.codeowners ? [] : ownersOf(facts.codeowners, paths);
  return {
    headSha,
    baseSha,
    version: task.version,
    policyHash,
    findings: capFindings([
      ...rules.flatMap((judge) => judge(diff, task, policy, facts)),
      ...judgeOwners(owners),
    ]),
    // More would fill the journal; without them nothing is left to itself.
    ...(paths.length <= mostTouched ? { touched: paths } : {}),
    authors: facts.authors.slice(0, mostAuthors),
    owners: owners.slice(0, mostOwnerGroups),
  };
}

/** How many findings these are, with those that others stand for. */
export function countFindings(findings: readonly Finding[]): number {
  return findings.reduce((sum, { count = 1 }) => sum + count, 0);
}

/** Whether the verdict is about what would land: this head, this version of the task, this policy. */
export function isVerdictFor(verdict: Verdict | null, task: Task, policyHash: string): verdict is Verdict {
  return (
    verdict !== null &&
    verdict.headSha === task.pull?.headSha &&
    verdict.version === task.version &&
    verdict.policyHash === policyHash
  );
}

/** The findings that keep the PR from landing: those that fail, and that no maintainer has accepted. */
export function openFindings(verdict: Verdict, task: Task): Finding[] {
  const accepted = new Set(
    (task.pull?.gate.overrides ?? [])
      .filter(({ headSha, version }) => headSha === verdict.headSha && version === verdict.version)
      .map(({ rule }) => rule),
  );
  return verdict.findings.filter(
    // Nobody can give away what another task owns.
    ({ rule, severity }) => severity === 'fail' && (rule === heldRule || !accepted.has(rule)),
  );
}
