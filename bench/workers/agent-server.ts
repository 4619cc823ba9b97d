/** The real server of Signalbox on a database, without the engine's own work on GitHub. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { pino } from 'pino';
import type { EngineContext } from '../../src/engine/context.ts';
import { createVault } from '../../src/engine/vault.ts';
import { createGitHub } from '../../src/github/app-client.ts';
import { createDatabase, createPool } from '../../src/ledger/connect.ts';
import { openJobs } from '../../src/ledger/jobs.ts';
import type { DB } from '../../src/ledger/schema.ts';
import { startServer } from '../../src/server/server.ts';

export interface AgentServerOptions {
  databaseUrl: string;
  githubUrl: string;
  token: string;
}

/** Opens a database with as many connections as `signalbox serve` has. */
export function openDatabase(url: string): Kysely<DB> {
  return createDatabase<DB>(createPool(url, { max: 20, applicationName: 'signalbox-bench' }));
}

/** Starts it on a free port. @returns the port */
export async function startAgentServer(options: AgentServerOptions): Promise<number> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const log = pino({ level: 'silent' });
  const engine: EngineContext = {
    db: openDatabase(options.databaseUrl),
    github: createGitHub({ apiUrl: options.githubUrl, appId: 1, privateKey, log }),
    jobs: await openJobs({ url: options.databaseUrl, exclusive: true, lanes: 4, onProblem: () => {} }),
    log,
    publicUrl: 'http://127.0.0.1',
    vault: createVault(privateKey),
    verifyRunToken: async () => null,
    instance: randomUUID(),
    sweepMs: 3_600_000,
    gitEnv: {},
  };
  const server = await startServer(engine, {
    host: '127.0.0.1',
    port: 0,
    webhookSecret: randomUUID(),
    previousWebhookSecret: null,
    agentToken: options.token,
    dashboardToken: null,
    githubUrl: options.githubUrl,
  });
  return server.port;
}
