/**
 * The room's door: one client per installation, and one for the App itself. Nothing else in Signalbox calls GitHub.
 * Law of the room: read before write, find your own earlier work, then act; never send a write twice.
 */
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { createSend, type Fetch, type RequestLog, type SendOptions } from './create-send.ts';
import { classifyFailure, failureError } from './failure.ts';
import { parsePrivateKey } from './private-key.ts';

export interface AppIdentity {
  appId: number;
  slug: string;
  /** The login under which the App comments. */
  botLogin: string;
}

export interface GitHub {
  forInstallation(installationId: number): Octokit;
  /** Authenticated as the App, with a JWT. */
  asApp(): Octokit;
  /** With a person's token. */
  asUser(token: string): Octokit;
  /** Without any. */
  asNobody(): Octokit;
  fetchAppIdentity(): Promise<AppIdentity>;
  /** Ends an installation token now; one that has ended already is no news. */
  revokeToken(token: string): Promise<void>;
}

export interface GitHubOptions {
  apiUrl: string;
  appId: number | string;
  privateKey: string;
  log: RequestLog;
  fetch?: Fetch;
  now?: () => Date;
  timeoutMs?: number;
}

/** Secondary limits allow 100 concurrent requests; far below that, one busy repository cannot starve the others. */
const inFlight = 10;
/** A token is renewed when it has less than this to live, so that none expires on its way (F40). */
const leastLifeMs = 10 * 60_000;

const silent = () => undefined;
const quiet = { debug: silent, info: silent, warn: silent, error: silent };

/** Opens GitHub for one App, on github.com, GitHub Enterprise Server or any server that speaks its API. */
export function createGitHub(options: GitHubOptions): GitHub {
  const baseUrl = options.apiUrl.replace(/\/+$/, '');
  const now = options.now ?? (() => new Date());
  const sendOptions = {
    // Looked up at each request, so that a test's interceptor may be installed later.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    log: options.log,
    now,
    timeoutMs: options.timeoutMs ?? 15_000,
    inFlight,
  } satisfies Omit<SendOptions, 'authorize'>;

  const openClient = (authorize: ((renew: boolean) => Promise<string>) | null) =>
    new Octokit({
      baseUrl,
      log: quiet,
      request: { fetch: createSend({ ...sendOptions, authorize }), log: quiet },
    });

  const auth = createAppAuth({
    appId: options.appId,
    privateKey: parsePrivateKey(options.privateKey),
    request: openClient(null).request,
    log: quiet,
  });
  const app = openClient(async () => `bearer ${(await auth({ type: 'app' })).token}`);
  const installations = new Map<number, Octokit>();

  const fetchToken = (installationId: number, refresh: boolean) =>
    auth({ type: 'installation', installationId, refresh }).catch((error: unknown) => {
      throw tokenFailure(error, now());
    });
  const authorizeInstallation = (installationId: number) => async (renew: boolean) => {
    const held = await fetchToken(installationId, renew);
    const expiring = isExpiring(held, now());
    return `token ${(expiring && !renew ? await fetchToken(installationId, true) : held).token}`;
  };

  let identity: Promise<AppIdentity> | null = null;
  return {
    asApp: () => app,
    asUser: (token) => openClient(async () => `token ${token}`),
    asNobody: () => openClient(null),
    forInstallation(installationId) {
      const open = installations.get(installationId);
      if (open !== undefined) return open;
      const client = openClient(authorizeInstallation(installationId));
      installations.set(installationId, client);
      return client;
    },
    async revokeToken(token) {
      // GitHub's docs, "Revoke an installation access token": a token can only revoke itself.
      await openClient(async () => `token ${token}`)
        .request('DELETE /installation/token')
        .catch((error: unknown) => {
          if (!hasStatus(error, 401)) throw error;
        });
    },
    fetchAppIdentity() {
      identity ??= fetchIdentity(app).catch((error: unknown) => {
        identity = null;
        throw error;
      });
      return identity;
    },
  };
}

function hasStatus(error: unknown, status: number): boolean {
  return error instanceof Error && 'status' in error && error.status === status;
}

/** A server with shorter tokens than GitHub's hour has a shorter margin; one with nonsense dates is left to its 401. */
function isExpiring(token: { createdAt: string; expiresAt: string }, now: Date): boolean {
  const expiresAt = Date.parse(token.expiresAt);
  const lifeMs = expiresAt - Date.parse(token.createdAt);
  return lifeMs > 0 && expiresAt - now.getTime() < Math.min(leastLifeMs, lifeMs / 6);
}

/** GitHub's docs, "Get the authenticated app". */
async function fetchIdentity(app: Octokit): Promise<AppIdentity> {
  const { data } = await app.request('GET /app');
  if (data === null) throw new Error('GitHub did not say which App this is');
  // GitHub Enterprise may leave out the slug; it is the name in lower case with dashes.
  const slug = data.slug ?? data.name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return { appId: data.id, slug, botLogin: `${slug}[bot]` };
}

/**
 * Without a token nothing was sent, so a write that failed here has a known outcome. A missing installation must not
 * read as a missing issue or branch.
 */
function tokenFailure(error: unknown, now: Date): Error {
  const failure = classifyFailure(error, now);
  const message =
    'GitHub gives no token for this installation: the App was removed, suspended or misconfigured';
  if (failure.kind === 'gone') return failureError(message, { kind: 'refused', status: 404, message });
  return failureError('GitHub gave no token for this installation', failure);
}
