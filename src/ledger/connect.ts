import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';

/** The oldest Postgres that carries the ledger: exclusion constraints on partitioned tables need it. */
const MINIMUM_VERSION = 170_000;

export interface PoolOptions {
  /** Most connections at a time. */
  readonly max: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** A statement running longer is cancelled. Milliseconds, default 30 000; 0 switches it off. */
  readonly statementTimeoutMs?: number;
  /** A transaction left idle longer is ended: it would hold back the journal's readers. Default 60 000. */
  readonly idleInTransactionTimeoutMs?: number;
  /** Told about errors of connections that nobody is using (a server restart); the pool replaces them. */
  readonly onIdleError?: (error: Error) => void;
}

/**
 * Connections to `url`. int8 arrives as a number and fails the query when a number cannot hold it exactly;
 * timestamptz arrives as a Date. The parsers are this pool's own: the process's other users of `pg` (the job
 * queue) keep theirs. Opens nothing by itself; close with `end()`, or by destroying its Kysely.
 */
export function createPool(url: string, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    application_name: options.applicationName,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 60_000,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types: { getTypeParser },
  });
  // Without a listener, an idle connection's error ends the process.
  pool.on('error', options.onIdleError ?? ((error) => process.emitWarning(error)));
  return pool;
}

/** Kysely over `pool`; destroying it ends the pool. */
export function createDatabase<DB>(pool: pg.Pool): Kysely<DB> {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}

/**
 * Refuses a server that is too old, before anything is written to it.
 *
 * @throws Error naming the version found and the version needed.
 */
export async function assertPostgresVersion<DB>(db: Kysely<DB>): Promise<void> {
  const found = await sql<{ number: number; version: string }>`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as version
  `.execute(db);
  const server = found.rows[0];
  if (server && server.number >= MINIMUM_VERSION) return;
  throw new Error(
    `Signalbox needs Postgres 17 or newer; the server is ${server?.version ?? 'of unknown version'}. ` +
      'Name a newer one in DATABASE_URL, or unset it to use the Postgres that Signalbox brings along.',
  );
}

const INT8 = 20;
const INT8_ARRAY = 1016;

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (format !== 'binary') {
    if (oid === INT8) return exactNumber;
    if (oid === INT8_ARRAY) return exactNumbers;
  }
  // pg's types name two overloads by the literal format; both give a function of the raw value.
  return pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown;
}

function exactNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) {
    throw new RangeError(`the bigint ${text} does not fit a JavaScript number exactly; select it as text`);
  }
  return number;
}

function exactNumbers(text: string): unknown {
  // pg parses this type, but its list of known numbers leaves it out.
  const parse = pg.types.getTypeParser(INT8_ARRAY as never, 'text') as (value: string) => unknown;
  const convert = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(convert);
    return value === null ? null : exactNumber(String(value));
  };
  return convert(parse(text));
}
