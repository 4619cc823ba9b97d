import { createHmac } from 'node:crypto';
import type { AppRecord, Delivery } from './model.ts';
import { stampNow } from './model.ts';
import type { World } from './world.ts';

const RECEIVER_TIMEOUT_MS = 10_000;
/** Held-back deliveries of a reorder window that never fills are released after this pause. */
const HELD_RELEASE_MS = 50;
/** Of older deliveries the text is forgotten, as GitHub forgets them after some days. */
const BODIES_KEPT = 3000;

export interface PostOffice {
  /** Sends an earlier delivery again under its old GUID, as a new entry of the list. */
  redeliver(delivery: Delivery): Delivery;
  /** Resolves when nothing is queued, held back, delayed or under way. */
  emptied(): Promise<void>;
  isEmpty(): boolean;
  close(): void;
}

function headersFor(delivery: Delivery): Record<string, string> {
  const hook = delivery.app.hook;
  const signature = createHmac('sha256', hook?.secret ?? '')
    .update(delivery.body)
    .digest('hex');
  return {
    Accept: '*/*',
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/5a4db0c',
    'X-GitHub-Delivery': delivery.guid,
    'X-GitHub-Event': delivery.event,
    'X-GitHub-Hook-ID': String(hook?.id ?? 0),
    'X-GitHub-Hook-Installation-Target-ID': String(delivery.app.id),
    'X-GitHub-Hook-Installation-Target-Type': 'integration',
    'X-Hub-Signature-256': `sha256=${signature}`,
  };
}

async function send(delivery: Delivery, closing: AbortSignal): Promise<void> {
  const url = delivery.app.hook?.url;
  if (url === undefined) return;
  const started = performance.now();
  delivery.requestHeaders = headersFor(delivery);
  delivery.deliveredAt = stampNow();
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(RECEIVER_TIMEOUT_MS), closing]);
    const { body, requestHeaders: headers } = delivery;
    const response = await fetch(url, { method: 'POST', headers, body, signal });
    delivery.responseBody = await response.text();
    delivery.status = response.status;
    delivery.statusText = response.ok ? 'OK' : `Invalid HTTP Response: ${response.status}`;
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    delivery.status = timedOut ? 504 : 502;
    delivery.statusText = timedOut ? 'timed out' : 'failed to connect to host';
  }
  delivery.durationSeconds = Math.round(performance.now() - started) / 1000;
}

interface Van {
  /** Sends after all that was given for the same App before. */
  load(delivery: Delivery): void;
  /** Counts something as not yet delivered until the returned function is called. */
  reserve(): () => void;
  isEmpty(): boolean;
  emptied(): Promise<void>;
}

function startVan(closing: AbortSignal): Van {
  const tails = new Map<AppRecord, Promise<void>>();
  let underWay = 0;
  let waiters: (() => void)[] = [];
  const reserve = () => {
    underWay += 1;
    return () => {
      underWay -= 1;
      if (underWay > 0) return;
      for (const wake of waiters) wake();
      waiters = [];
    };
  };
  return {
    load(delivery) {
      const before = tails.get(delivery.app) ?? Promise.resolve();
      tails.set(delivery.app, before.then(() => send(delivery, closing)).finally(reserve()));
    },
    reserve,
    isEmpty: () => underWay === 0,
    emptied: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  };
}

interface Shelf {
  put(delivery: Delivery): void;
  release(): void;
}

/** Holds deliveries back until the window is full, or for a moment, and lets them go in reverse. */
function buildShelf(world: World, van: Van): Shelf {
  let held: { delivery: Delivery; done: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const release = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const { delivery, done } of held.splice(0).reverse()) {
      van.load(delivery);
      done();
    }
  };
  return {
    put(delivery) {
      const window = world.faults.reorderWindow ?? 0;
      held = [...held, { delivery, done: van.reserve() }];
      if (held.length >= window) release();
      else timer ??= setTimeout(release, HELD_RELEASE_MS);
    },
    release,
  };
}

/**
 * Delivers webhooks: in order per App, one at a time, never again by itself (GitHub does not redeliver), with the
 * faults the sandbox's owner asks for.
 */
export function openPostOffice(world: World): PostOffice {
  const closing = new AbortController();
  const van = startVan(closing.signal);
  const shelf = buildShelf(world, van);
  const timers = new Set<NodeJS.Timeout>();
  let counted = 0;

  function delay(delivery: Delivery, delayMs: number): void {
    const done = van.reserve();
    const timer = setTimeout(() => {
      timers.delete(timer);
      van.load(delivery);
      done();
    }, delayMs);
    timers.add(timer);
  }

  function post(delivery: Delivery): void {
    if (closing.signal.aborted) return;
    const { deliveries } = world.book;
    deliveries.push(delivery);
    const old = deliveries.at(-1 - BODIES_KEPT);
    if (old !== undefined && old.status !== null) old.body = '';
    const { guid, event, action } = delivery;
    const fault = world.faults.delivery?.({ guid, event, action, index: counted }) ?? 'deliver';
    counted += 1;
    if (fault === 'drop') delivery.dropped = true;
    else if (typeof fault === 'object') delay(delivery, fault.delayMs);
    else {
      shelf.put(delivery);
      if (fault === 'duplicate') shelf.put(delivery);
    }
  }

  world.postDelivery = post;
  return {
    redeliver(delivery) {
      const fresh = { id: world.takeId(), redelivery: true, deliveredAt: stampNow() };
      const again: Delivery = { ...delivery, ...fresh, status: null, statusText: 'queued' };
      post(again);
      return again;
    },
    emptied() {
      shelf.release();
      return van.emptied();
    },
    isEmpty: van.isEmpty,
    close() {
      closing.abort();
      for (const timer of timers) clearTimeout(timer);
      shelf.release();
    },
  };
}
