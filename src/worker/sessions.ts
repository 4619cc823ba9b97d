/**
 * The HOME in which an agent's CLI keeps what it remembers. Without rotation it is the user's own. With it, a fresh
 * one after every so many tasks: what a CLI has learnt, cached or got wrong does not grow without end.
 */
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, ownMark } from './owner.ts';

export interface SessionOptions {
  /** A fresh HOME after so many tasks; null leaves HOME alone. */
  rotate: number | null;
  /** A folder whose contents a fresh HOME starts with, such as a login. */
  template: string | null;
}

/** The variables by which CLIs are told to keep their state elsewhere than under HOME. */
const elsewhere =
  /^(XDG_(CONFIG|DATA|STATE|CACHE)_HOME|CLAUDE_CONFIG_DIR|CODEX_HOME|OPENCODE_CONFIG(_DIR)?|OPENHANDS_\w*DIR)$/;

interface Session {
  home: string;
  tasks: number;
}

/** Gives each attempt an environment; two attempts at a time never share a session. */
export class Sessions {
  readonly #folder: string;
  readonly #options: SessionOptions;
  readonly #free: Session[] = [];
  #count = 0;

  constructor(directory: string, options: SessionOptions) {
    this.#folder = join(directory, 'sessions');
    this.#options = options;
  }

  /** Runs `use` with the environment of a session. */
  async with<T>(
    env: Readonly<Record<string, string>>,
    use: (env: Record<string, string>) => Promise<T>,
  ): Promise<T> {
    const { rotate } = this.#options;
    if (rotate === null) return use({ ...env });
    const session = this.#free.pop() ?? (await this.#open());
    session.tasks += 1;
    try {
      const kept = Object.entries(env).filter(([name]) => !elsewhere.test(name));
      return await use({ ...Object.fromEntries(kept), HOME: session.home });
    } finally {
      if (session.tasks < rotate) this.#free.push(session);
      else await remove(session.home);
    }
  }

  /** Removes this worker's sessions. */
  async close(): Promise<void> {
    await remove(join(this.#folder, ownMark));
  }

  /** Removes the sessions of workers that have died here. */
  async sweep(): Promise<void> {
    const owners = await readdir(this.#folder).catch(() => []);
    for (const owner of owners) if (!isAlive(owner)) await remove(join(this.#folder, owner));
  }

  async #open(): Promise<Session> {
    this.#count += 1;
    const home = join(this.#folder, ownMark, String(this.#count));
    await mkdir(home, { recursive: true, mode: 0o700 });
    const { template } = this.#options;
    if (template !== null) await cp(template, home, { recursive: true, preserveTimestamps: true });
    return { home, tasks: 0 };
  }
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 5 });
}
