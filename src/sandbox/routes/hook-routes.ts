import { z } from 'zod';
import type { Api, ApiContext } from '../api.ts';
import { takePage } from '../api.ts';
import { notFound } from '../api-error.ts';
import { demandApp } from '../auth.ts';
import type { Rest } from '../github-types.ts';
import type { Delivery } from '../model.ts';
import type { PostOffice } from '../post-office.ts';
import type { World } from '../world.ts';

function renderDeliveryItem(delivery: Delivery) {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.durationSeconds,
    status: delivery.statusText,
    status_code: delivery.status ?? 0,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  } satisfies Rest['hook-delivery-item'];
}

function renderDelivery(delivery: Delivery) {
  return {
    ...renderDeliveryItem(delivery),
    url: delivery.app.hook?.url ?? '',
    request: { headers: delivery.requestHeaders, payload: parsePayload(delivery.body) },
    response: { headers: {}, payload: delivery.responseBody },
  } satisfies Rest['hook-delivery'];
}

function parsePayload(body: string): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(body));
}

/** https://docs.github.com/en/rest/apps/webhooks : newest first, paged by an opaque cursor. */
export function addHookRoutes(world: World, api: Api, office: PostOffice): void {
  const listOwn = (c: ApiContext): Delivery[] => {
    const app = demandApp(c.get('caller'));
    // What GitHub lost, and what it has not tried yet, is not in its list.
    return world.book.deliveries
      .filter((one) => one.app === app && one.status !== null && one.body !== '')
      .reverse();
  };
  const findOwn = (c: ApiContext): Delivery => {
    const found = listOwn(c).find((one) => one.id === Number(c.req.param('id')));
    if (found === undefined) throw notFound();
    return found;
  };
  api.get('/app/hook/config', (c) => {
    const { hook } = demandApp(c.get('caller'));
    return c.json({ content_type: 'json', insecure_ssl: '0', secret: '********', url: hook?.url ?? '' });
  });
  api.get('/app/hook/deliveries', (c) => {
    const all = listOwn(c).filter((one) => matchesStatus(one, c.req.query('status')));
    const cursor = c.req.query('cursor');
    const from =
      cursor === undefined
        ? 0
        : Math.max(
            0,
            all.findIndex((one) => one.id < Number(cursor.slice(1))),
          );
    const perPage = Math.min(100, Math.max(1, Number(c.req.query('per_page')) || 30));
    if (cursor === undefined && c.req.query('page') !== undefined)
      return c.json(takePage(c, all).map(renderDeliveryItem));
    const beyond = cursor !== undefined && !all.some((one) => one.id < Number(cursor.slice(1)));
    const page = beyond ? [] : all.slice(from, from + perPage);
    const last = page.at(-1);
    if (last !== undefined && from + perPage < all.length) {
      const url = new URL(c.req.url);
      url.searchParams.set('cursor', `v${last.id}`);
      c.header('Link', `<${url.href}>; rel="next"`);
    }
    return c.json(page.map(renderDeliveryItem));
  });
  api.get('/app/hook/deliveries/:id', (c) => c.json(renderDelivery(findOwn(c))));
  api.post('/app/hook/deliveries/:id/attempts', (c) => {
    office.redeliver(findOwn(c));
    return c.json({}, 202);
  });
}

function matchesStatus(delivery: Delivery, wanted: string | undefined): boolean {
  const ok = delivery.status !== null && delivery.status < 400;
  return wanted === undefined || (wanted === 'success') === ok;
}
