import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { canEnter } from './account.ts';
import { type Binaries, binarySources, prepareBinaries } from './binaries.ts';
import { DATABASE_USER, ensureCluster } from './cluster.ts';
import { EmbeddedPostgresFailed, EmbeddedPostgresInUse, hasCode } from './errors.ts';
import { type GuardedProgram, settledWithin, startGuarded } from './guarded-program.ts';
import { type OwnerLock, takeOwnerLock } from './owner-lock.ts';
import { choosePlace, type Place } from './place.ts';
import { removeAbandonedSocketDir, SOCKET_DIR_PREFIX, socketParents, stopOrphan } from './predecessor.ts';
import { openServerLog, type ServerLog } from './server-log.ts';
import { DATABASE, PORT, socketUrl } from './socket-url.ts';

/** Recovery after a crash replays at most a few checkpoints' worth of log. */
const READY_DEADLINE_MS = 120_000;
/** How long the processes of a killed Postgres may take to notice that their postmaster is gone. */
const OLD_PROCESSES_DEADLINE_MS = 20_000;
const OLD_PROCESSES = /shared memory block .* still in use|lock file "postmaster\.pid" already exists/;
/** sun_path holds 104 bytes on macOS and 108 on Linux, with the final zero. */
const LONGEST_SOCKET_PATH = 103;

export interface EmbeddedPostgresOptions {
  /** The database's directory; made if missing. Data stays here, or where a LOCATION file in it says. */
  readonly dir: string;
  /** Default true. False gives up all safety against crashes, for the speed of tests. */
  readonly durable?: boolean;
  /** Receives single lines worth telling an operator. */
  readonly log?: (line: string) => void;
}

/** The connection in the shape `pg` takes. `host` is the directory of the Unix socket. */
interface EmbeddedConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** A Postgres that runs for this process, and ends with it. */
export interface EmbeddedPostgres {
  /** A postgres:// URL for database "signalbox", over a Unix socket; understood by `pg` and by psql. */
  readonly url: string;
  readonly connection: EmbeddedConnection;
  /** The server's own words, such as "18.4". */
  readonly version: string;
  /** The postmaster's process id, also of its process group. */
  readonly pid: number;
  /** Disconnects everyone, stops Postgres and gives the directory free. May be called more than once. */
  stop(): Promise<void>;
}

interface Running {
  readonly program: GuardedProgram;
  readonly version: string;
}

/**
 * Starts Postgres on `options.dir` and waits until it answers. It listens on a Unix socket only, runs as an
 * unprivileged user when we are root, and stops when this process ends, however it ends.
 *
 * @throws EmbeddedPostgresInUse when another living process owns the directory.
 * @throws EmbeddedPostgresUnavailable when there are no usable programs.
 * @throws EmbeddedPostgresFailed for everything else, with Postgres's last words.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const durable = options.durable ?? true;
  const log = options.log ?? (() => undefined);
  const place = await choosePlace(options.dir);
  const lock = takeLock(place);
  let socketDir: string | undefined;
  let serverLog: ServerLog | undefined;
  const cleanUp = async () => {
    serverLog?.close();
    if (socketDir) await rm(socketDir, { recursive: true, force: true });
    lock.release();
  };
  try {
    await removeAbandonedSocketDir(lock.abandonedSocketDir);
    serverLog = openServerLog(place.root);
    const binaries = await prepareBinaries(await binarySources(), place.root, place.account);
    await ensureCluster(place, binaries, { durable, serverLog, log });
    if (place.root !== place.requested) log(`the database for ${place.requested} is in ${place.root}`);
    socketDir = await makeSocketDir(place);
    lock.noteSocketDir(socketDir);
    const running = await launch({ place, binaries, socketDir, durable, serverLog, log });
    return handle(running, socketDir, cleanUp, log);
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

function takeLock(place: Place): OwnerLock {
  try {
    return takeOwnerLock(place.root);
  } catch (error) {
    if (error instanceof EmbeddedPostgresInUse || !(error instanceof Error)) throw error;
    throw new EmbeddedPostgresFailed(`Cannot use ${place.root} for a database: ${error.message}`, [], {
      cause: error,
    });
  }
}

function handle(
  running: Running,
  socketDir: string,
  cleanUp: () => Promise<void>,
  log: (line: string) => void,
): EmbeddedPostgres {
  let stopping: Promise<void> | undefined;
  void running.program.ended.then(({ code, signal }) => {
    if (!stopping) log(`Postgres ended on its own with ${signal ?? `exit code ${code}`}`);
  });
  return {
    url: socketUrl(socketDir, DATABASE),
    connection: { host: socketDir, port: PORT, user: DATABASE_USER, database: DATABASE },
    version: running.version,
    pid: running.program.pid ?? 0,
    stop: () => {
      stopping ??= stopProgram(running.program).then(cleanUp);
      return stopping;
    },
  };
}

async function makeSocketDir(place: Place): Promise<string> {
  for (const parent of socketParents()) {
    const longest = join(parent, `${SOCKET_DIR_PREFIX}XXXXXX`, `.s.PGSQL.${PORT}.lock`);
    if (Buffer.byteLength(longest) > LONGEST_SOCKET_PATH || !(await canEnter(place.account, parent)))
      continue;
    const socketDir = await mkdtemp(join(parent, SOCKET_DIR_PREFIX));
    await chmod(socketDir, 0o700);
    if (place.account) await chown(socketDir, place.account.uid, place.account.gid);
    return socketDir;
  }
  throw new EmbeddedPostgresFailed(
    `No directory for Postgres's socket; tried ${socketParents().join(', ')}.`,
  );
}

interface Launch {
  readonly place: Place;
  readonly binaries: Binaries;
  readonly socketDir: string;
  readonly durable: boolean;
  readonly serverLog: ServerLog;
  readonly log: (line: string) => void;
}

async function launch(how: Launch): Promise<Running> {
  const deadline = Date.now() + OLD_PROCESSES_DEADLINE_MS;
  for (;;) {
    await stopOrphan(how.place.data, how.log);
    how.serverLog.mark();
    const program = startProgram(how);
    try {
      const version = await whenReady(program, how);
      return { program, version };
    } catch (error) {
      await stopProgram(program);
      const stillDying = error instanceof EmbeddedPostgresFailed && OLD_PROCESSES.test(error.message);
      if (!stillDying || Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

function startProgram(how: Launch): GuardedProgram {
  const safety = how.durable ? 'on' : 'off';
  const settings = {
    // On the command line, so that a postgresql.conf edited for an experiment cannot lose rows.
    fsync: safety,
    synchronous_commit: safety,
    full_page_writes: safety,
    // Filling each new log file with zeros first would hold up commits for tens of milliseconds about once a second
    // under load; what is acknowledged is on disk either way, only a full disk is noticed later.
    wal_init_zero: 'off',
    listen_addresses: '',
    port: String(PORT),
    unix_socket_directories: how.socketDir,
    unix_socket_permissions: '0700',
    // Several replicas, each with a pool and a job queue.
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    logging_collector: 'off',
    log_destination: 'stderr',
    jit: 'off',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  try {
    return startGuarded(how.binaries.postgres, ['-D', how.place.data, ...flags], {
      account: how.place.account,
      logFile: how.serverLog.file,
    });
  } catch (error) {
    throw new EmbeddedPostgresFailed('Postgres could not be started.', [], { cause: error });
  }
}

/** Polls until Postgres answers, sees to it that our database exists, and returns the server's version. */
async function whenReady(program: GuardedProgram, how: Launch): Promise<string> {
  const deadline = Date.now() + READY_DEADLINE_MS;
  for (;;) {
    const answer = await ask(how.socketDir);
    if (answer.version !== undefined) return answer.version;
    if (await settledWithin(program.ended, 20)) {
      throw new EmbeddedPostgresFailed(`Postgres did not start on ${how.place.data}.`, how.serverLog.tail());
    }
    if (Date.now() > deadline) {
      const waited = `Postgres did not answer within ${READY_DEADLINE_MS / 1000} seconds.`;
      throw new EmbeddedPostgresFailed(waited, how.serverLog.tail(), { cause: answer.refusal });
    }
  }
}

async function ask(socketDir: string): Promise<{ version?: string; refusal?: unknown }> {
  const client = new pg.Client({
    host: socketDir,
    port: PORT,
    user: DATABASE_USER,
    database: 'postgres',
    ssl: false,
  });
  let broken: Error | undefined;
  client.on('error', (error) => {
    broken = error;
  });
  try {
    await client.connect();
    const existing = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (existing.rowCount === 0) await client.query(`create database ${DATABASE}`);
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0] ? { version: rows[0].server_version } : {};
  } catch (error) {
    // Not listening yet, or (57P03) still starting or recovering. Anything else will not get better by waiting.
    if (hasCode(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P03')) return { refusal: error };
    throw new EmbeddedPostgresFailed('Postgres started but could not be used.', [], {
      cause: broken ?? error,
    });
  } finally {
    await client.end();
  }
}

/** Fast shutdown; then, should it hang, crash-like shutdown (recovery follows, no row is lost); then SIGKILL. */
async function stopProgram(program: GuardedProgram): Promise<void> {
  for (const [signal, seconds] of [
    ['SIGINT', 30],
    ['SIGQUIT', 5],
    ['SIGKILL', 5],
  ] as const) {
    program.kill(signal);
    // A program that could not be started has nothing to stop.
    const ended = program.ended.catch(() => undefined);
    if (await settledWithin(ended, seconds * 1000)) return;
  }
  throw new EmbeddedPostgresFailed(`Postgres (pid ${program.pid}) could not be stopped.`);
}
