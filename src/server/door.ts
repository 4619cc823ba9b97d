/**
 * The door for webhooks: size, signature over the raw bytes, one durable record under the delivery's GUID, 202.
 * Nothing else happens before the answer (GitHub gives up after 10 s and never tries again by itself).
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Webhooks } from '@octokit/webhooks';
import type { Intake } from '../engine/intake.ts';

/** GitHub's docs, "Webhook events and payloads": payloads are capped at 25 MB. */
const mostBytes = 25 * 1024 * 1024;
/** After a refusal the rest of a body is thrown away, so that the sender can read the answer; this much at most. */
const mostDrained = 64 * 1024 * 1024;

export interface DoorOptions {
  secret: string;
  /** The old secret while it is being rotated. */
  previousSecret: string | null;
  intake: Intake;
  onProblem: (guid: string, error: unknown) => void;
}

interface Refusal {
  status: number;
  message: string;
}

/** Begins an answer, which is complete but for its end; a refusal also ends the connection. */
function say(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ message });
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...(status >= 400 ? { connection: 'close' } : {}),
  });
  response.write(body);
}

function answer(response: ServerResponse, status: number, message: string): void {
  say(response, status, message);
  response.end();
}

/**
 * Refuses before the body has been read. The connection only ends when the sender has finished, and what it sends
 * until then is thrown away: closed with unread data it would be reset, and the sender might never see the answer.
 */
function refuseUnread(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  say(response, refusal.status, refusal.message);
  if (request.readableEnded) return void response.end();
  let drained = 0;
  request.on('data', (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > mostDrained) request.destroy();
  });
  request.once('error', () => request.destroy());
  request.once('end', () => response.end());
  request.resume();
}

/** The whole body, or null as soon as it is known to be too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return null;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= mostBytes) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      request.off('data', take);
      resolve(null);
    };
    request.on('data', take);
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('aborted', () => reject(new Error('the sender went away')));
  });
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** What is wrong with the headers, or null. */
function headerProblem(request: IncomingMessage): Refusal | null {
  if (!/^application\/json\b/i.test(header(request, 'content-type'))) {
    return { status: 415, message: 'Set the content type of the webhook to application/json.' };
  }
  if (!/^[\w-]{1,64}$/.test(header(request, 'x-github-delivery'))) {
    return { status: 400, message: 'The header X-GitHub-Delivery is missing or not a delivery id.' };
  }
  if (!/^[a-z_]{1,64}$/.test(header(request, 'x-github-event'))) {
    return { status: 400, message: 'The header X-GitHub-Event is missing or not an event name.' };
  }
  return null;
}

/** Makes the handler of `POST /api/github/webhooks`. */
export function openDoor(
  options: DoorOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const verifiers = [options.secret, ...(options.previousSecret ? [options.previousSecret] : [])].map(
    (secret) => new Webhooks({ secret }),
  );
  const isSigned = async (body: Buffer, text: string, signature: string): Promise<boolean> => {
    // What is signed are the bytes; the text stands for them exactly when they are UTF-8, as all JSON is.
    if (body.length === 0 || !isUtf8(body)) return false;
    // SHA-1 signatures and anything else that is not "sha256=" never count.
    if (!/^sha256=[0-9a-f]{64}$/.test(signature)) return false;
    for (const verifier of verifiers) if (await verifier.verify(text, signature)) return true;
    return false;
  };

  return async (request, response) => {
    const problem = headerProblem(request);
    if (problem) return refuseUnread(request, response, problem);
    const guid = header(request, 'x-github-delivery');
    try {
      const body = await readBody(request);
      if (body === null) {
        const message = 'The payload is larger than 25 MB, the most that GitHub sends.';
        return refuseUnread(request, response, { status: 413, message });
      }
      const payload = body.toString('utf8');
      if (!(await isSigned(body, payload, header(request, 'x-hub-signature-256')))) {
        return answer(
          response,
          401,
          'The signature does not match: compare the webhook secret on both sides.',
        );
      }
      if (!isJson(payload)) return answer(response, 400, 'The payload is not a JSON object.');
      await options.intake.record({ guid, event: header(request, 'x-github-event'), payload });
      answer(response, 202, 'recorded');
    } catch (error) {
      options.onProblem(guid, error);
      if (!response.headersSent)
        answer(response, 503, 'The delivery could not be recorded: redeliver it later.');
    }
  };
}
