/**
 * Signed deliveries in the shape of GitHub's, padded to a size. The mix is that of a busy repository: mostly checks,
 * then PRs, and some events that Signalbox only records. All come from repositories it has never seen.
 */
import { createHash, createHmac } from 'node:crypto';

export interface Signed {
  event: string;
  body: Buffer;
  signature: string;
}

const repositories = 10;
const pulls = 40;
const distinctBodies = 400;
const syllables = 'la no ri te ka mu so be di po ve un ar il ex com pre sta tor gen'.split(' ');

/** The same number for the same text, so that every run sends the same bytes. */
function numberOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}

const shaOf = (text: string) => createHash('sha1').update(text).digest('hex');

/** Prose that compresses about as well as prose does. */
function prose(seed: string, length: number): string {
  let text = '';
  for (let block = 0; text.length < length; block++) {
    const bytes = createHash('sha512').update(`${seed} ${block}`).digest();
    for (let at = 0; at < bytes.length; at += 2) {
      const [first = 0, second = 0] = [bytes[at], bytes[at + 1]];
      text += `${syllables[first % 20]}${syllables[second % 20]}${second % 7 === 0 ? '.\n' : ' '}`;
    }
  }
  return text.slice(0, length);
}

function envelope(index: number): {
  action: string;
  repository: object;
  installation: object;
  sender: object;
} {
  const number = index % repositories;
  const api = `https://api.github.com/repos/acme/shop-${number}`;
  const urls = ['issues', 'pulls', 'commits', 'statuses', 'branches', 'tags', 'forks', 'hooks', 'labels'];
  return {
    action: 'completed',
    repository: {
      id: 5_000 + number,
      node_id: shaOf(`repository ${number}`),
      name: `shop-${number}`,
      full_name: `acme/shop-${number}`,
      private: true,
      owner: { login: 'acme', id: 77, type: 'Organization', url: 'https://api.github.com/users/acme' },
      ...Object.fromEntries(urls.map((name) => [`${name}_url`, `${api}/${name}{/number}`])),
      default_branch: 'main',
    },
    installation: { id: 900 + (number % 3), node_id: shaOf(`installation ${number % 3}`) },
    sender: { login: 'octocat', id: 1, type: 'User', url: 'https://api.github.com/users/octocat' },
  };
}

function content(index: number): { event: string; fields: object } {
  const number = (index % pulls) + 1;
  // One push is followed by many events about the same head.
  const head_sha = shaOf(`head ${index % repositories} ${number}`);
  const kind = index % 10;
  if (kind < 5) {
    const check_run = {
      id: 10_000 + index,
      name: 'ci',
      head_sha,
      status: 'completed',
      conclusion: 'success',
    };
    return { event: 'check_run', fields: { check_run } };
  }
  if (kind < 8) {
    const pull_request = {
      number,
      state: 'open',
      draft: false,
      head: { sha: head_sha, ref: `agent/${number}` },
    };
    return { event: 'pull_request', fields: { action: 'synchronize', number, pull_request } };
  }
  const workflow_job = {
    id: 20_000 + index,
    head_sha,
    status: 'completed',
    conclusion: 'success',
    steps: [],
  };
  return { event: 'workflow_job', fields: { workflow_job } };
}

/** One delivery of exactly `bytes` bytes (a little more when the fields alone are larger). */
function makeDelivery(index: number, bytes: number, secret: string): Signed {
  const { event, fields } = content(index);
  const bare = { ...envelope(index), ...fields, text: '' };
  const room = Math.max(0, bytes - Buffer.byteLength(JSON.stringify(bare)));
  let text = prose(`text ${numberOf(String(index))}`, room);
  // Line ends take two bytes in JSON.
  text = text.slice(0, room - (JSON.stringify(text).length - 2 - text.length));
  const short = room - (JSON.stringify(text).length - 2);
  const body = Buffer.from(JSON.stringify({ ...bare, text: text + 'x'.repeat(Math.max(0, short)) }));
  return { event, body, signature: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
}

/** Signed once, before the clock starts: what signing costs is GitHub's and not ours. */
export function makeDeliveries(bytes: number, secret: string): Signed[] {
  return Array.from({ length: distinctBodies }, (_, index) => makeDelivery(index, bytes, secret));
}
