/**
 * Installation tokens have been `ghs_<app id>_<JWT>` of some 520 characters since April 2026, so nothing here
 * counts characters: a known prefix is enough, up to the first character that no token contains.
 */
const secrets: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bgh[a-z]_[A-Za-z0-9_.-]+/g,
  /\bsbx_[A-Za-z0-9_-]{20,}/g,
  /\bgithub_pat_[A-Za-z0-9_]+/g,
  /\beyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){1,2}/g,
  /(?<=\b(?:bearer|basic|token) )[A-Za-z0-9._~+/=-]{16,}/gi,
  /(?<=:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/g,
  /(?<=[?&](?:access_token|token|client_secret|code)=)[^&\s"]+/gi,
];

/** Replaces everything that looks like a credential, before the text reaches a log or a message (I10). */
export function redactSecrets(text: string): string {
  return secrets.reduce((clean, secret) => clean.replace(secret, '[redacted]'), text);
}
