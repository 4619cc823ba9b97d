/**
 * A GitHub that knows the App and nothing else: it lists no installations, gives a token to whoever asks in the name
 * of one, and answers 404 to all that is then asked with it.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Starts listening on loopback. @returns the port */
export async function startGitHubStub(): Promise<number> {
  const answers: Record<string, unknown> = {
    '/app': { id: 1, slug: 'signalbox', name: 'Signalbox' },
    '/app/installations': [],
  };
  const server = createServer((request, response) => {
    request.resume();
    const path = request.url?.split('?')[0] ?? '';
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const token = { token: 'ghs_bench', expires_at, permissions: {} };
    const answer = path.endsWith('/access_tokens') ? token : answers[path];
    response.writeHead(answer === undefined ? 404 : answer === token ? 201 : 200, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(answer ?? { message: 'Not Found' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
