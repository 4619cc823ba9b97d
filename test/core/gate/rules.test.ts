/** Each rule over a table of diffs: what it finds, and what it is silent about. */
import { describe, expect, test } from 'vitest';
import { countFindings, judgeDiff } from '../../../src/core/gate/arbiter.ts';
import {
  type DiffFacts,
  type JudgedDependency,
  noFacts,
  type PathChange,
  type Reversal,
} from '../../../src/core/gate/diff.ts';
import { freshEvidence } from '../../../src/core/gate/evidence.ts';
import { type RuleName, ruleNames } from '../../../src/core/gate/rules/rule.ts';
import type { Finding } from '../../../src/core/lane/pull-state.ts';
import type { Task } from '../../../src/core/lane/state.ts';
import { PolicyFile, policyHash } from '../../../src/core/policy.ts';
import { task as sceneTask } from '../../protocol/scene.ts';
import { specOf } from '../lane-driver.ts';

interface Case {
  what: string;
  changes?: PathChange[];
  facts?: Partial<DiffFacts>;
  policy?: unknown;
  task?: Partial<Task>;
  owns?: string[];
  unread?: string[];
  /** `severity path:line`, in order; a rule that is silent has none. */
  finds: string[];
}

function judge({
  changes = [],
  facts,
  policy = {},
  task: change = {},
  owns = ['**'],
  unread = [],
}: Case): Finding[] {
  const parsed = PolicyFile.parse(policy);
  const task = { ...sceneTask(), ...change, spec: { ...sceneTask().spec, owns } };
  const diff = { headSha: 'head', baseSha: 'base', changes, unread, facts: { ...noFacts, ...facts } };
  return judgeDiff(task, diff, { policy: parsed, policyHash: policyHash(parsed) }).findings;
}

const brief = ({ severity, path, line }: Finding): string =>
  `${severity} ${path ?? '-'}${line === null ? '' : `:${line}`}`;

function table(rule: RuleName, cases: Case[]): void {
  describe(rule, () => {
    test.each(cases)('$what', (each) => {
      const own = judge(each).filter((finding) => finding.rule === rule);
      expect(own.map(brief)).toEqual(each.finds);
      for (const { message, remedy } of own) {
        expect(message).not.toBe('');
        expect(remedy).toMatch(/[.…]$/u);
      }
    });
  });
}

const numbered = (texts: string[]) => texts.map((text, index) => ({ line: index + 1, text }));

/** A change of one file; lines as texts. */
function file(
  path: string,
  added: string[] = ['x'],
  removed: string[] = [],
  more: Partial<PathChange> = {},
): PathChange {
  return {
    path,
    change: 'modified',
    mode: '100644',
    modeBefore: '100644',
    lines: { added: numbered(added), removed: numbered(removed) },
    ...more,
  };
}
const gone = (path: string, more: Partial<PathChange> = {}) =>
  file(path, [], ['x'], { change: 'removed', ...more });
const fresh = (path: string, added: string[] = ['x']) => file(path, added, [], { change: 'added' });

table('unread', [
  { what: 'a diff that was read as a whole', finds: [] },
  { what: 'S32: 3,001 files hiding a workflow', unread: ['too many files'], finds: ['fail -'] },
]);

table('scope', [
  {
    what: 'inside',
    changes: [file('src/a.js'), fresh('docs/deep/er.md')],
    owns: ['src/a.js', 'docs/**'],
    finds: [],
  },
  {
    what: 'outside, by what happened to it',
    changes: [gone('src/b.js'), file('README.md')],
    owns: ['docs/**'],
    finds: ['fail src/b.js', 'fail README.md'],
  },
  {
    what: 'S33: a rename is judged by both names',
    changes: [gone('docs/a.md'), fresh('src/b.js')],
    owns: ['docs/**'],
    finds: ['fail src/b.js'],
  },
  {
    what: 'S33: a rename out of a foreign folder',
    changes: [gone('lib/a'), fresh('lib/b')],
    owns: ['docs/**'],
    finds: ['fail lib/a', 'fail lib/b'],
  },
  {
    what: 'a name that only begins like an owned path',
    changes: [file('src/a.js.bak')],
    owns: ['src/a.js'],
    finds: ['fail src/a.js.bak'],
  },
]);

const otherWork = freshEvidence('2026-01-01T00:00:00.000Z', {
  version: 1,
  spec: specOf({ requirements: 'Before.' }),
});
const scenePull = sceneTask().pull;

table('version', [
  { what: 'a head made for the present work', finds: [] },
  { what: 'no pull request yet', task: { pull: null }, finds: [] },
  {
    what: 'a head made for other work',
    task: { pull: scenePull && { ...scenePull, gate: otherWork } },
    finds: ['fail -'],
  },
]);

const lines = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);

table('size', [
  { what: 'as large as may be', changes: [file('a.md', lines(600))], finds: [] },
  {
    what: 'one line more, added or removed',
    changes: [file('a.md', lines(300), lines(301))],
    finds: ['fail -'],
  },
  {
    what: 'too many files',
    changes: Array.from({ length: 31 }, (_, index) => file(`a${index}.md`)),
    finds: ['fail -'],
  },
  {
    what: 'a lockfile counts as a file only',
    changes: [file('package.json'), file('package-lock.json', lines(9_000))],
    finds: [],
  },
  {
    what: 'a path with a limit of its own',
    policy: { arbiter: { size: { paths: { 'fixtures/**': 5_000 } } } },
    changes: [file('fixtures/a', lines(5_000))],
    finds: [],
  },
  {
    what: 'over the limit of its own',
    policy: { arbiter: { size: { paths: { 'src/**': 10 } } } },
    changes: [file('src/a', lines(11))],
    finds: ['fail -'],
  },
]);

table('protected', [
  {
    what: 'one that the task was given by name: a person approves it anyway',
    changes: [file('.github/workflows/ci.yml')],
    owns: ['.github/workflows/**'],
    finds: ['warn .github/workflows/ci.yml'],
  },
  {
    what: 'one that was given by name where nobody approves',
    policy: { gate: { approvals: 0 } },
    changes: [file('CLAUDE.md'), file('.github/x')],
    owns: ['CLAUDE.md', '.github/**'],
    finds: ['fail CLAUDE.md', 'warn .github/x'],
  },

  {
    what: 'S30: a workflow',
    changes: [file('.github/workflows/ci.yml')],
    finds: ['fail .github/workflows/ci.yml'],
  },
  {
    what: 'S30: a composite action',
    changes: [fresh('tools/build/action.yml')],
    finds: ['fail tools/build/action.yml'],
  },
  {
    what: 'S31: our config',
    changes: [file('.github/signalbox.yml')],
    finds: ['fail .github/signalbox.yml'],
  },
  {
    what: 'S31: CODEOWNERS, in each place',
    changes: [file('CODEOWNERS'), file('docs/CODEOWNERS')],
    finds: ['fail CODEOWNERS', 'fail docs/CODEOWNERS'],
  },
  {
    what: 'instructions to agents, in any case',
    changes: [fresh('sub/agents.md'), file('CLAUDE.md')],
    finds: ['fail sub/agents.md', 'fail CLAUDE.md'],
  },
  { what: 'hooks', changes: [fresh('.husky/pre-commit')], finds: ['fail .husky/pre-commit'] },
  {
    what: 'S33: a rename out of a protected path',
    changes: [gone('.github/dependabot.yml'), fresh('docs/x.yml')],
    finds: ['fail .github/dependabot.yml'],
  },
  {
    what: 'a lockfile without its manifest',
    changes: [file('package-lock.json')],
    finds: ['fail package-lock.json'],
  },
  {
    what: 'a lockfile with a manifest below it',
    changes: [file('package-lock.json'), file('packages/a/package.json')],
    finds: [],
  },
  {
    what: 'a lockfile with a manifest elsewhere',
    changes: [file('a/Cargo.lock'), file('b/Cargo.toml')],
    finds: ['fail a/Cargo.lock'],
  },
  {
    what: 'what the policy protects besides',
    policy: { ownership: { protected: ['infra/**'] } },
    changes: [file('infra/x.tf'), file('.github/x')],
    finds: ['fail infra/x.tf', 'fail .github/x'],
  },
  {
    what: 'a policy that only warns',
    policy: { arbiter: { protected: 'warn' } },
    changes: [file('CLAUDE.md')],
    finds: ['warn CLAUDE.md'],
  },
  {
    what: 'a file that is only called like one',
    changes: [file('src/CODEOWNERS.ts'), file('src/action.ts')],
    finds: [],
  },
]);

table('secrets', [
  { what: 'none', changes: [file('a.md')], finds: [] },
  {
    what: 'S48: what was sighted',
    facts: { secrets: [{ path: 'a.js', line: 3, what: 'GitHub token' }] },
    finds: ['fail a.js:3'],
  },
  ...(['fail', 'warn', 'off'] as const).map((weight) => ({
    what: `what a commit on the way holds, by the policy: ${weight}`,
    policy: { arbiter: { history: weight } },
    facts: {
      history: {
        secrets: [
          { commit: 'c'.repeat(40), path: 'a.js', line: 3, what: 'GitHub token' },
          { commit: 'c'.repeat(40), path: null, line: null, what: 'GitHub token' },
        ],
        unsearched: ['there are 300 commits, and at most 100 are read'],
      },
    },
    finds: weight === 'off' ? [] : [`${weight} a.js`, `${weight} -`, `${weight} -`],
  })),
]);

test('a secret on the way is told with its commit', () => {
  const secrets = [{ commit: 'c'.repeat(40), path: 'a.js', line: 3, what: 'GitHub token' }];
  const [finding] = judge({ what: '', facts: { history: { secrets, unsearched: [] } }, finds: [] });
  expect(finding?.message).toBe('looks like a secret: GitHub token, in line 3 as of commit cccccccccccc');
});

const at = '2026-11-20T00:00:00.000Z';
function dependency(name: string, change: Partial<JudgedDependency> = {}): JudgedDependency {
  return {
    ecosystem: 'npm',
    name,
    path: 'package.json',
    line: 4,
    answer: { kind: 'known', firstPublishedAt: '2020-01-01T00:00:00.000Z' },
    lockfile: { kind: 'agrees' },
    ...change,
  };
}
const naming = (...dependencies: JudgedDependency[]): Partial<DiffFacts> => ({ at, dependencies });

table('packages', [
  { what: 'known, old, locked', facts: naming(dependency('left-pad')), finds: [] },
  {
    what: 'S52: a name that nobody has registered',
    facts: naming(dependency('reacct-utils', { answer: { kind: 'missing' } })),
    finds: ['fail package.json:4'],
  },
  {
    what: 'published yesterday',
    facts: naming(
      dependency('brand-new-thing', {
        answer: { kind: 'known', firstPublishedAt: '2026-11-19T00:00:00.000Z' },
      }),
    ),
    finds: ['warn package.json:4'],
  },
  {
    what: 'just old enough',
    facts: naming(
      dependency('two-weeks', { answer: { kind: 'known', firstPublishedAt: '2026-11-06T00:00:00.000Z' } }),
    ),
    finds: [],
  },
  {
    what: 'a near-miss of a popular name',
    facts: naming(dependency('expresss')),
    finds: ['warn package.json:4'],
  },
  {
    what: 'the popular name without its dash',
    facts: naming(dependency('crossenv')),
    finds: ['warn package.json:4'],
  },
  {
    what: 'a popular name that is near another',
    facts: naming(dependency('preact'), dependency('hono')),
    finds: [],
  },
  {
    what: 'PyPI names by any dash',
    facts: naming(dependency('scikit_learn', { ecosystem: 'pypi' })),
    finds: [],
  },
  {
    what: 'not in the lockfile',
    facts: naming(
      dependency('left-pad', {
        lockfile: { kind: 'disagrees', path: 'yarn.lock', why: 'it did not change' },
      }),
    ),
    finds: ['warn package.json:4'],
  },
  {
    what: 'a registry that does not answer',
    facts: naming(dependency('left-pad', { answer: { kind: 'unknown', why: 'it answered 503' } })),
    finds: ['warn package.json:4'],
  },
  {
    what: 'a registry that does not answer, and must',
    policy: { arbiter: { unreachable: 'fail' } },
    facts: naming(dependency('left-pad', { answer: { kind: 'unknown', why: 'it answered 503' } })),
    finds: ['fail package.json:4'],
  },
  {
    what: 'switched off',
    policy: { arbiter: { packages: 'off' } },
    facts: naming(dependency('nope', { answer: { kind: 'missing' } })),
    finds: [],
  },
]);

table('tests', [
  { what: 'source without a test', changes: [file('src/a.ts')], finds: ['warn src/a.ts'] },
  { what: 'source with a test', changes: [file('src/a.ts'), file('test/a.test.ts')], finds: [] },
  {
    what: 'source, and a test that goes away',
    changes: [file('src/a.ts'), gone('src/a.test.ts')],
    finds: ['warn src/a.ts'],
  },
  { what: 'words only', changes: [file('README.md')], finds: [] },
  {
    what: 'a policy that insists',
    policy: { arbiter: { tests: 'fail' } },
    changes: [file('lib/x.py')],
    finds: ['fail lib/x.py'],
  },
  { what: 'tests of other languages', changes: [file('a.go'), file('a_test.go')], finds: [] },
]);

const source = file('src/a.ts');
table('loosened-tests', [
  {
    what: 'an assertion that goes away',
    changes: [source, file('test/a.test.ts', [], ['  expect(a).toBe(1);'])],
    finds: ['warn test/a.test.ts'],
  },
  {
    what: 'an assertion that changes',
    changes: [source, file('test/a.test.ts', ['expect(a).toBe(2);'], ['expect(a).toBe(1);'])],
    finds: [],
  },
  {
    what: 'a skipped test',
    changes: [source, file('test/a.test.ts', ["it('a')", "test.skip('b', () => {"])],
    finds: ['warn test/a.test.ts:2'],
  },
  {
    what: 'a test that shuts out the others',
    changes: [source, file('test/a.test.ts', ["it.only('a', () => {"])],
    finds: ['warn test/a.test.ts:1'],
  },
  {
    what: 'Python, Go and Rust skip too',
    changes: [
      source,
      file('test_a.py', ['@pytest.mark.skip']),
      file('a_test.go', ['t.Skip("later")']),
      file('tests/a.rs', ['#[ignore]']),
    ],
    finds: ['warn test_a.py:1', 'warn a_test.go:1', 'warn tests/a.rs:1'],
  },
  {
    what: 'a test file that goes away',
    changes: [source, gone('test/a.test.ts')],
    finds: ['warn test/a.test.ts'],
  },
  {
    what: 'a test file that is moved',
    changes: [source, gone('test/a.test.ts', { movedTo: 'test/b.test.ts' }), fresh('test/b.test.ts')],
    finds: [],
  },
  {
    what: 'words about skipping',
    changes: [source, file('test/a.test.ts', ['// test.skip is evil'])],
    finds: [],
  },
  { what: 'tests alone', changes: [file('test/a.test.ts', [], ['expect(1).toBe(1)'])], finds: [] },
]);

const docsAgent = { agents: { scribe: { via: 'pull', capabilities: ['docs'] } } };
const attempt: Task['attempt'] = {
  number: 1,
  fence: 1,
  version: 1,
  agent: 'scribe',
  via: 'pull',
  branch: 'b',
  baseSha: 'base',
  openedSha: 'opened',
  claimId: null,
  worker: null,
  assignedAt: at,
  startedAt: null,
} as NonNullable<Task['attempt']>;
table('role', [
  {
    what: 'a docs agent writes docs',
    policy: docsAgent,
    task: { attempt },
    changes: [file('docs/a.md')],
    finds: [],
  },
  {
    what: 'a docs agent writes code',
    policy: docsAgent,
    task: { attempt },
    changes: [file('src/a.ts')],
    finds: ['fail src/a.ts'],
  },
  {
    what: 'an agent without capabilities may do all',
    policy: { agents: { scribe: { via: 'pull' } } },
    task: { attempt },
    changes: [file('src/a.ts')],
    finds: [],
  },
  {
    what: 'words that name no kind of file',
    policy: { agents: { scribe: { via: 'pull', capabilities: ['frontend'] } } },
    task: { attempt },
    changes: [file('src/a.ts')],
    finds: [],
  },
  {
    what: 'a kind that the policy defines',
    policy: {
      agents: { scribe: { via: 'pull', capabilities: ['frontend'] } },
      arbiter: { roles: { frontend: ['web/**'] } },
    },
    task: { attempt },
    changes: [file('web/a.ts'), file('api/a.ts')],
    finds: ['fail api/a.ts'],
  },
]);

const base = (days: number, behind = 7) => ({
  at,
  base: { behind, mergeBaseAt: new Date(Date.parse(at) - days * 86_400_000).toISOString() },
});
table('stale', [
  { what: 'a recent base', facts: base(14), finds: [] },
  { what: 'an old base', facts: base(15), finds: ['warn -'] },
  { what: 'an old base on which nothing has happened', facts: base(400, 0), finds: [] },
  { what: 'a server that does not tell', facts: { at, base: null }, finds: [] },
]);

const reversal = (change: Partial<Reversal> = {}): Partial<DiffFacts> => ({
  reversals: [{ issue: 7, pull: 70, path: 'src/b.js', removed: 2, added: 10, ...change }],
});
table('reversal', [
  {
    what: 'what landed goes away outside the claims',
    facts: reversal(),
    owns: ['src/a.js'],
    finds: ['fail src/b.js'],
  },
  { what: 'a little of it inside the claims', facts: reversal(), owns: ['src/**'], finds: [] },
  {
    what: 'most of it inside the claims',
    facts: reversal({ removed: 6 }),
    owns: ['src/**'],
    finds: ['warn src/b.js'],
  },
  { what: 'what the task itself has landed', facts: reversal({ issue: 42 }), owns: ['src/a.js'], finds: [] },
]);

table('files', [
  {
    what: 'S34: a symbolic link',
    changes: [{ path: 'a', change: 'added', mode: '120000' }],
    finds: ['fail a'],
  },
  {
    what: 'S34: a submodule',
    changes: [{ path: 'lib', change: 'modified', mode: '160000' }],
    finds: ['fail lib'],
  },
  { what: 'a link that goes away', changes: [{ path: 'a', change: 'removed', mode: '120000' }], finds: [] },
  {
    what: 'S34: a name that differs in case only',
    facts: { caseCollisions: [{ path: 'SRC/a.js', other: 'src/a.js' }] },
    finds: ['fail SRC/a.js'],
  },
  {
    what: 'a binary',
    changes: [{ path: 'a.png', change: 'added', mode: '100644', isBinary: true }],
    finds: ['warn a.png'],
  },
  {
    what: 'a binary where none may be',
    policy: { arbiter: { binary: 'fail' } },
    changes: [{ path: 'a.png', change: 'added', mode: '100644', isBinary: true }],
    finds: ['fail a.png'],
  },
  {
    what: 'a file that becomes a program',
    changes: [{ path: 'run', change: 'modified', mode: '100755', modeBefore: '100644' }],
    finds: ['warn run'],
  },
]);

table('conflict-markers', [
  {
    what: 'a merge left undone',
    changes: [file('a.md', ['x', '<<<<<<< HEAD', 'y', '=======', 'z', '>>>>>>> main'])],
    finds: ['fail a.md:2', 'fail a.md:6'],
  },
  { what: 'an underlined heading', changes: [file('a.md', ['Heading', '======='])], finds: [] },
  { what: 'arrows in a sentence', changes: [file('a.md', ['<<<<<<<<<< wow', 'a >>>>>>> b'])], finds: [] },
  { what: 'markers that go away', changes: [file('a.md', [], ['<<<<<<< HEAD'])], finds: [] },
]);

const made = { arbiter: { generated: [{ files: ['src/schema.ts'], from: ['migrations/**'] }] } };
table('generated', [
  { what: 'both', policy: made, changes: [file('src/schema.ts'), fresh('migrations/2.ts')], finds: [] },
  { what: 'by hand', policy: made, changes: [file('src/schema.ts')], finds: ['fail src/schema.ts'] },
  { what: 'forgotten', policy: made, changes: [fresh('migrations/2.ts')], finds: ['warn migrations/2.ts'] },
  { what: 'neither', policy: made, changes: [file('src/a.ts')], finds: [] },
]);

table('owners', [
  { what: 'a few', facts: { codeowners: '* @acme/all' }, changes: [file('a')], finds: [] },
  {
    what: 'more than can be asked',
    facts: {
      codeowners: lines(51)
        .map((_, n) => `/f${n} @u${n}`)
        .join('\n'),
    },
    changes: lines(51).map((_, n) => file(`f${n}`)),
    finds: ['fail -'],
  },
]);

describe('the whole arbiter', () => {
  test('every rule has a table here', () => {
    // `table` makes a suite for each; a rule without one would have no test at all.
    expect(ruleNames).toHaveLength(17);
  });

  test('keeps ten findings of a kind and counts the rest, so that no kind is lost', () => {
    const findings = judge({
      what: '',
      changes: Array.from({ length: 500 }, (_, index) => file(`x${index}.md`, ['<<<<<<< HEAD'])),
      owns: ['src/**'],
      finds: [],
    });
    const scope = findings.filter(({ rule }) => rule === 'scope');
    expect(scope).toHaveLength(11);
    expect(countFindings(scope)).toBe(500);
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(['scope', 'conflict-markers', 'size']));
    expect(JSON.stringify(findings).length).toBeLessThan(20_000);
  });

  test('judges a diff of 2,000 files (how fast: bench/arbiter.ts)', () => {
    const changes = Array.from({ length: 2_000 }, (_, index) =>
      index % 3 === 0
        ? file(`packages/p${index % 40}/test/unit${index}.test.ts`, lines(60), lines(40))
        : file(`packages/p${index % 40}/src/module${index}.ts`, lines(120), lines(80)),
    );
    const codeowners = lines(300)
      .map((_, n) => `/packages/p${n % 40}/src/module${n}*.ts @team${n % 20}`)
      .join('\n');
    const findings = judge({
      what: '',
      changes,
      facts: { codeowners: `* @all\n${codeowners}` },
      owns: ['packages/**'],
      finds: [],
    });
    expect(findings.map(({ rule }) => rule)).toContain('size');
  });
});
