/** GitHub tokens in agents' hands: kept sealed while their attempt is worked on, and revoked when it is not. */
import type { LaneKey } from '../core/ids.ts';
import { type ContentsToken, mintContentsToken } from '../github/mint-contents-token.ts';
import { redactSecrets } from '../github/redact.ts';
import {
  dropHandedToken,
  dueHandedTokens,
  keepHandedToken,
  postponeHandedToken,
} from '../ledger/handed-tokens.ts';
import type { EngineContext, LaneContext } from './context.ts';

/** A token that is refused a revocation for reasons that pass is tried again after this. */
const againMs = 30_000;

/** Mints a token for an attempt; from now on it ends with the attempt. */
export async function handToken(
  engine: EngineContext,
  key: LaneKey & { fence: number },
  repoId: number,
  permission: 'read' | 'write',
): Promise<ContentsToken> {
  const token = await mintContentsToken(engine.github.asApp(), key.installationId, repoId, permission);
  await keepHandedToken(engine.db, key, engine.vault.seal(token.token), token.expiresAt);
  return token;
}

/** Revokes the tokens of attempts that are over. True when there were any. */
export async function revokeHandedTokens(ctx: LaneContext): Promise<boolean> {
  const due = await dueHandedTokens(ctx.db, ctx.key);
  for (const { handedId, sealed, isExpired } of due) {
    // Sealed under an earlier private key it cannot be read, and ends with its hour.
    const token = isExpired ? null : ctx.vault.open(sealed);
    try {
      if (token !== null) await ctx.github.revokeToken(token);
      await dropHandedToken(ctx.db, handedId);
    } catch (error) {
      const problem = redactSecrets(error instanceof Error ? error.message : String(error));
      ctx.log.warn({ problem }, 'a token of an ended attempt could not be revoked yet');
      await postponeHandedToken(ctx.db, handedId, againMs);
    }
  }
  return due.length > 0;
}
