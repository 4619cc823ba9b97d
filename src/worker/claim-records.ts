/**
 * What a worker remembers of its claims on disk, so that the next one that starts here can go on after a crash: one
 * file a claim, `claims/<claim id>.<owner>.json`, written before Signalbox is asked and removed when the attempt is
 * over. The owner stands in the name, because renaming a file succeeds for one only.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AgentTask, Usage } from '../protocol/agent-contract.ts';
import { isAlive, ownMark } from './owner.ts';

const Final = z.object({
  path: z.enum(['report', 'escalate', 'release', 'propose-split']),
  body: z.looseObject({}),
});

const Content = z.object({
  claimId: z.uuid(),
  url: z.string(),
  agent: z.string(),
  /** Without the token. */
  task: AgentTask.nullable(),
  /** The tip of the remote branch when the worktree was made; null before that. */
  tip: z.string().nullable(),
  /** The agent has ended with success: what is in the worktree waits to be delivered. */
  worked: z.boolean(),
  used: Usage,
  /** The last call, sent and perhaps not yet answered. */
  final: Final.nullable(),
});
type Content = z.infer<typeof Content>;

const name = /^([0-9a-f-]{36})\.(\d+-\d+)\.json$/;

/** One claim's file. */
export class ClaimRecord {
  readonly #path: string;
  #content: Content;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, content: Content) {
    this.#path = path;
    this.#content = content;
  }

  get content(): Readonly<Content> {
    return this.#content;
  }

  /** Writes what has changed; whole or not at all, and one change after another. */
  update(changes: Partial<Content>): Promise<void> {
    this.#content = { ...this.#content, ...changes };
    const write = () => this.#write();
    this.#writing = this.#writing.then(write, write);
    return this.#writing;
  }

  async #write(): Promise<void> {
    const draft = `${this.#path}.draft`;
    await writeFile(draft, JSON.stringify(this.#content), { mode: 0o600 });
    await rename(draft, this.#path);
  }

  /** The claim has come to its end. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

/** The claims of all workers that use this directory. */
export class ClaimRecords {
  readonly #folder: string;
  readonly #url: string;
  readonly #agent: string;

  constructor(directory: string, url: string, agent: string) {
    this.#folder = join(directory, 'claims');
    this.#url = url;
    this.#agent = agent;
  }

  /** Begins a claim. */
  async begin(claimId: string): Promise<ClaimRecord> {
    await mkdir(this.#folder, { recursive: true });
    const fresh = { claimId, url: this.#url, agent: this.#agent };
    const record = new ClaimRecord(join(this.#folder, `${claimId}.${ownMark}.json`), {
      ...fresh,
      task: null,
      tip: null,
      worked: false,
      used: {},
      final: null,
    });
    await record.update({});
    return record;
  }

  /** Takes over the claims of this agent whose worker has died. */
  async takeOver(onProblem: (message: string) => void): Promise<ClaimRecord[]> {
    const taken: ClaimRecord[] = [];
    for (const file of await namesIn(this.#folder)) {
      const [, claimId, owner] = name.exec(file) ?? [];
      if (claimId === undefined || owner === undefined || isAlive(owner)) continue;
      const record = await this.#take(file, claimId, onProblem);
      if (record !== null) taken.push(record);
    }
    return taken;
  }

  async #take(
    file: string,
    claimId: string,
    onProblem: (message: string) => void,
  ): Promise<ClaimRecord | null> {
    const path = join(this.#folder, file);
    const read = Content.safeParse(jsonOf(await readFile(path, 'utf8').catch(() => '')));
    if (!read.success) {
      onProblem(`${path} cannot be understood and is left alone`);
      return null;
    }
    if (read.data.url !== this.#url || read.data.agent !== this.#agent) return null;
    const own = join(this.#folder, `${claimId}.${ownMark}.json`);
    try {
      await rename(path, own);
    } catch (error) {
      // Another worker that starts just now was faster.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    return new ClaimRecord(own, read.data);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
