import type { SandboxFaults } from './faults.ts';
import type { Account, AppRecord, Delivery, Installation, RecordBook, Repo } from './model.ts';
import { createRecordBook, newGuid, nodeId, stampNow } from './model.ts';

export interface World {
  /** set once the server listens */
  url: string;
  dir: string;
  book: RecordBook;
  faults: SandboxFaults;
  /** Requests that a caller is told to keep to in an hour. */
  hourlyLimit: number;
  takeId(): number;
  /** Runs one write at a time per repository; reads do not ask. */
  withLock<T>(repo: Repo, act: () => Promise<T>): Promise<T>;
  /** Set by the post office when it opens. */
  postDelivery(delivery: Delivery): void;
  /** Resolves when no lock is held; deliveries are the post office's to await. */
  locksReleased(): Promise<void>;
  isLocked(): boolean;
}

export function createWorld(dir: string, hourlyLimit: number): World {
  let lastId = 1000;
  const tails = new Map<number, Promise<unknown>>();
  let held = 0;
  let idleWaiters: (() => void)[] = [];
  return {
    url: '',
    dir,
    book: createRecordBook(),
    faults: {},
    hourlyLimit,
    takeId: () => ++lastId,
    withLock(repo, act) {
      held += 1;
      const turn = (tails.get(repo.id) ?? Promise.resolve()).then(act).finally(() => {
        held -= 1;
        if (held > 0) return;
        for (const wake of idleWaiters) wake();
        idleWaiters = [];
      });
      // The next in line waits for the end of this one, however it ends.
      tails.set(
        repo.id,
        turn.then(
          () => undefined,
          () => undefined,
        ),
      );
      return turn;
    },
    postDelivery() {
      throw new Error('the post office is not open yet');
    },
    isLocked: () => held > 0,
    locksReleased() {
      return held === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve));
    },
  };
}

export function findRepo(world: World, fullName: string): Repo | null {
  return world.book.repos.get(fullName.toLowerCase()) ?? null;
}

export function findAccount(world: World, login: string): Account | null {
  return world.book.accounts.get(login.toLowerCase()) ?? null;
}

export function addAccount(world: World, login: string, type: Account['type']): Account {
  const existing = findAccount(world, login);
  if (existing !== null) return existing;
  const account: Account = { id: world.takeId(), login, type, createdAt: stampNow() };
  world.book.accounts.set(login.toLowerCase(), account);
  return account;
}

export function appOfBot(world: World, account: Account): AppRecord | null {
  if (account.type !== 'Bot') return null;
  return [...world.book.apps.values()].find((app) => app.bot === account) ?? null;
}

export function installationsOf(world: World, repo: Repo): Installation[] {
  return [...world.book.installations.values()].filter((one) => one.repos.has(repo));
}

export function grants(permissions: Record<string, string>, name: string, level: string): boolean {
  const held = permissions[name];
  if (name === 'metadata' && level === 'read') return true;
  return held === 'admin' || held === 'write' || (held === 'read' && level === 'read');
}

/** Queues one webhook for one App, unless it has no webhook address. */
export function queueDelivery(
  world: World,
  to: { app: AppRecord; installationId: number | null; repositoryId: number | null },
  event: string,
  action: string | null,
  payload: Record<string, unknown>,
): void {
  if (to.app.hook === null) return;
  world.postDelivery({
    id: world.takeId(),
    guid: newGuid(),
    ...to,
    event,
    action,
    body: JSON.stringify(payload),
    deliveredAt: stampNow(),
    redelivery: false,
    durationSeconds: 0,
    status: null,
    statusText: 'queued',
    dropped: false,
    requestHeaders: {},
    responseBody: null,
  });
}

export function apiUrl(world: World, path: string): string {
  return `${world.url}/api/v3${path}`;
}

export function repoUrl(world: World, repo: Repo, path = ''): string {
  return apiUrl(world, `/repos/${repo.fullName}${path}`);
}

export function htmlUrl(world: World, repo: Repo, path = ''): string {
  return `${world.url}/${repo.fullName}${path}`;
}

export function installationStub(installation: Installation): { id: number; node_id: string } {
  return { id: installation.id, node_id: nodeId('Installation', installation.id) };
}
