import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import {
  closeAll,
  closeLater,
  deliver,
  deliveryHeaders,
  openDatabase,
  pem,
  post,
  secret,
} from './open-server.ts';

const program = fileURLToPath(new URL('./server-program.ts', import.meta.url));
const megabyte = 1024 * 1024;
const piece = Buffer.alloc(megabyte, 'x');
const tooLarge = Array.from({ length: 26 }, () => piece);

afterEach(closeAll);

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const [message] = await once(child, 'message');
  return message as T;
}

async function startProgram(): Promise<{ port: number; peak(): Promise<number> }> {
  const { url: databaseUrl } = await openDatabase();
  const child = fork(program, [JSON.stringify({ databaseUrl, secret, privateKey: pem })]);
  closeLater(async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  const { port } = await answerOf<{ port: number }>(child);
  return {
    port,
    peak: async () => {
      const answer = answerOf<{ peak: number }>(child);
      child.send('peak?');
      return (await answer).peak;
    },
  };
}

describe('the memory of the server', () => {
  it('does not grow with requests that announce too much', async () => {
    const { port, peak } = await startProgram();
    const headers = () => deliveryHeaders('', { 'content-length': tooLarge.length * megabyte });
    expect(await post(port, headers(), tooLarge)).toBe(413);
    const before = await peak();
    for (let round = 0; round < 20; round++) expect(await post(port, headers(), tooLarge)).toBe(413);
    // Together they sent half a gigabyte.
    expect((await peak()) - before).toBeLessThan(200 * megabyte);
    expect(await deliver(port, '{}')).toBe(202);
  });

  it('does not grow with requests that turn out too large, nor with those that are not signed', async () => {
    const { port, peak } = await startProgram();
    const unsigned = Array.from({ length: 24 }, () => piece);
    const sendBoth = async () => {
      expect(await post(port, deliveryHeaders(''), tooLarge)).toBe(413);
      expect(await post(port, deliveryHeaders(''), unsigned)).toBe(401);
    };
    for (let round = 0; round < 4; round++) await sendBoth();
    const before = await peak();
    for (let round = 0; round < 16; round++) await sendBoth();
    // Together they sent 800 MB; one such body at a time is held, and some that wait to be collected.
    expect((await peak()) - before).toBeLessThan(200 * megabyte);
    expect(await deliver(port, '{}')).toBe(202);
  });
});
