/** Seals short secrets that must outlive a process, so that the database's text holds none (I10). */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

export interface Vault {
  seal(secret: string): string;
  /** Null when it was sealed with another key. */
  open(sealed: string): string | null;
}

const ivBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM under a key that is derived from a secret (HKDF, RFC 5869) and kept nowhere.
 * @param purpose what is sealed: each has another key
 */
export function createVault(
  secret: string,
  purpose: 'tokens handed to agents' | 'tokens of people' = 'tokens handed to agents',
): Vault {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `signalbox: ${purpose}`, 32));
  return {
    seal: (secret) => {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
    },
    open: (sealed) => {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < ivBytes + tagBytes) return null;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      try {
        const text = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
        return text.toString('utf8');
      } catch {
        // GCM tells only that key and text do not belong together, which is all there is to know.
        return null;
      }
    },
  };
}
