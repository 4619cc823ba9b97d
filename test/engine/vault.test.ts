import { describe, expect, test } from 'vitest';
import { createVault } from '../../src/engine/vault.ts';

describe('the vault', () => {
  const vault = createVault('a private key');

  test('gives back what was sealed, and seals the same secret differently each time', () => {
    const secret = `ghs_1_${'ü'.repeat(300)}`;
    const [one, two] = [vault.seal(secret), vault.seal(secret)];
    expect(vault.open(one)).toBe(secret);
    expect(one).not.toBe(two);
    expect(one).not.toContain(Buffer.from(secret).toString('base64url').slice(10, 30));
    expect(createVault('a private key').open(two)).toBe(secret);
  });

  test.each([
    ['another key', (sealed: string) => createVault('another').open(sealed)],
    ['a changed letter', (sealed: string) => vault.open(`${sealed.slice(0, -4)}AAAA`)],
    ['a part of it', (sealed: string) => vault.open(sealed.slice(0, 20))],
    ['nothing', () => vault.open('')],
  ])('opens nothing with %s', (_, open) => {
    expect(open(vault.seal('a secret that matters'))).toBeNull();
  });
});
