import { expect, test } from 'vitest';
import type { FactBody } from '../../src/core/lane/facts.ts';
import type { Finding, Verdict } from '../../src/core/lane/state.ts';
import { defaultPolicy } from '../../src/core/policy.ts';
import { describeFact } from '../../src/protocol/fact-text.ts';
import { at, head, task } from './scene.ts';

const { spec } = task();
const check = { name: 'ci', conclusion: 'success', url: null } as const;
const entry = { issue: 42, pull: 50, headSha: head };
const opinion = { headSha: head, version: 1, by: 'llm m', summary: 'it deletes a test' };
const pressed = { kind: 'action-requested', issue: 42, by: 'rita', headSha: head } as const;

function verdictOf(findings: Finding[] = []): Verdict {
  return { headSha: head, baseSha: head, version: 1, policyHash: 'p', findings, authors: [], owners: [] };
}

const decided = { comment: 1, index: 0, under: 42, issue: 42, command: '/approve', by: 'alice', detail: '' };

const facts: FactBody[] = [
  { kind: 'lane-opened', owner: 'acme', repo: 'demo', base: 'main' },
  { kind: 'lane-renamed', owner: 'acme', repo: 'demo2' },
  { kind: 'base-moved', sha: head, by: 'landing' },
  { kind: 'base-moved', sha: head, by: 'outside' },
  { kind: 'policy-read', policy: defaultPolicy, hash: 'x' },
  { kind: 'policy-refused', problem: 'limits.runing: unknown key.' },
  {
    kind: 'task-requested',
    issue: 42,
    spec,
    specHash: 'x',
    blockedBy: [],
    hidden: 0,
    requestedBy: 'alice',
    correlationId: 'c',
  },
  { kind: 'request-refused', issue: 42, why: 'The text is too long.' },
  { kind: 'dependencies-linked', issue: 42, blockedBy: [7, 8] },
  { kind: 'dependencies-linked', issue: 42, blockedBy: [] },
  { kind: 'prerequisite-seen', issue: 7, state: 'not-planned' },
  { kind: 'task-held', issue: 42, held: true },
  { kind: 'task-held', issue: 42, held: false },
  { kind: 'collision-foreseen', a: 3, b: 42, paths: ['src/cli.js'] },
  { kind: 'collision-announced', a: 3, b: 42 },
  {
    kind: 'task-assigned',
    issue: 42,
    attempt: 1,
    fence: 1,
    version: 1,
    agent: 'local',
    via: 'pull',
    branch: 'b',
    baseSha: head,
    claims: [],
  },
  { kind: 'branch-opened', issue: 42, attempt: 1, sha: head },
  { kind: 'pull-opened', issue: 42, pull: 50, headSha: head, draft: true },
  { kind: 'work-started', issue: 42, attempt: 1, claimId: null, worker: 'w1' },
  { kind: 'work-started', issue: 42, attempt: 1, claimId: null, worker: null },
  { kind: 'head-moved', issue: 42, sha: head },
  { kind: 'draft-changed', issue: 42, draft: false },
  { kind: 'draft-changed', issue: 42, draft: true },
  { kind: 'arbiter-judged', issue: 42, verdict: verdictOf() },
  {
    kind: 'arbiter-judged',
    issue: 42,
    verdict: verdictOf([
      { rule: 'scope', severity: 'fail', path: null, line: null, message: '', remedy: '' },
    ]),
  },
  {
    kind: 'checks-reported',
    issue: 42,
    sha: head,
    checks: [check, { ...check, name: 'lint', conclusion: 'pending' }],
  },
  { kind: 'checks-reported', issue: 42, sha: head, checks: [{ ...check, conclusion: 'pending' }] },
  { kind: 'work-done', issue: 42, attempt: 1, by: 'w1' },
  { kind: 'attempt-ended', issue: 42, attempt: 1, reason: 'the lease ran out' },
  { kind: 'attempts-exhausted', issue: 42, reason: '3 attempts have failed' },
  { kind: 'approved', issue: 42, headSha: head, version: 1, policyHash: 'x', by: 'alice' },
  { kind: 'approval-voided', issue: 42, reason: 'a new commit' },
  { kind: 'required-checks-read', checks: [{ name: 'ci', app: 7 }] },
  { kind: 'required-checks-read', checks: [] },
  { kind: 'force-pushed', issue: 42, count: 2 },
  { kind: 'pull-retargeted', issue: 42, base: 'release' },
  { kind: 'pull-retargeted', issue: 42, base: null },
  { kind: 'objections-changed', issue: 42, objections: [{ by: 'rita', review: 3 }] },
  { kind: 'objections-changed', issue: 42, objections: [] },
  { kind: 'approver-checked', issue: 42, by: 'rita', owns: [] },
  {
    kind: 'rule-overridden',
    issue: 42,
    override: { rule: 'size', why: 'a rename', by: 'mary', headSha: head, version: 1 },
  },
  { kind: 'opinion-given', issue: 42, opinion: { ...opinion, verdict: 'pass' } },
  { kind: 'opinion-given', issue: 42, opinion: { ...opinion, verdict: 'withhold' } },
  { kind: 'opinion-given', issue: 42, opinion: { ...opinion, verdict: 'none', summary: 'no answer' } },
  { ...pressed, action: 'retry', outcome: 'done' },
  { ...pressed, action: 'override', outcome: 'denied' },
  { kind: 'queue-entered', issue: 42, headSha: head },
  { kind: 'entry-ejected', issue: 42, code: 'conflict', reason: 'it conflicts\nwith #3' },
  { kind: 'escalated', issue: 42, escalation: { trigger: 'unclear', context: 'x', by: 'local' } },
  { kind: 'task-completed', issue: 42, sha: head },
  { kind: 'task-cancelled', issue: 42, reason: 'the label was removed' },
  { kind: 'build-started', build: 8, baseSha: head, entries: [entry, { ...entry, pull: 51 }] },
  { kind: 'candidate-made', build: 8, sha: head, tree: 'x' },
  { kind: 'build-reported', build: 8, checks: [{ ...check, conclusion: 'failure' }] },
  { kind: 'build-passed', build: 8 },
  { kind: 'build-failed', build: 8, reason: 'ci failed' },
  { kind: 'build-abandoned', build: 8, reason: 'the base moved' },
  {
    kind: 'landed',
    landing: { build: 8, sha: head, tree: 'x', testedSha: head, testedTree: 'x', entries: [entry] },
  },
  { kind: 'pull-closed', issue: 42, merged: true },
  { kind: 'pull-closed', issue: 42, merged: false },
  { kind: 'command-decided', ...decided, outcome: 'done' },
  { kind: 'command-decided', ...decided, outcome: 'denied' },
  { kind: 'command-decided', ...decided, outcome: 'refused' },
  { kind: 'command-decided', ...decided, outcome: 'not-yet' },
  { kind: 'command-decided', ...decided, outcome: 'unknown' },
];

test('every kind of fact, as a sentence', () => {
  expect(facts.map((fact) => describeFact({ ...fact, at }))).toMatchInlineSnapshot(`
    [
      "Signalbox looks after acme/demo, branch main, from now on.",
      "The repository is now called acme/demo2.",
      null,
      "Somebody pushed 0123456789ab to the base branch.",
      "The policy was read.",
      "The policy was not accepted: limits.runing: unknown key.",
      "alice asked for this task.",
      "The issue could not be given to an agent: The text is too long.",
      "It is blocked by #7, #8.",
      "No other issue blocks it.",
      "Prerequisite #7 was closed as not planned.",
      "It is on hold.",
      "It is no longer on hold.",
      "#3 and #42 touch the same files: they run one after the other.",
      null,
      "Attempt 1 was given to local.",
      "Its branch was opened at 0123456789ab.",
      "Pull request #50 was opened.",
      "Worker w1 has started to work.",
      "Work has started.",
      "New commit 0123456789ab.",
      "The pull request is ready for review.",
      "The pull request is a draft again.",
      "The arbiter passed 0123456789ab.",
      "The arbiter found 1 thing to settle in 0123456789ab.",
      "Commit 0123456789ab: ci success.",
      null,
      "w1 says that the work is done.",
      "Attempt 1 ended: the lease ran out.",
      "No attempts are left: 3 attempts have failed.",
      "alice approved 0123456789ab.",
      "The approval no longer holds: a new commit.",
      "The branch's rules ask for ci.",
      "The branch's rules ask for no checks.",
      "The branch was force-pushed.",
      "The pull request goes to release now.",
      "The pull request goes to the right branch again.",
      "Changes are asked for by rita.",
      "No review asks for changes any more.",
      null,
      "mary accepted what the rule size found: a rename.",
      "llm m has nothing against it.",
      "llm m is against it: it deletes a test.",
      "llm m gave no opinion: no answer.",
      "rita pressed Retry.",
      "rita pressed Override…: not allowed.",
      "It entered the queue with 0123456789ab.",
      "It left the queue: it conflicts with #3.",
      "Stopped for a person to decide (unclear).",
      "The task was completed with 0123456789ab.",
      "The task was cancelled: the label was removed.",
      "Candidate 8 was started with #50, #51.",
      "Candidate 8 is 0123456789ab; CI tests it.",
      "Candidate 8: ci failure.",
      "Candidate 8 passed.",
      "Candidate 8 failed: ci failed.",
      "Candidate 8 was given up: the base moved.",
      "Candidate 8 landed as 0123456789ab.",
      "The pull request was merged.",
      "The pull request was closed.",
      null,
      "alice typed /approve: not allowed.",
      "alice typed /approve: not possible now.",
      "alice typed /approve: not available yet.",
      "alice typed /approve: not understood.",
    ]
  `);
});

test('what people wrote is cut and cleaned', () => {
  const text =
    describeFact({ kind: 'task-cancelled', issue: 1, reason: `\u202e${'x'.repeat(999)}`, at }) ?? '';
  expect(text).toMatch(/^The task was cancelled: x+…\.$/u);
  expect(text.length).toBeLessThan(350);
});
