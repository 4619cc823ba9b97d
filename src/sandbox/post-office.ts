import { createHmac } from 'node:crypto';
import type { AppRecord, Delivery } from './model.ts';
import { stampNow } from './model.ts';
import type { World } from './world.ts';

const RECEIVER_TIMEOUT_MS = 10_000;
/** Held-back deliveries of a reorder window that never fills are released after this pause. */
const HELD_RELEASE_MS = 50;

export interface PostOffice {
  /** Sends an earlier delivery again under its old GUID, as a new entry of the list. */
  redeliver(delivery: Delivery): Delivery;
  /** Resolves when nothing is queued, held back, delayed or under way. */
  emptied(): Promise<void>;
  isEmpty(): boolean;
  close(): void;
}

function headersFor(delivery: Delivery, body: string): Record<string, string> {
  const hook = delivery.app.hook;
  const signature = createHmac('sha256', hook?.secret ?? '')
    .update(body)
    .digest('hex');
  return {
    Accept: '*/*',
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/5a4dbox',
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
  const body = JSON.stringify(delivery.payload);
  const started = performance.now();
  delivery.requestHeaders = headersFor(delivery, body);
  delivery.deliveredAt = stampNow();
  try {
    const timeout = AbortSignal.timeout(RECEIVER_TIMEOUT_MS);
    const signal = AbortSignal.any([timeout, closing]);
    const response = await fetch(url, { method: 'POST', headers: delivery.requestHeaders, body, signal });
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

/**
 * Delivers webhooks: in order per App, one at a time, never again by itself (GitHub does not redeliver), with the
 * faults the sandbox's owner asks for.
 */
export function openPostOffice(world: World): PostOffice {
  const tails = new Map<AppRecord, Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  const closing = new AbortController();
  let held: Delivery[] = [];
  let heldTimer: NodeJS.Timeout | null = null;
  let underWay = 0;
  let counted = 0;
  let waiters: (() => void)[] = [];

  function finishOne(): void {
    underWay -= 1;
    if (underWay > 0) return;
    for (const wake of waiters) wake();
    waiters = [];
  }

  function sendInOrder(delivery: Delivery): void {
    underWay += 1;
    const before = tails.get(delivery.app) ?? Promise.resolve();
    tails.set(delivery.app, before.then(() => send(delivery, closing.signal)).finally(finishOne));
  }

  function releaseHeld(): void {
    if (heldTimer !== null) clearTimeout(heldTimer);
    heldTimer = null;
    const released = held.reverse();
    held = [];
    for (const delivery of released) {
      sendInOrder(delivery);
      finishOne();
    }
  }

  function holdOrSend(delivery: Delivery): void {
    const window = world.faults.reorderWindow ?? 0;
    if (window <= 1) {
      if (held.length > 0) releaseHeld();
      sendInOrder(delivery);
      return;
    }
    underWay += 1;
    held.push(delivery);
    if (held.length >= window) releaseHeld();
    else heldTimer ??= setTimeout(releaseHeld, HELD_RELEASE_MS);
  }

  function delay(delivery: Delivery, delayMs: number): void {
    underWay += 1;
    const timer = setTimeout(() => {
      timers.delete(timer);
      sendInOrder(delivery);
      finishOne();
    }, delayMs);
    timers.add(timer);
  }

  function post(delivery: Delivery): void {
    if (closing.signal.aborted) return;
    world.book.deliveries.push(delivery);
    const { guid, event, action } = delivery;
    const fault = world.faults.delivery?.({ guid, event, action, index: counted }) ?? 'deliver';
    counted += 1;
    if (fault === 'drop') delivery.dropped = true;
    else if (fault === 'deliver') holdOrSend(delivery);
    else if (fault === 'duplicate') {
      holdOrSend(delivery);
      holdOrSend(delivery);
    } else delay(delivery, fault.delayMs);
  }

  world.postDelivery = post;
  return {
    redeliver(delivery) {
      const again: Delivery = {
        ...delivery,
        id: world.takeId(),
        redelivery: true,
        deliveredAt: stampNow(),
        status: null,
        statusText: 'queued',
      };
      post(again);
      return again;
    },
    isEmpty: () => underWay === 0,
    emptied() {
      releaseHeld();
      return underWay === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve));
    },
    close() {
      closing.abort();
      for (const timer of timers) clearTimeout(timer);
      if (heldTimer !== null) clearTimeout(heldTimer);
    },
  };
}
