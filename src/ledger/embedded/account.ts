import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The user that runs Postgres when we are root, because Postgres refuses to run as root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** What the programs we start see of the environment: no PG* variables of the caller, and English messages. */
export const PROGRAM_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Whether this process may become another user. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The unprivileged account for a new database: `postgres` where there is one, else `nobody`. Creates no users. */
export async function unprivilegedAccount(): Promise<Account> {
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)]);
      return { uid, gid };
    } catch {
      // `id` fails for a user that does not exist: try the next one.
    }
  }
  return { uid: 65534, gid: 65534 };
}

/** How a program ended. `code` is null when it was killed or could not be started; `output` is both streams. */
export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a short program to its end as `account` (undefined: as ourselves). Never throws. */
export async function runAs(
  account: Account | undefined,
  file: string,
  args: readonly string[],
): Promise<Outcome> {
  try {
    // The caller's own working directory may be one that the account cannot enter.
    const ran = await execute(file, [...args], { ...account, cwd: '/', env: PROGRAM_ENVIRONMENT });
    return { code: 0, output: `${ran.stdout}${ran.stderr}`.trim() };
  } catch (error) {
    const failure = error as Error & { code?: unknown; stdout?: string; stderr?: string };
    const said = `${failure.stdout ?? ''}${failure.stderr ?? ''}`.trim();
    return { code: typeof failure.code === 'number' ? failure.code : null, output: said || failure.message };
  }
}

/** Whether `account` can enter `directory`, asked of the kernel and not computed: ACLs and mounts count too. */
export async function canEnter(account: Account | undefined, directory: string): Promise<boolean> {
  const { code } = await runAs(account, '/bin/sh', ['-c', 'cd "$1"', 'sh', directory]);
  return code === 0;
}

async function idOf(flag: string, name: string): Promise<number> {
  const { stdout } = await execute('id', [flag, name], { env: PROGRAM_ENVIRONMENT });
  const id = Number(stdout.trim());
  if (!Number.isInteger(id) || id <= 0) throw new Error(`no usable id for ${name}`);
  return id;
}
