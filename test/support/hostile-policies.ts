/** Policy files that want to cost much, and the words by which each is refused. */
export interface HostilePolicy {
  what: string;
  text: string;
  words: RegExp;
}

const laughs = [
  'a0: &a0 ["lol", "lol"]',
  ...Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}x]`),
];
const quoted = (patterns: readonly string[]): string =>
  patterns.map((pattern) => `\n  - "${pattern}"`).join('');

export const hostilePolicies: readonly HostilePolicy[] = [
  { what: 'a billion laughs', text: laughs.join('\n'), words: /aliases/u },
  { what: 'few aliases that grow', text: laughs.slice(0, 3).join('\n'), words: /unknown key|alias/u },
  { what: 'one megabyte', text: `# ${'x'.repeat(100)}\n`.repeat(10_000), words: /larger than 32 kB/u },
  { what: 'ten megabytes', text: 'x'.repeat(10_000_000), words: /larger than 32 kB/u },
  {
    what: 'thirty-two kilobytes in wide characters',
    text: '# ✓'.repeat(8_000),
    words: /larger than 32 kB/u,
  },
  { what: 'ten thousand lines', text: '#\n'.repeat(10_000), words: /more than 2000 lines/u },
  { what: 'one endless line', text: `a: ${'x'.repeat(2_000)}`, words: /longer than 1000 characters/u },
  { what: 'brackets in brackets', text: `a: ${'['.repeat(500)}`, words: /nested more than 20 deep/u },
  { what: 'brackets over lines', text: `a:\n${' [\n'.repeat(900)}`, words: /nested more than 20 deep/u },
  { what: 'braces', text: `a: ${'{a: '.repeat(200)}`, words: /nested more than 20 deep/u },
  { what: 'lists in lists', text: `${'- '.repeat(400)}x`, words: /nested more than 20 deep/u },
  { what: 'keys of keys', text: `${'? '.repeat(400)}x`, words: /nested more than 20 deep/u },
  {
    what: 'steps to the right',
    text: Array.from({ length: 200 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
    words: /nested/u,
  },
  {
    what: 'a glob without end',
    text: 'areas: { a: ["**/**/**/**/**/**/**/**/*a*b*c*d*e*/x"] }',
    words: /stars/u,
  },
  { what: 'braces without end', text: `areas: { a: ["${'{a,b}'.repeat(40)}"] }`, words: /braces/u },
  {
    what: 'thousands of globs',
    text: `ownership:\n shared:${quoted(Array.from({ length: 1_900 }, (_, n) => `s${n}/**`))}\n`,
    words: /at most 200|too/iu,
  },
  {
    what: 'globs that would look back for ever',
    text: `ownership:\n protected:${quoted(Array.from({ length: 100 }, () => `${'*a'.repeat(40)}*b`))}\n`,
    words: /stars/u,
  },
];
