/** A GitHub that knows the App and nothing else: no installations, and 404 for whatever is asked about them. */
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
    const answer = answers[request.url?.split('?')[0] ?? ''];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { message: 'Not Found' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
