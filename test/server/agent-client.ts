/** Calls the agent API of a test server. */
import { ContractError } from '../../src/protocol/agent-contract.ts';
import type { OpenServer } from './open-server.ts';

export interface Answer {
  status: number;
  body: unknown;
}

export async function call(
  server: Pick<OpenServer, 'url'>,
  path: string,
  body: unknown,
  token: string,
): Promise<Answer> {
  const response = await fetch(`${server.url}/api/agent/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** The error of a refusal, which must fit the contract. */
export const errorOf = (answer: Answer) => ContractError.parse(answer.body).error;

export const bundle = (text: string) => Buffer.from(`# v2 git bundle\n${text}`);

function bundleUrl(server: Pick<OpenServer, 'url'>, fields: object): URL {
  const url = new URL(`${server.url}/api/agent/v1/checkpoint`);
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, String(value));
  return url;
}

export async function putBundle(
  server: Pick<OpenServer, 'url'>,
  fields: object,
  body: Buffer,
  token: string,
): Promise<Answer> {
  const response = await fetch(bundleUrl(server, fields), {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}` },
    body: new Uint8Array(body),
  });
  return { status: response.status, body: await response.json() };
}

export async function getBundle(
  server: Pick<OpenServer, 'url'>,
  fields: object,
  token: string,
): Promise<Response> {
  return fetch(bundleUrl(server, fields), { headers: { authorization: `Bearer ${token}` } });
}
