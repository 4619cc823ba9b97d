import { createPrivateKey } from 'node:crypto';

/**
 * The App's private key as PKCS#8 PEM, which is what signing wants. GitHub hands out PKCS#1; environment variables
 * carry it with literal `\n`, in quotes, or as base64. The key itself never appears in an error.
 */
export function parsePrivateKey(text: string): string {
  const given = text
    .trim()
    .replace(/^(["'])([\s\S]*)\1$/, '$2')
    .replaceAll('\\n', '\n');
  const pem = given.includes('-----BEGIN') ? given : Buffer.from(given, 'base64').toString('utf8');
  try {
    return createPrivateKey(pem.trim()).export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch {
    // The cause is left out on purpose: OpenSSL's text may quote its input.
    throw new Error('the private key is not an RSA key in PEM form (nor base64 of one)');
  }
}
