/** How long the arbiter's rules take over a diff of 2,000 files with owners: `npm run bench:arbiter`. */
import { judgeDiff } from '../src/core/gate/arbiter.ts';
import { noFacts, type PathChange } from '../src/core/gate/diff.ts';
import { freshEvidence } from '../src/core/gate/evidence.ts';
import type { Spec, Task } from '../src/core/lane/state.ts';
import { defaultPolicy, policyHash } from '../src/core/policy.ts';
import { scanSecrets } from '../src/inspect/scan-secrets.ts';

const files = 2_000;
const runs = 5;

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

const facts = { ...noFacts, codeowners: ['* @o/all', ...codeowners].join('\n') };
const rules = Array.from({ length: runs }, () =>
  measure(() => {
    judgeDiff(
      task,
      { headSha: 'head', baseSha: 'base', changes, facts },
      { policy: defaultPolicy, policyHash: policyHash(defaultPolicy) },
    );
  }),
);
const started = performance.now();
await scanSecrets(changes);
const secrets = performance.now() - started;
console.log(`${files} files, ${files * 200} changed lines`);
console.log(`rules: ${rules.map((ms) => ms.toFixed(0)).join(', ')} ms`);
console.log(`looking for secrets, before the lane is locked: ${secrets.toFixed(0)} ms`);
