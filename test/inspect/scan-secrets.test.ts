import { describe, expect, test } from 'vitest';
import type { PathChange } from '../../src/core/gate/diff.ts';
import { scanSecrets } from '../../src/inspect/scan-secrets.ts';

const change = (...texts: string[]): PathChange => ({
  path: 'src/config.ts',
  change: 'modified',
  mode: '100644',
  lines: { added: texts.map((text, index) => ({ line: 10 + index, text })), removed: [] },
});

/** Made up when the test runs, so that no file of this repository holds what looks like a secret. */
const letters = (count: number, from = 'aB3dE5gH1jK7mN9pQ2sT4vW6yZ8') => from.repeat(9).slice(0, count);
const upper = (count: number) => letters(count).toUpperCase();

const tokens: [string, string][] = [
  ['GitHub token', `ghp_${letters(36)}`],
  ['GitHub token', `gho_${letters(36)}`],
  ['GitHub token', `ghs_${letters(36)}`],
  ['GitHub token', `ghs_7_${letters(40)}.${letters(440)}.${letters(40)}`],
  ['GitHub token', `github_pat_${letters(22)}_${letters(59)}`],
  ['Anthropic key', `sk-ant-api03-${letters(80)}`],
  ['OpenAI key', `sk-proj-${letters(60)}`],
  ['Google API key', `AIza${letters(35)}`],
  ['AWS access key', `AKIA${upper(16)}`],
  ['Slack token', `xoxb-${'1'.repeat(12)}-${letters(24)}`],
  ['Stripe key', `sk_live_${letters(24)}`],
  ['npm token', `npm_${letters(36)}`],
  ['Hugging Face token', `hf_${letters(34)}`],
  ['GitLab token', `glpat-${letters(20)}`],
  ['private key', `-----BEGIN ${'RSA '}PRIVATE KEY-----`],
];

describe('scanSecrets', () => {
  test.each(tokens)('S48: finds a %s', async (what, token) => {
    const found = await scanSecrets([change('const harmless = 1;', `const key = "${token}";`)]);
    expect(found).toEqual([{ path: 'src/config.ts', line: 11, what }]);
    // Nothing of it is told on (I10).
    expect(JSON.stringify(found)).not.toContain(token.slice(4, 20));
  });

  test('finds what the rules of secretlint know besides', async () => {
    const url = `postgres://admin:${letters(16)}@db.example.org:5432/app`;
    expect(await scanSecrets([change(url)])).toEqual([
      { path: 'src/config.ts', line: 10, what: 'database connection string' },
    ]);
  });

  test.each([
    'const token = process.env.GITHUB_TOKEN;',
    'ghp_short',
    'xoxo-love',
    'the prefix sk-ant- stands for Anthropic',
    'sha512-aB3dE5gH1jK7mN9pQ2sT4vW6yZ8aB3dE5gH1jK7mN9pQ2sT4vW6yZ8==',
    'AKIAIOSFODNN7 is too short',
  ])('leaves %j be', async (text) => {
    expect(await scanSecrets([change(text)])).toEqual([]);
  });

  test('looks only at what is added, tells each line once, and of one file not everything', async () => {
    const token = `ghp_${letters(36)}`;
    const removed: PathChange = {
      path: 'a',
      change: 'modified',
      mode: '100644',
      lines: { added: [], removed: [{ line: 1, text: token }] },
    };
    expect(await scanSecrets([removed])).toEqual([]);
    expect(await scanSecrets([change(...Array.from({ length: 100 }, () => token))])).toHaveLength(20);
  });

  test('reads a line of a megabyte in a moment, and finds the token at its end', {
    timeout: 10_000,
  }, async () => {
    const found = await scanSecrets([change(`${'a-b_'.repeat(250_000)} ghp_${letters(36)}`)]);
    expect(found).toEqual([{ path: 'src/config.ts', line: 10, what: 'GitHub token' }]);
  });
});
