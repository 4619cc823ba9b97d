/** Builds the rooms of `signalbox serve` in order, and stops them in the opposite order. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import pinoPretty from 'pino-pretty';
import { Probot } from 'probot';
import {
  ConfigProblem,
  type LogConfig,
  type ServeConfig,
  type SignInConfig,
  type StorageConfig,
} from './config.ts';
import type { EngineContext } from './engine/context.ts';
import { startEngine } from './engine/engine.ts';
import type { SignIn } from './engine/sign-in.ts';
import { createVault } from './engine/vault.ts';
import { createGitHub } from './github/app-client.ts';
import { parsePrivateKey } from './github/private-key.ts';
import { createRunTokenVerifier, oidcIssuerOf } from './github/verify-run-token.ts';
import { registerHandlers } from './handlers/register.ts';
import { openRegistries } from './inspect/registries.ts';
import { openModelOpinion } from './inspect/second-opinion.ts';
import { assertPostgresVersion, createDatabase, createPool } from './ledger/connect.ts';
import type { Delivery } from './ledger/deliveries.ts';
import { EmbeddedPostgresInUse } from './ledger/embedded/errors.ts';
import { startEmbeddedPostgres } from './ledger/embedded/postgres.ts';
import { openJobs } from './ledger/jobs.ts';
import { migrateToLatest } from './ledger/migrate.ts';
import type { DB } from './ledger/schema.ts';
import { startServer } from './server/server.ts';

/** Things that were started, to be stopped in the opposite order. */
export interface Running {
  url: string;
  stop(): Promise<void>;
}

export function createLog({ level, format }: LogConfig): Logger {
  return format === 'pretty'
    ? pino({ level }, pinoPretty({ colorize: process.stdout.isTTY }))
    : pino({ level });
}

interface Storage {
  url: string;
  /** Whether no other process can be using it. */
  exclusive: boolean;
  stop(): Promise<void>;
}

/** The ledger's Postgres: the one that is named, or our own. */
export async function openStorage(config: StorageConfig, log: Logger): Promise<Storage> {
  if (config.databaseUrl) return { url: config.databaseUrl, exclusive: false, stop: async () => {} };
  const postgres = await startEmbeddedPostgres({
    dir: join(config.dataDir, 'postgres'),
    log: (line) => log.debug({ postgres: line }, 'postgres'),
  });
  return { url: postgres.url, exclusive: true, stop: () => postgres.stop() };
}

/** The ledger for a short command, also while `signalbox serve` is running on the same embedded Postgres. */
async function joinStorage(config: StorageConfig, log: Logger): Promise<Storage> {
  try {
    return await openStorage(config, log);
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresInUse) || error.url === null) throw error;
    return { url: error.url, exclusive: false, stop: async () => {} };
  }
}

/** Does something with an up-to-date ledger, and lets go of it. */
export async function withLedger<T>(
  config: StorageConfig,
  log: Logger,
  act: (db: EngineContext['db']) => Promise<T>,
): Promise<T> {
  const storage = await joinStorage(config, log);
  const db = createDatabase<DB>(createPool(storage.url, { max: 2, applicationName: 'signalbox-command' }));
  try {
    await assertPostgresVersion(db);
    await migrateToLatest(db);
    return await act(db);
  } finally {
    await db.destroy();
    await storage.stop();
  }
}

/** Brings the database up to date; `signalbox migrate` does only this. */
export async function migrate(config: StorageConfig, log: Logger): Promise<string[]> {
  const storage = await openStorage(config, log);
  const db = createDatabase<DB>(createPool(storage.url, { max: 2, applicationName: 'signalbox-migrate' }));
  try {
    await assertPostgresVersion(db);
    return (await migrateToLatest(db)).applied;
  } finally {
    await db.destroy();
    await storage.stop();
  }
}

/** Where people open issues and PRs, from where programs call the API. */
export function webUrlOf(apiUrl: string): string {
  const url = new URL(apiUrl);
  return url.hostname === 'api.github.com' ? 'https://github.com' : url.origin;
}

function openSignIn({ clientId, clientSecret, tokenKey }: SignInConfig, apiUrl: string): SignIn {
  const vault = createVault(tokenKey, 'tokens of people');
  return { clientId, clientSecret, webUrl: webUrlOf(apiUrl), vault };
}

function openProbot(config: ServeConfig, engine: EngineContext): (delivery: Delivery) => Promise<void> {
  const probot = new Probot({
    appId: config.appId,
    privateKey: parsePrivateKey(config.privateKey),
    secret: config.webhookSecret,
    baseUrl: config.apiUrl,
    // Below warnings Probot logs whole payloads.
    log: engine.log.child({}, { level: engine.log.isLevelEnabled('warn') ? 'warn' : 'silent' }),
  });
  registerHandlers(probot, engine);
  return async ({ guid, event, payload }) => {
    // The door has checked the signature and that this is JSON; the name is one of GitHub's or of no interest.
    await probot.receive({ id: guid, name: event as 'push', payload: JSON.parse(payload) });
  };
}

/** Starts everything. @throws with a message for people when a part cannot start; what had started is stopped */
export async function serve(config: ServeConfig, log: Logger): Promise<Running> {
  // Before anything is started: a key that cannot be read is a mistake in the settings.
  try {
    parsePrivateKey(config.privateKey);
  } catch (error) {
    throw new ConfigProblem(
      `PRIVATE_KEY cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of started.splice(0).reverse()) {
      await end().catch((error: unknown) =>
        log.error({ problem: String(error) }, 'a part did not stop cleanly'),
      );
    }
  };
  try {
    const storage = await openStorage(config, log);
    started.push(() => storage.stop());
    const db = createDatabase<DB>(createPool(storage.url, { max: 16, applicationName: 'signalbox' }));
    started.push(() => db.destroy());
    await assertPostgresVersion(db);
    const { applied } = await migrateToLatest(db);
    if (applied.length > 0) log.info({ applied }, 'the database was migrated');
    const onProblem = (message: string, error: unknown) => log.error({ problem: String(error) }, message);
    const jobs = await openJobs({ url: storage.url, exclusive: storage.exclusive, lanes: 4, onProblem });
    started.push(() => jobs.stop());
    const github = createGitHub({
      apiUrl: config.apiUrl,
      appId: config.appId,
      privateKey: config.privateKey,
      log,
    });
    const engine: EngineContext = {
      db,
      github,
      jobs,
      log,
      publicUrl: config.publicUrl,
      verifyRunToken: createRunTokenVerifier(config.oidcIssuer ?? oidcIssuerOf(config.apiUrl)),
      vault: createVault(config.privateKey),
      ...(config.signIn ? { signIn: openSignIn(config.signIn, config.apiUrl) } : {}),
      instance: randomUUID(),
      sweepMs: config.sweepMs,
      registries: openRegistries(config.registries),
      gitEnv: config.gitEnv,
      ...(config.model ? { secondOpinion: openModelOpinion(config.model) } : {}),
    };
    const server = await startServer(engine, { ...config, githubUrl: webUrlOf(config.apiUrl) });
    started.push(() => server.stop());
    if (config.port === 0) engine.publicUrl = engine.publicUrl.replace(/:0$/, `:${server.port}`);
    const running = await startEngine(engine, openProbot(config, engine), storage.exclusive);
    // The engine stops before its jobs and the server, whatever was started after them.
    started.push(() => running.stop());
    log.info({ url: engine.publicUrl, github: config.apiUrl }, 'Signalbox is at work');
    return { url: engine.publicUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
