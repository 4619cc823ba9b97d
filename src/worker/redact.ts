/** Takes secrets out of text that leaves the worker (I10). */

const secretName = /token|secret|password|passwd|credential|key/i;
/** Shorter values would blot out ordinary words. */
const shortestSecret = 6;

/** The values in an environment that look like secrets by their names. */
export function secretsIn(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env)
    .filter(([name]) => secretName.test(name))
    .map(([, value]) => value);
}

/** The text with every given secret replaced. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= shortestSecret) clean = clean.replaceAll(secret, '[redacted]');
  }
  return clean;
}
