import { expect, test } from 'vitest';
import { renderTokens, type TokenLine } from '../../src/protocol/agent-token-text.ts';

const day = (text: string) => new Date(`${text}T12:00:00Z`);
const line = (change: Partial<TokenLine>): TokenLine => ({
  id: 1,
  agent: 'ada',
  repositories: ['acme/engine'],
  note: '',
  createdAt: day('2026-01-01'),
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
  ...change,
});

test('tokens are one line each, with what they are good for', () => {
  const tokens = [
    line({ note: 'laptop', lastUsedAt: day('2026-02-01') }),
    line({ id: 2, agent: 'grace', repositories: null, expiresAt: day('2026-03-01') }),
    line({ id: 3, expiresAt: day('2026-01-02') }),
    line({ id: 14, revokedAt: day('2026-01-05'), expiresAt: day('2027-01-01') }),
  ];
  expect(renderTokens(tokens, day('2026-02-02')).split('\n')).toEqual([
    'ID  AGENT  REPOSITORIES  STATE               LAST USED   NOTE',
    '1   ada    acme/engine   no end              2026-02-01  laptop',
    '2   grace  all           until 2026-03-01    never',
    '3   ada    acme/engine   ended 2026-01-02    never',
    '14  ada    acme/engine   revoked 2026-01-05  never',
  ]);
  expect(renderTokens([], day('2026-02-02'))).toContain('agent-token create');
});
