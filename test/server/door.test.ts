import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  closeAll,
  deliver,
  deliveryHeaders,
  openDatabase,
  openServer,
  post,
  secret,
  sign,
  storedDeliveries,
} from './open-server.ts';

const megabyte = 1024 * 1024;
const body = JSON.stringify({ action: 'opened', zen: 'Anything added dilutes everything else.' });

afterEach(closeAll);

/** A JSON object of exactly this many bytes. */
function jsonOf(bytes: number): Buffer {
  const frame = Buffer.from('{"text":""}');
  return Buffer.concat([frame.subarray(0, 9), Buffer.alloc(bytes - frame.length, 'x'), frame.subarray(9)]);
}

describe('the signature of a delivery', () => {
  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['was made with another secret', sign(body, 'some-other-secret-here')],
    ['is SHA-1, even under the name of the new header', sign(body, secret, 'sha1')],
    ['belongs to another body', sign(`${body} `)],
    ['is in capitals', sign(body).toUpperCase()],
    ['has more after it', `${sign(body)}00`],
  ])('refuses with 401 and stores nothing when it %s', async (_, signature) => {
    const { port, database } = await openServer();
    expect(await deliver(port, body, { 'x-hub-signature-256': signature })).toBe(401);
    expect(await storedDeliveries(database)).toEqual([]);
  });

  it('in the SHA-1 header alone does not count', async () => {
    const { port, database } = await openServer();
    const changes = { 'x-hub-signature-256': undefined, 'x-hub-signature': sign(body, secret, 'sha1') };
    expect(await deliver(port, body, changes)).toBe(401);
    expect(await storedDeliveries(database)).toEqual([]);
  });

  it('is checked over the bytes as they came, and they are stored byte for byte', async () => {
    const { port, database } = await openServer();
    const odd = '\n{ "b" :1,\t"a":"Grüße, 世界 🚦 \\u0000 \\ud800 é",\r\n "a": "twice" } ';
    const guid = randomUUID();
    expect(await deliver(port, odd, { 'x-github-delivery': guid, 'x-github-event': 'push' })).toBe(202);
    expect(await storedDeliveries(database)).toEqual([{ guid, event: 'push', payload: odd }]);
  });

  it('does not carry over to other bytes that would be read as the same text', async () => {
    const { port, database } = await openServer();
    const signed = Buffer.from('{"text":"\ufffd"}');
    const other = Buffer.concat([signed.subarray(0, 9), Buffer.from([0xff]), signed.subarray(12)]);
    expect(other.toString('utf8')).toBe(signed.toString('utf8'));
    expect(await deliver(port, other, { 'x-hub-signature-256': sign(signed) })).toBe(401);
    expect(await storedDeliveries(database)).toEqual([]);
  });

  it('may be of the old or the new secret while the secret is rotated, and of no other', async () => {
    const { port, database } = await openServer({ previousWebhookSecret: 'the-secret-until-today' });
    const signedWith = (key: string) => deliver(port, body, { 'x-hub-signature-256': sign(body, key) });
    expect(await signedWith(secret)).toBe(202);
    expect(await signedWith('the-secret-until-today')).toBe(202);
    expect(await signedWith('the-secret-before-that')).toBe(401);
    expect(await storedDeliveries(database)).toHaveLength(2);
  });
});

describe('a delivery that is not one', () => {
  it.each([
    ['is form-encoded', 415, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['has no content type', 415, { 'content-type': undefined }],
    ['has no GUID', 400, { 'x-github-delivery': undefined }],
    ['has a GUID with odd characters', 400, { 'x-github-delivery': "1' or '1'='1" }],
    ['has no event name', 400, { 'x-github-event': undefined }],
    ['has an odd event name', 400, { 'x-github-event': 'Push!' }],
  ])('is refused and not stored when it %s', async (_, status, changes) => {
    const { port, database } = await openServer();
    expect(await deliver(port, body, changes)).toBe(status);
    expect(await storedDeliveries(database)).toEqual([]);
  });

  it.each([
    ['not JSON', 'payload=%7B%7D'],
    ['cut off', '{"action":"opened"'],
    ['a list', '[{"action":"opened"}]'],
    ['a bare value', '"opened"'],
    ['null', 'null'],
  ])('is refused with 400 when it is rightly signed and %s', async (_, text) => {
    const { port, database } = await openServer();
    expect(await deliver(port, text)).toBe(400);
    expect(await storedDeliveries(database)).toEqual([]);
  });

  it('is refused with 401 when it has no body at all', async () => {
    const { port, database } = await openServer();
    expect(await deliver(port, '')).toBe(401);
    expect(await storedDeliveries(database)).toEqual([]);
  });

  it('is not taken by GET, nor at another path', async () => {
    const { url, database } = await openServer();
    expect((await fetch(`${url}/api/github/webhooks`)).status).toBe(404);
    const elsewhere = { method: 'POST', body, headers: deliveryHeaders(body) as Record<string, string> };
    expect((await fetch(`${url}/api/github/webhooks/x`, elsewhere)).status).toBe(404);
    expect(await storedDeliveries(database)).toEqual([]);
  });
});

describe('the size of a delivery', () => {
  it('may be 25 MB', async () => {
    const { port, database } = await openServer();
    const large = jsonOf(25 * megabyte);
    expect(await deliver(port, large)).toBe(202);
    const [stored] = await storedDeliveries(database);
    expect(stored?.payload === large.toString()).toBe(true);
  });

  it('is refused with 413 by its announcement alone, before a byte of it was sent', async () => {
    const { port, database } = await openServer();
    const headers = deliveryHeaders('', { 'content-length': 26 * megabyte, host: 'signalbox' });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST /api/github/webhooks HTTP/1.1\r\n${lines.join('')}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
    expect(await storedDeliveries(database)).toEqual([]);
  });

  it.each([
    ['announced', { 'content-length': 26 * megabyte }],
    ['in chunks without an announcement', {}],
  ])('is refused with 413 above that, and the sender sees the answer, when it is %s', async (_, length) => {
    const { port, database } = await openServer();
    const large = jsonOf(26 * megabyte);
    const pieces = Array.from({ length: 26 }, (__, n) => large.subarray(n * megabyte, (n + 1) * megabyte));
    expect(await post(port, deliveryHeaders(large, length), pieces)).toBe(413);
    expect(await deliver(port, body)).toBe(202);
    expect(await storedDeliveries(database)).toHaveLength(1);
  });
});

describe('a sender whose delivery is refused by its announcement', () => {
  it('may send all of it before it reads the answer', async () => {
    const { port } = await openServer();
    const headers = deliveryHeaders('', { 'content-length': 26 * megabyte, host: 'signalbox' });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write(`POST /api/github/webhooks HTTP/1.1\r\n${lines.join('')}\r\n`);
    for (let sent = 0; sent < 26; sent++) {
      await new Promise<void>((resolve, reject) =>
        socket.write(Buffer.alloc(megabyte, 'x'), (error) => (error ? reject(error) : resolve())),
      );
    }
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'end');
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('a delivery that comes again', () => {
  it('is acknowledged and stored once', async () => {
    const { port, database } = await openServer();
    const again = { 'x-github-delivery': randomUUID() };
    expect(await deliver(port, body, again)).toBe(202);
    const other = JSON.stringify({ action: 'closed' });
    expect(await deliver(port, other, again)).toBe(202);
    expect((await storedDeliveries(database)).map((row) => row.payload)).toEqual([body]);
  });

  it('is stored once when it comes many times at once', async () => {
    const { port, database } = await openServer();
    const again = { 'x-github-delivery': randomUUID() };
    const statuses = await Promise.all(Array.from({ length: 20 }, () => deliver(port, body, again)));
    expect(new Set(statuses)).toEqual(new Set([202]));
    expect(await storedDeliveries(database)).toHaveLength(1);
  });

  it('is stored once when two replicas take it at the same time', async () => {
    const database = await openDatabase();
    const replicas = [await openServer({}, database), await openServer({}, database)];
    const guids = Array.from({ length: 20 }, () => randomUUID());
    const sent = guids.flatMap((guid) =>
      replicas.map((each) => deliver(each.port, body, { 'x-github-delivery': guid })),
    );
    expect(new Set(await Promise.all(sent))).toEqual(new Set([202]));
    const stored = (await storedDeliveries(database)).map((row) => row.guid);
    expect(stored.sort()).toEqual(guids.sort());
  });
});

describe('trouble', () => {
  it('with the database is answered with 503 and never with 202', async () => {
    const { port, database, engine } = await openServer();
    expect(await deliver(port, body)).toBe(202);
    await engine.jobs.stop();
    await database.drop();
    expect(await deliver(port, body)).toBe(503);
    expect(await deliver(port, body)).toBe(503);
  });

  it('with a sender that goes away in the middle leaves the server healthy and nothing stored', async () => {
    const { port, url, database } = await openServer();
    const headers = deliveryHeaders(body, { 'content-length': Buffer.byteLength(body), host: 'signalbox' });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    for (let round = 0; round < 5; round++) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      const half = `POST /api/github/webhooks HTTP/1.1\r\n${lines.join('')}\r\n${body.slice(0, 10)}`;
      await new Promise<void>((resolve) => socket.write(half, () => resolve()));
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await deliver(port, body)).toBe(202);
    expect(await storedDeliveries(database)).toHaveLength(1);
  });
});
