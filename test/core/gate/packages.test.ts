import { describe, expect, test } from 'vitest';
import type { PathChange } from '../../../src/core/gate/diff.ts';
import { lockfileOf } from '../../../src/core/gate/packages/lockfile.ts';
import { newDependencies } from '../../../src/core/gate/packages/manifests.ts';
import { nearMiss } from '../../../src/core/gate/packages/near-miss.ts';

const names = (path: string, before: string | null, after: string): string[] =>
  newDependencies(path, before, after).map(({ name }) => name);

describe('newly named dependencies', () => {
  test('package.json: every section, aliases by what they stand for, nothing from elsewhere', () => {
    const before = JSON.stringify({ dependencies: { old: '1' } });
    const after = JSON.stringify({
      dependencies: {
        old: '2',
        fresh: '^1',
        local: 'file:../x',
        hosted: 'acme/repo',
        alias: 'npm:@real/name@1',
      },
      devDependencies: { dev: '*', linked: 'workspace:*' },
      scripts: { fresh2: 'x' },
    });
    expect(names('a/package.json', before, after)).toEqual(['fresh', '@real/name', 'dev']);
  });

  test('Cargo.toml: tables, targets, renamed packages', () => {
    const after = `[dependencies]
serde = "1"
here = { path = "../here" }
renamed = { package = "real-name", version = "1" }
[target.'cfg(unix)'.dependencies]
nix = "0.27"
[dependencies.tokio]
version = "1"
features = ["full"]`;
    expect(names('Cargo.toml', '[dependencies]\nserde = "0.9"', after)).toEqual([
      'real-name',
      'tokio',
      'nix',
    ]);
  });

  test('pyproject.toml: PEP 621, groups, poetry', () => {
    const after = `[project]
dependencies = ["requests>=2", "Django[argon2] ~= 5.0; python_version > '3'", "here @ file:///x"]
[project.optional-dependencies]
dev = ["pytest"]
[dependency-groups]
lint = ["ruff", {include-group = "x"}]
[tool.poetry.dependencies]
python = "^3.12"
httpx = "*"
mine = { path = "." }`;
    expect(names('pyproject.toml', null, after)).toEqual(['requests', 'Django', 'pytest', 'ruff', 'httpx']);
  });

  test('requirements.txt and go.mod', () => {
    expect(
      names('requirements-dev.txt', 'flask\n', 'flask==3 # web\n-r other.txt\nnumpy>=2\n./local\n'),
    ).toEqual(['numpy']);
    const mod = `module example.com/me

require github.com/a/b v1.0.0
require (
	golang.org/x/text v0.3.0 // indirect
	example.com/here v0.0.0
)
replace example.com/here => ../here`;
    expect(names('go.mod', null, mod)).toEqual(['golang.org/x/text', 'github.com/a/b']);
  });

  test('say where they are named', () => {
    const after = '{\n  "dependencies": {\n    "left-pad": "1"\n  }\n}';
    expect(newDependencies('package.json', null, after)).toEqual([
      { ecosystem: 'npm', name: 'left-pad', path: 'package.json', line: 3 },
    ]);
  });

  test('a manifest that cannot be read throws, and one that could not be read before named nothing', () => {
    expect(() => names('package.json', null, '{ "dependencies": ')).toThrow();
    expect(names('package.json', '{', '{ "dependencies": { "a": "1" } }')).toEqual(['a']);
    expect(names('README.md', null, '{ "dependencies": { "a": "1" } }')).toEqual([]);
  });
});

describe('the lockfile', () => {
  const manifest = { ecosystem: 'npm' as const, name: 'left-pad', path: 'packages/a/package.json', line: 3 };
  const change = (path: string, added: string[]): PathChange => ({
    path,
    change: 'modified',
    mode: '100644',
    lines: { added: added.map((text, index) => ({ line: index + 1, text })), removed: [] },
  });
  const paths = new Set([
    'package-lock.json',
    'packages/a/package.json',
    'packages/b/yarn.lock',
    'Cargo.lock',
  ]);

  test.each([
    {
      what: 'names it',
      changes: [change('package-lock.json', ['"node_modules/left-pad": {'])],
      is: 'agrees',
    },
    { what: 'did not change', changes: [change('packages/a/package.json', [])], is: 'disagrees' },
    {
      what: 'changed for something else',
      changes: [change('package-lock.json', ['"lodash": "1"'])],
      is: 'disagrees',
    },
  ])('of a workspace is found above it: $what', ({ changes, is }) => {
    expect(lockfileOf(manifest, changes, paths).kind).toBe(is);
  });

  test('that does not exist is asked for nothing', () => {
    expect(lockfileOf(manifest, [], new Set(['packages/b/yarn.lock']))).toEqual({ kind: 'absent' });
    expect(lockfileOf(manifest, [], null)).toEqual({ kind: 'absent' });
  });
});

describe('near-misses', () => {
  test.each([
    ['npm', 'expres', 'express'],
    ['npm', 'cross_env', 'cross-env'],
    ['npm', 'reqct', 'react'],
    ['pypi', 'reqeusts', 'requests'],
    ['pypi', 'request', 'requests'],
    ['pypi', 'python-dateutill', 'python-dateutil'],
    ['crates', 'serdee', 'serde'],
    ['go', 'github.com/stretchr/testifi', 'github.com/stretchr/testify'],
    ['npm', 'react', null],
    ['npm', 'got2', null],
    ['npm', 'a-name-of-its-own', null],
  ] as const)('%s %s', (ecosystem, name, is) => {
    expect(nearMiss(ecosystem, name)).toBe(is);
  });
});
