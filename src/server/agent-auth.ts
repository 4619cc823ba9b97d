/** Who may call the agent API: whoever has an agent's token, or the server's own. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Caller } from '../engine/agent-caller.ts';
import { identify } from '../engine/agent-identity.ts';
import type { EngineContext } from '../engine/context.ts';

export const tokenAdvice =
  'Send Authorization: Bearer <token>, with a token that `signalbox agent-token create` has made.';

/** Compares secrets without telling by the time it takes how much of them was right. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/**
 * Whoever sent this header; null when it is nobody we know.
 * @param ownToken the server's own token, which is good for every agent; null when it has none
 */
export async function authenticate(
  engine: EngineContext,
  ownToken: string | null,
  header: string | undefined,
): Promise<Caller | null> {
  const token = /^Bearer (\S+)$/i.exec(header ?? '')?.[1];
  if (token === undefined) return null;
  if (ownToken !== null && isSameSecret(token, ownToken)) return { kind: 'anyone' };
  return identify(engine, token);
}
