/** Kinds of paths, by the customs of many languages. A path may be of several kinds. */
import { compilePatterns } from '../../task/patterns.ts';

/** Lockfiles, each with the manifests that it goes with. */
const lockfileManifests: Readonly<Record<string, readonly string[]>> = {
  'package-lock.json': ['package.json'],
  'npm-shrinkwrap.json': ['package.json'],
  'yarn.lock': ['package.json'],
  'pnpm-lock.yaml': ['package.json', 'pnpm-workspace.yaml'],
  'bun.lock': ['package.json'],
  'bun.lockb': ['package.json'],
  'deno.lock': ['deno.json', 'deno.jsonc', 'package.json'],
  'poetry.lock': ['pyproject.toml'],
  'uv.lock': ['pyproject.toml'],
  'pdm.lock': ['pyproject.toml'],
  'Pipfile.lock': ['Pipfile'],
  'Cargo.lock': ['Cargo.toml'],
  'go.sum': ['go.mod', 'go.work'],
  'Gemfile.lock': ['Gemfile'],
  'composer.lock': ['composer.json'],
};

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

/** The names of the manifests that a lockfile goes with; none when the path is no lockfile. */
export function manifestsOf(lockfile: string): readonly string[] {
  const name = nameOf(lockfile);
  return Object.hasOwn(lockfileManifests, name) ? (lockfileManifests[name] ?? []) : [];
}

export function isLockfile(path: string): boolean {
  return manifestsOf(path).length > 0;
}

const testFolder = /(^|\/)(tests?|__tests__|spec|specs|e2e|testdata|fixtures)\//iu;
const testName =
  /([._-](test|spec|e2e)\.[a-z]+|_test\.(go|py|rb|exs?)|(^|\/)test_[^/]+\.py|Tests?\.(java|kt|cs|swift|php|scala))$/u;

export function isTest(path: string): boolean {
  return testFolder.test(path) || testName.test(path);
}

const sourceName =
  /\.(c|cc|cpp|cs|cxx|clj|dart|erl|exs?|fs|go|h|hpp|hs|java|jl|js|jsx|cjs|mjs|kt|lua|m|mm|ml|php|pl|py|r|rb|rs|scala|sh|sol|sql|svelte|swift|ts|tsx|cts|mts|vue|zig)$/iu;

/** A file with behaviour that a test could look at. */
export function isSource(path: string): boolean {
  return sourceName.test(path) && !isTest(path) && !/\.d\.[cm]?ts$/u.test(path);
}

/** What an agent's `capabilities` mean as paths; the policy's `arbiter.roles` adds to these or replaces them. */
export const roleKinds: Readonly<Record<string, (path: string) => boolean>> = {
  docs: (path) => /\.(md|mdx|rst|adoc|txt)$/iu.test(path) || /(^|\/)docs?\//iu.test(path),
  tests: isTest,
  ci: compilePatterns(['.github/**', '.gitlab-ci.yml', '.circleci/**', 'Jenkinsfile', '.buildkite/**']),
  code: (path) =>
    isSource(path) ||
    isTest(path) ||
    /\.(json|toml|ya?ml|lock|html|css|scss)$/iu.test(path) ||
    !/\./u.test(nameOf(path)) ||
    isLockfile(path),
};
