/** An HTTP server of this machine, for what would ask somebody outside. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LocalServer {
  url: string;
  /** `method path`, in order. */
  asked: string[];
  bodies: string[];
  close(): Promise<void>;
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Answers each request with what `answer` gives: a status alone, or a status and a body; null hangs up. */
export async function startLocalServer(
  answer: (path: string, body: string) => [status: number, body?: unknown] | null,
): Promise<LocalServer> {
  const asked: string[] = [];
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await readAll(request);
    asked.push(`${request.method} ${request.url}`);
    bodies.push(body);
    const given = answer(request.url ?? '', body);
    if (given === null) {
      request.socket.destroy();
      return;
    }
    const [status, content] = given;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof content === 'string' ? content : JSON.stringify(content ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    bodies,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
