/** Who a bearer token belongs to, and how tokens of agents come and go. */
import { createHash, randomBytes } from 'node:crypto';
import {
  findAgentToken,
  insertAgentToken,
  listAgentTokens,
  revokeAgentToken,
} from '../ledger/agent-tokens.ts';
import { listLanes } from '../ledger/lanes.ts';
import type { Caller } from './agent-caller.ts';
import type { EngineContext } from './context.ts';

type Db = EngineContext['db'];

/** So that a token in a log or a commit is known for what it is. */
const prefix = 'sbx_';

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Whose token this is; null when it is nobody's. */
export async function identify(engine: EngineContext, token: string): Promise<Caller | null> {
  if (token.startsWith('ey')) {
    const run = await engine.verifyRunToken(token, engine.publicUrl);
    return run ? { kind: 'run', ...run } : null;
  }
  if (!token.startsWith(prefix)) return null;
  const found = await findAgentToken(engine.db, hashToken(token));
  return found ? { kind: 'agent', ...found } : null;
}

/** What keeps a token from being made, as a sentence for whoever asked. */
export class TokenProblem extends Error {
  override name = 'TokenProblem';
}

export interface TokenWish {
  agent: string;
  /** `owner/name`; null means every repository, also those that are added later. */
  repositories: readonly string[] | null;
  note: string;
  expiresInSeconds: number | null;
}

/** Names change and may be taken over by others, so a token is bound to the repositories' ids. */
async function repoIdsOf(db: Db, names: readonly string[]): Promise<number[]> {
  const lanes = await listLanes(db);
  const ids = names.map((name) => {
    const lane = lanes.find((each) => `${each.owner}/${each.repo}`.toLowerCase() === name.toLowerCase());
    if (!lane) {
      throw new TokenProblem(
        `Signalbox has not seen ${name} yet: install the App there and start \`signalbox serve\` once.`,
      );
    }
    return lane.repo_id;
  });
  return [...new Set(ids)].sort((a, b) => a - b);
}

/** Makes a token, which is told here and never again. @throws TokenProblem */
export async function createAgentToken(db: Db, wish: TokenWish): Promise<{ id: number; token: string }> {
  if (!/^[a-z0-9][a-z0-9-]{0,38}$/.test(wish.agent)) {
    throw new TokenProblem(`"${wish.agent}" is not an agent's name: small letters, digits and dashes.`);
  }
  const repoIds = wish.repositories === null ? null : await repoIdsOf(db, wish.repositories);
  const token = `${prefix}${randomBytes(32).toString('base64url')}`;
  const { agent, note, expiresInSeconds } = wish;
  const id = await insertAgentToken(db, { agent, hash: hashToken(token), repoIds, note, expiresInSeconds });
  return { id, token };
}

export interface TokenRow {
  id: number;
  agent: string;
  /** Names as they are now; null means all. */
  repositories: string[] | null;
  note: string;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

/** Every token there has been, oldest first. */
export async function describeAgentTokens(db: Db): Promise<TokenRow[]> {
  const lanes = await listLanes(db);
  const nameOf = (id: number): string => {
    const lane = lanes.find((each) => each.repo_id === id);
    return lane ? `${lane.owner}/${lane.repo}` : `repository ${id}`;
  };
  return (await listAgentTokens(db)).map((row) => ({
    id: row.token_id,
    agent: row.agent,
    repositories: (row.repo_ids as number[] | null)?.map(nameOf) ?? null,
    note: row.note,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  }));
}

/** Ends a token at once. @throws TokenProblem when there is none to end */
export async function endAgentToken(db: Db, id: number): Promise<void> {
  if (!(await revokeAgentToken(db, id))) {
    throw new TokenProblem(`There is no token ${id} that still counts: see \`signalbox agent-token list\`.`);
  }
}
