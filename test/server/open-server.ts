/** The real server on a database of its own, with a GitHub that nobody answers for. */
import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { pino } from 'pino';
import type { EngineContext } from '../../src/engine/context.ts';
import { createVault } from '../../src/engine/vault.ts';
import { createGitHub } from '../../src/github/app-client.ts';
import { openJobs } from '../../src/ledger/jobs.ts';
import { type ServerOptions, startServer } from '../../src/server/server.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

export const secret = 'a-secret-of-the-webhook';
/** Nobody listens on the discard port of loopback. */
const nowhere = 'http://127.0.0.1:9';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
export const pem = privateKey;

/** Makes an engine on this database; what it opens is closed by `closeAll`. */
export async function openEngine(database: TestDatabase, apiUrl = nowhere): Promise<EngineContext> {
  const jobs = await openJobs({ url: database.url, exclusive: true, lanes: 2, onProblem: () => {} });
  closing.push(() => jobs.stop());
  const log = pino({ level: 'silent' });
  return {
    db: database.db,
    github: createGitHub({ apiUrl, appId: 1, privateKey, log }),
    jobs,
    log,
    publicUrl: 'http://signalbox.test',
    verifyRunToken: async () => null,
    vault: createVault(privateKey),
    instance: randomUUID(),
    sweepMs: 3_600_000,
    gitEnv: { PATH: process.env.PATH ?? '' },
  };
}

const closing: (() => Promise<unknown>)[] = [];

/** Has `close` called by `closeAll`, before what was opened earlier. */
export function closeLater(close: () => Promise<unknown>): void {
  closing.push(close);
}

export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

export async function openDatabase(): Promise<TestDatabase> {
  const database = await testDatabase();
  closing.push(() => database.drop());
  return database;
}

export interface OpenServer {
  engine: EngineContext;
  database: TestDatabase;
  port: number;
  url: string;
}

/** Starts a server; several may share a database, as replicas do. */
export async function openServer(
  options: Partial<ServerOptions> = {},
  shared?: TestDatabase,
  githubUrl = nowhere,
): Promise<OpenServer> {
  const database = shared ?? (await openDatabase());
  const engine = await openEngine(database, githubUrl);
  const server = await startServer(engine, {
    host: '127.0.0.1',
    port: 0,
    webhookSecret: secret,
    previousWebhookSecret: null,
    agentToken: null,
    dashboardToken: null,
    githubUrl: 'https://github.test',
    ...options,
  });
  closing.push(() => server.stop());
  return { engine, database, port: server.port, url: `http://127.0.0.1:${server.port}` };
}

export function sign(body: Buffer | string, key = secret, algorithm: 'sha256' | 'sha1' = 'sha256'): string {
  return `${algorithm}=${createHmac(algorithm, key).update(body).digest('hex')}`;
}

type Headers = Record<string, string | number | undefined>;

/** The headers of a delivery as GitHub sends them, signed; `undefined` leaves one out. */
export function deliveryHeaders(
  body: Buffer | string,
  changes: Headers = {},
): Record<string, string | number> {
  const headers: Headers = {
    'content-type': 'application/json',
    'x-github-event': 'ping',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': sign(body),
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Sends a delivery. Rejects when the connection ends before the answer. */
export function deliver(port: number, body: Buffer | string, changes: Headers = {}): Promise<number> {
  const bytes = Buffer.from(body);
  const headers = deliveryHeaders(bytes, { 'content-length': bytes.length, ...changes });
  return post(port, headers, [bytes]);
}

/** Posts to the door; without a content-length the body goes out in chunks. */
export function post(
  port: number,
  headers: Record<string, string | number>,
  pieces: readonly Buffer[],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = '/api/github/webhooks';
    const call = request({ host: '127.0.0.1', port, method: 'POST', path, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
      response.once('error', reject);
    });
    call.once('error', reject);
    for (const piece of pieces) call.write(piece);
    call.end();
  });
}

/** What is stored, in the order of arrival. */
export async function storedDeliveries(
  database: TestDatabase,
): Promise<{ guid: string; event: string; payload: string }[]> {
  return database.db
    .selectFrom('delivery')
    .select(['guid', 'event', 'payload'])
    .orderBy('received_at')
    .orderBy('guid')
    .execute();
}
