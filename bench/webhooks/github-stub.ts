/**
 * A GitHub that knows the App and nothing else: it lists no installations, gives a token to whoever asks in the name
 * of one, and answers 404 to all that is then asked with it; but it may know where every repository is cloned from.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Starts listening on loopback. */
export async function startGitHubStub(
  cloneUrl: string | null = null,
): Promise<{ port: number; url: string; close(): Promise<void> }> {
  const answers: Record<string, unknown> = {
    '/app': { id: 1, slug: 'signalbox', name: 'Signalbox' },
    '/app/installations': [],
  };
  const server = createServer((request, response) => {
    request.resume();
    const path = request.url?.split('?')[0] ?? '';
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const token = { token: 'ghs_bench', expires_at, permissions: {} };
    const repository =
      cloneUrl !== null && /^\/repos\/[^/]+\/[^/]+$/.test(path) ? { clone_url: cloneUrl } : undefined;
    const answer = path.endsWith('/access_tokens') ? token : (answers[path] ?? repository);
    response.writeHead(answer === undefined ? 404 : answer === token ? 201 : 200, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(answer ?? { message: 'Not Found' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
