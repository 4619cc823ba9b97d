/**
 * Ports of an attempt's own, so that servers and databases of several attempts do not meet. The last port of a range
 * is listened on for as long as the attempt runs: that is the lock on the range, for all workers of this machine, and
 * the system releases it however the worker ends.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the ports that systems give out by themselves (32768 on Linux, 49152 elsewhere). */
const first = 20_000;
const last = 32_000;
const size = 20;

export interface PortRange {
  /** The first port. */
  base: number;
  /** How many there are, one after another. */
  count: number;
  close(): Promise<void>;
}

/** Finds a range in which nobody listens. @throws when there is none left */
export async function openPortRange(): Promise<PortRange> {
  // Workers that start together begin at different places, so that they rarely try the same.
  const ranges = Math.floor((last - first) / size);
  const start = process.pid % ranges;
  for (let turn = 0; turn < ranges; turn += 1) {
    const base = first + ((start + turn) % ranges) * size;
    const guard = await listen(base + size - 1);
    if (guard === null) continue;
    if (await isFree(base, size - 1)) {
      return { base, count: size - 1, close: () => close(guard) };
    }
    await close(guard);
  }
  throw new Error(`all port ranges from ${first} to ${last} are in use`);
}

async function isFree(base: number, count: number): Promise<boolean> {
  for (let port = base; port < base + count; port += 1) {
    const server = await listen(port);
    if (server === null) return false;
    await close(server);
  }
  return true;
}

async function listen(port: number): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE' || code === 'EACCES') return null;
    throw error;
  }
  server.unref();
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
