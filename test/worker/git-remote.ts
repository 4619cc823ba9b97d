/** A real bare repository to fetch from and push to, by `file://` or over HTTP with Basic authentication. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const gitToken = 'ghs_contents_only_9876543210';

/** Runs git as the tests do, with a fixed identity and without anybody's configuration. */
export function gitIn(cwd: string, ...args: string[]): string {
  const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid'];
  return execFileSync('git', [...who, ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trimEnd();
}

/** Makes `remote.git` with `main` and one task branch; answers with the branch's tip. */
export function makeRemote(root: string, branch: string): { path: string; url: string; tip: string } {
  const path = join(root, 'remote.git');
  mkdirSync(path);
  gitIn(path, 'init', '--quiet', '--bare', '--initial-branch=main', '.');
  const seed = join(root, 'seed');
  gitIn(root, 'clone', '--quiet', path, seed);
  gitIn(seed, 'checkout', '--quiet', '-B', 'main');
  execFileSync('/bin/sh', ['-c', 'echo hello > hello.txt'], { cwd: seed });
  gitIn(seed, 'add', '.');
  gitIn(seed, 'commit', '--quiet', '-m', 'Seed');
  gitIn(seed, 'checkout', '--quiet', '-b', branch);
  gitIn(seed, 'commit', '--quiet', '--allow-empty', '-m', 'Open the branch');
  gitIn(seed, 'push', '--quiet', 'origin', 'main', branch);
  return { path, url: pathToFileURL(path).href, tip: gitIn(seed, 'rev-parse', 'HEAD') };
}

/** Serves the repositories under a root by git's own HTTP backend; anything without the token gets 401. */
export class HttpRemote {
  /** Requests that came with the right credentials. */
  admitted = 0;
  readonly #root: string;
  readonly #server: Server;

  private constructor(root: string) {
    this.#root = root;
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  static async start(root: string): Promise<HttpRemote> {
    const remote = new HttpRemote(root);
    remote.#server.listen(0, '127.0.0.1');
    await once(remote.#server, 'listening');
    return remote;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/remote.git`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const expected = `Basic ${Buffer.from(`x-access-token:${gitToken}`).toString('base64')}`;
    if (request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    this.admitted += 1;
    const url = new URL(request.url ?? '/', 'http://localhost');
    const backend = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: this.#root,
        GIT_HTTP_EXPORT_ALL: '1',
        REMOTE_USER: 'worker',
        REQUEST_METHOD: request.method,
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    request.pipe(backend.stdin);
    void answerFrom(backend.stdout, response);
  }
}

async function answerFrom(output: NodeJS.ReadableStream, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of output) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  const split = all.indexOf('\r\n\r\n');
  let status = 200;
  for (const line of all.subarray(0, split).toString('latin1').split('\r\n')) {
    const [name = '', value = ''] = line.split(': ');
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status).end(all.subarray(split + 4));
}
