import { once } from 'node:events';
import { createServer } from 'node:http';
import { Webhooks } from '@octokit/webhooks';
import { SECRET } from './start-story.ts';

interface Received {
  guid: string;
  name: string;
  valid: boolean;
  payload: { action?: string; [key: string]: unknown };
}

export interface Receiver {
  url: string;
  received: Received[];
  /** what it answers from now on */
  answer: number;
  names(): string[];
  close(): Promise<void>;
}

/** A webhook's receiving end on loopback that checks signatures with the real library. */
export async function startReceiver(): Promise<Receiver> {
  const webhooks = new Webhooks({ secret: SECRET });
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const header = (name: string) => String(request.headers[name] ?? '');
    receiver.received.push({
      guid: header('x-github-delivery'),
      name: header('x-github-event'),
      valid: await webhooks.verify(body, header('x-hub-signature-256')),
      payload: JSON.parse(body),
    });
    response.writeHead(receiver.answer).end('received');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${address.port}/hook`,
    received: [],
    answer: 202,
    names: () =>
      receiver.received.map(({ name, payload }) =>
        payload.action === undefined ? name : `${name}.${payload.action}`,
      ),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
