/** The dependencies that a manifest names. A manifest that cannot be read names none, and says so. */
import { parse as parseToml } from 'smol-toml';
import type { Ecosystem, NewDependency } from '../diff.ts';
import { nameOf } from '../rules/kinds.ts';

const requirementsFile = /^(requirements|constraints)[\w.-]*\.(txt|in)$/iu;

/** The registry that a manifest's names belong to; null for files that are no manifest. */
export function ecosystemOf(path: string): Ecosystem | null {
  const name = nameOf(path);
  if (name === 'package.json') return 'npm';
  if (name === 'Cargo.toml') return 'crates';
  if (name === 'go.mod') return 'go';
  if (name === 'pyproject.toml' || name === 'Pipfile' || requirementsFile.test(name)) return 'pypi';
  return null;
}

type Table = Record<string, unknown>;

function table(value: unknown): Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** Places on disk, in the workspace or in a repository are in no registry. */
const notInARegistry =
  /^(file|link|workspace|portal|patch|catalog|git|git\+\w+|github|https?|ssh):|^[\w.-]+\/[\w.-]+(#|$)/u;

function readNpm(text: string): string[] {
  const manifest = table(JSON.parse(text));
  const sections = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
  return sections.flatMap((section) =>
    Object.entries(table(manifest[section])).flatMap(([name, spec]) => {
      if (typeof spec !== 'string') return [];
      const alias = /^npm:((?:@[^/]+\/)?[^@]+)/u.exec(spec);
      if (alias?.[1]) return [alias[1]];
      return notInARegistry.test(spec) ? [] : [name];
    }),
  );
}

function readCargo(text: string): string[] {
  const manifest = table(parseToml(text));
  const tables = [manifest, table(manifest.workspace), ...Object.values(table(manifest.target)).map(table)];
  const sections = ['dependencies', 'dev-dependencies', 'build-dependencies'];
  return tables
    .flatMap((each) => sections.map((section) => table(each[section])))
    .flatMap((section) =>
      Object.entries(section).flatMap(([name, spec]) => {
        const detail = table(spec);
        if ('path' in detail || 'git' in detail || detail.workspace === true) return [];
        return [typeof detail.package === 'string' ? detail.package : name];
      }),
    );
}

/** The name at the start of a requirement as PEP 508 writes it; null for a URL, a path or an option. */
function requirementName(text: string): string | null {
  const [, name = '', rest = ''] = /^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)$/u.exec(text) ?? [];
  if (name === '' || rest.startsWith('@') || rest.startsWith(':') || rest.startsWith('/')) return null;
  return name;
}

function readPyproject(text: string): string[] {
  const manifest = table(parseToml(text));
  const project = table(manifest.project);
  const requirements = [
    ...strings(project.dependencies),
    ...Object.values(table(project['optional-dependencies'])).flatMap(strings),
    ...Object.values(table(manifest['dependency-groups'])).flatMap(strings),
    ...strings(table(manifest['build-system']).requires),
  ];
  const poetry = table(table(manifest.tool).poetry);
  const named = [
    poetry.dependencies,
    poetry['dev-dependencies'],
    ...Object.values(table(poetry.group)).map((group) => table(group).dependencies),
    manifest.packages,
    manifest['dev-packages'],
  ];
  return [
    ...requirements.flatMap((each) => requirementName(each) ?? []),
    ...named.flatMap((section) =>
      Object.entries(table(section)).flatMap(([name, spec]) => {
        const detail = table(spec);
        return name === 'python' || 'path' in detail || 'git' in detail || 'url' in detail ? [] : [name];
      }),
    ),
  ];
}

function readRequirements(text: string): string[] {
  return text
    .split(/\r?\n/u)
    .map((line) => line.replace(/(^|\s)#.*$/u, '').trim())
    .filter((line) => line !== '' && !line.startsWith('-'))
    .flatMap((line) => requirementName(line) ?? []);
}

function readGoMod(text: string): string[] {
  const replacedHere = new Set(
    [...text.matchAll(/^\s*(?:replace\s+)?(\S+)(?:\s+v\S+)?\s+=>\s+\.{0,2}\//gmu)].map(
      ([, path = '']) => path,
    ),
  );
  const inBlocks = [...text.matchAll(/^require\s*\(([\s\S]*?)^\)/gmu)].flatMap(([, block = '']) =>
    block.split('\n'),
  );
  const alone = [...text.matchAll(/^require\s+([^\s(].*)$/gmu)].map(([, line = '']) => line);
  return [...inBlocks, ...alone]
    .flatMap((line) => /^\s*"?([^\s"/]+\.[^\s"]+)"?\s+v\S+/u.exec(line)?.[1] ?? [])
    .filter((name) => !replacedHere.has(name));
}

const longestManifest = 1_000_000;

/** The names, without repeats. @throws when the manifest cannot be understood */
export function dependenciesIn(path: string, text: string): string[] {
  if (text.length > longestManifest) throw new Error('it is too large');
  const name = nameOf(path);
  const read = (): string[] => {
    if (name === 'package.json') return readNpm(text);
    if (name === 'Cargo.toml') return readCargo(text);
    if (name === 'go.mod') return readGoMod(text);
    return name === 'pyproject.toml' || name === 'Pipfile' ? readPyproject(text) : readRequirements(text);
  };
  return [...new Set(read())];
}

/** The line of a manifest that first has this name; null when none has it as it is. */
function lineOf(text: string, name: string): number | null {
  const at = text.split('\n').findIndex((line) => line.includes(name));
  return at < 0 ? null : at + 1;
}

/**
 * What the manifest names now and did not name before.
 * @param before null for a new manifest
 * @throws when the manifest as it is now cannot be understood; one that could not be understood before named nothing
 */
export function newDependencies(path: string, before: string | null, after: string): NewDependency[] {
  const ecosystem = ecosystemOf(path);
  if (ecosystem === null) return [];
  let known: string[] = [];
  try {
    known = before === null ? [] : dependenciesIn(path, before);
  } catch {
    known = [];
  }
  return dependenciesIn(path, after)
    .filter((name) => !known.includes(name))
    .map((name) => ({ ecosystem, name, path, line: lineOf(after, name) }));
}
