/**
 * How long the arbiter takes over a diff of 2,000 files in forty commits, with owners, every fact that rules look at and
 * the search for secrets; and how long the most hostile policy files take to be refused: `npm run bench:arbiter`.
 */
import { judgeDiff } from '../src/core/gate/arbiter.ts';
import { type DiffFacts, noFacts, type PathChange } from '../src/core/gate/diff.ts';
import { freshEvidence } from '../src/core/gate/evidence.ts';
import { findReversals } from '../src/core/gate/reversals.ts';
import type { Spec, Task } from '../src/core/lane/state.ts';
import { defaultPolicy, policyHash } from '../src/core/policy.ts';
import { scanSecrets } from '../src/inspect/scan-secrets.ts';
import { readPolicyFile } from '../src/protocol/policy-file.ts';
import { hostilePolicies } from '../test/support/hostile-policies.ts';

const files = 2_000;
const runs = 5;
const commits = 40;

const lines = (count: number, words: string) =>
  Array.from({ length: count }, (_, index) => ({
    line: index + 1,
    text: `  const ${words}${index} = call(${index});`,
  }));

const changes = Array.from({ length: files }, (_, index): PathChange => {
  const folder = `packages/p${index % 40}`;
  const path = index % 3 === 0 ? `${folder}/test/unit${index}.test.ts` : `${folder}/src/module${index}.ts`;
  const content = { added: lines(120, 'added'), removed: lines(80, 'removed') };
  return { path, change: 'modified', mode: '100644', modeBefore: '100644', lines: content };
});

const codeowners = Array.from(
  { length: 300 },
  (_, index) => `/packages/p${index % 40}/src/m${index}* @o/t${index % 20}`,
);

const spec: Spec = {
  title: 'A large change',
  requirements: '',
  design: '',
  acceptance: [],
  owns: ['packages/**'],
  ownsDeclared: true,
  dependsOn: [],
  dependsElsewhere: [],
  budget: { minutes: null, tokens: null, usd: null },
};

const at = new Date(0).toISOString();
// Only what the rules look at.
const task = {
  issue: 1,
  version: 1,
  spec,
  attempt: null,
  pull: { headSha: 'head', gate: freshEvidence(at, { version: 1, spec }) },
} as unknown as Task;

function measure(act: () => void): number {
  const started = performance.now();
  act();
  return performance.now() - started;
}

const places = changes.filter((_, index) => index % 50 === 0);
const facts: DiffFacts = {
  ...noFacts,
  at: new Date(0).toISOString(),
  codeowners: ['* @o/all', ...codeowners].join('\n'),
  secrets: places.map(({ path }) => ({ path, line: 1, what: 'GitHub token' })),
  history: {
    secrets: places.map(({ path }) => ({ commit: 'c'.repeat(40), path, line: 1, what: 'GitHub token' })),
    unsearched: ['there are 240 commits, and at most 100 are read'],
  },
  dependencies: places.map(({ path }, index) => ({
    ecosystem: 'npm' as const,
    name: `package-${index}`,
    path,
    line: 1,
    answer: { kind: 'missing' as const },
    lockfile: { kind: 'absent' as const },
  })),
  caseCollisions: places.map(({ path }) => ({ path, other: path.toLowerCase() })),
  base: { behind: 10, mergeBaseAt: new Date(0).toISOString() },
};
const rules = Array.from({ length: runs }, () =>
  measure(() => {
    judgeDiff(
      task,
      { headSha: 'head', baseSha: 'base', changes, facts },
      { policy: defaultPolicy, policyHash: policyHash(defaultPolicy) },
    );
  }),
);
const landed = changes.map(({ path, lines: of }, index) => ({
  issue: index,
  pull: index,
  path,
  added: (of?.removed ?? []).map(({ text }) => text),
}));
const reversals = measure(() => {
  findReversals(changes, landed);
});
let started = performance.now();
await scanSecrets(changes);
const secrets = performance.now() - started;
// Every file is written once more on the way: as many lines again, commit by commit.
started = performance.now();
for (let commit = 0; commit < commits; commit += 1)
  await scanSecrets(changes.filter((_, index) => index % commits === commit));
const history = performance.now() - started;
const total = Math.min(...rules) + reversals + secrets + history;

// The first time pays for what is compiled only once.
const refusals = hostilePolicies.map(({ what, text }) => {
  const times = Array.from({ length: runs }, () =>
    measure(() => {
      readPolicyFile(text);
    }),
  );
  return { what, ms: Math.min(...times), first: times[0] ?? 0 };
});
const slowest = refusals.reduce((a, b) => (b.ms > a.ms ? b : a));

console.log(`${files} files, ${files * 200} changed lines, ${commits} commits`);
console.log(`rules: ${rules.map((ms) => ms.toFixed(0)).join(', ')} ms`);
console.log(`lines that lately landed: ${reversals.toFixed(0)} ms`);
console.log(`looking for secrets, before the lane is locked: ${secrets.toFixed(0)} ms`);
console.log(`the same in each commit on the way: ${history.toFixed(0)} ms`);
console.log(`all of it: ${total.toFixed(0)} ms (aim: below 2000)`);
console.log(
  `${refusals.length} hostile policy files; slowest: ${slowest.ms.toFixed(0)} ms, ${slowest.first.toFixed(0)} ms at first, ${slowest.what} (aim: below 100)`,
);
