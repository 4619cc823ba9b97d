/**
 * A `signalbox worker` as a process of its own that can be killed at an exact moment: whatever is about to happen then
 * (a git command, a step of the agent, a call to Signalbox) waits at a gate until the worker is dead.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface GatedWorkerOptions {
  dir: string;
  /** Signalbox. */
  url: string;
  token: string;
  agent: string;
  /** A shell script; `gate <name>` in it is a moment. */
  script: string;
}

/** Waits at the gate when it is its moment; without the worker it goes no further. */
const gateFunction = (control: string): string => `gate() {
  [ "$(cat '${control}/moment' 2>/dev/null)" = "$1" ] || return 0
  touch '${control}/reached'
  while test -e '${control}/reached'; do sleep 0.05; done
  exit 1
}`;

export class GatedWorker {
  readonly #options: GatedWorkerOptions;
  readonly #control: string;
  readonly #proxy: Server;
  readonly #held = new Set<ServerResponse>();
  #child: ChildProcess | null = null;
  #said = '';

  private constructor(options: GatedWorkerOptions) {
    this.#options = options;
    this.#control = join(options.dir, 'control');
    mkdirSync(this.#control, { recursive: true });
    this.#proxy = createServer((request, response) => void this.#pass(request, response));
  }

  static async open(options: GatedWorkerOptions): Promise<GatedWorker> {
    const worker = new GatedWorker(options);
    worker.#proxy.listen(0, '127.0.0.1');
    await once(worker.#proxy, 'listening');
    worker.#install();
    return worker;
  }

  /** What it logged. */
  get said(): string {
    return this.#said;
  }

  /** Starts the worker; it will come to the gate at this moment. Null: it goes through. */
  start(moment: string | null): void {
    const { dir, token, agent } = this.#options;
    writeFileSync(join(this.#control, 'moment'), moment ?? '');
    rmSync(join(this.#control, 'reached'), { force: true });
    const { port } = this.#proxy.address() as AddressInfo;
    const child = spawn(
      process.execPath,
      [
        main,
        'worker',
        '--exec',
        `/bin/sh ${join(dir, 'agent.sh')}`,
        '--directory',
        join(dir, 'work'),
        '--until-input-ends',
      ],
      {
        env: {
          PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
          HOME: dir,
          SIGNALBOX_URL: `http://127.0.0.1:${port}`,
          SIGNALBOX_AGENT_TOKEN: token,
          SIGNALBOX_AGENT: agent,
          SIGNALBOX_WORKER: 'gated',
          LOG_FORMAT: 'json',
        },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString('utf8');
      });
    }
    child.stdin.on('error', () => undefined);
    this.#child = child;
  }

  get isAtGate(): boolean {
    return existsSync(join(this.#control, 'reached'));
  }

  /** `kill -9`; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    for (const response of this.#held) response.destroy();
    this.#held.clear();
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(join(this.#control, 'reached'), { force: true });
    this.#proxy.closeAllConnections();
    this.#proxy.close();
    await once(this.#proxy, 'close');
  }

  #install(): void {
    const { dir, script } = this.#options;
    const gate = gateFunction(this.#control);
    writeFileSync(join(dir, 'agent.sh'), `set -eu\n${gate}\n${script}\n`);
    mkdirSync(join(dir, 'bin'), { recursive: true });
    const real = (process.env.PATH ?? '')
      .split(':')
      .map((part) => join(part, 'git'))
      .find((path) => existsSync(path));
    const shim = `#!/bin/sh\n${gate}\ngate "before git $1"\n'${real}' "$@"\ncode=$?\ngate "after git $1"\nexit $code\n`;
    writeFileSync(join(dir, 'bin', 'git'), shim);
    chmodSync(join(dir, 'bin', 'git'), 0o755);
  }

  #isMoment(name: string): boolean {
    return readFileSync(join(this.#control, 'moment'), 'utf8') === name;
  }

  /** Passes a call on to Signalbox and the answer back, unless the gate is before or after it. */
  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const name = new URL(request.url ?? '/', 'http://localhost').pathname.split('/').at(-1);
    const reach = (): void => {
      this.#held.add(response);
      writeFileSync(join(this.#control, 'reached'), '');
    };
    if (this.#isMoment(`before ${name}`)) return reach();
    const answer = await fetch(`${this.#options.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers: {
        authorization: request.headers.authorization ?? '',
        'content-type': request.headers['content-type'] ?? 'application/json',
      },
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    // An answer with no task is no moment: nothing has happened.
    const isNews = name !== 'claim' || !body.includes('"task":null');
    if (isNews && this.#isMoment(`after ${name}`)) return reach();
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(body);
  }
}
