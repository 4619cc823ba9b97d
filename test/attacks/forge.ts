/** Webhooks as GitHub would send them, signed with the true secret, that say what is not so. */
import { createHmac, randomUUID } from 'node:crypto';
import { type World, webhookSecret } from '../stories/world.ts';

export interface Forged {
  event: string;
  /** Anything but a string is sent as JSON. */
  payload: unknown;
  guid?: string;
  /** Replaces or, with undefined, leaves out headers. */
  headers?: Record<string, string | undefined>;
  secret?: string;
  algorithm?: 'sha256' | 'sha1';
}

/** The header that proves who wrote a body. */
export function signatureOf(
  body: string,
  secret = webhookSecret,
  algorithm: 'sha256' | 'sha1' = 'sha256',
): string {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`;
}

/** Posts a delivery to the App's door. @returns the status of the answer */
export async function forge(world: World, forged: Forged): Promise<number> {
  const { event, payload, guid = randomUUID(), secret = webhookSecret, algorithm = 'sha256' } = forged;
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const headers: Record<string, string | undefined> = {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': guid,
    'x-hub-signature-256': signatureOf(body, secret, algorithm),
    ...forged.headers,
  };
  const sent = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  const answer = await fetch(`${world.url}/api/github/webhooks`, { method: 'POST', headers: sent, body });
  await answer.arrayBuffer();
  return answer.status;
}

export interface Named {
  repository: object;
  installation: { id: number };
}

/** The parts that every payload has, of the true repository. */
export async function named(world: World): Promise<Named> {
  const { data: repository } = await world.as.mary.repos.get(world.repo);
  return { repository, installation: { id: world.installationId } };
}

/** A true comment, with whatever is changed in it. */
export async function commentPayload(
  world: World,
  { id, action = 'created', changes = {} }: { id: number; action?: string; changes?: object },
): Promise<object> {
  const { data: comment } = await world.as.mary.issues.getComment({ ...world.repo, comment_id: id });
  const number = Number(/(\d+)$/u.exec(comment.issue_url)?.[1]);
  const { data: issue } = await world.as.mary.issues.get({ ...world.repo, issue_number: number });
  return {
    action,
    issue,
    comment: { ...comment, ...changes },
    sender: comment.user,
    ...(await named(world)),
  };
}

export interface PullChanges {
  head?: { sha?: string; ref?: string };
  merged?: boolean;
  state?: string;
}

/** A true pull request, with whatever is changed in it. */
export async function pullPayload(
  world: World,
  { pull, action, changes = {} }: { pull: number; action: string; changes?: PullChanges },
): Promise<object> {
  const { data } = await world.as.mary.pulls.get({ ...world.repo, pull_number: pull });
  const { head = {}, ...rest } = changes;
  const forged = { ...data, ...rest, head: { ...data.head, ...head } };
  return { action, number: pull, pull_request: forged, sender: data.user, ...(await named(world)) };
}
