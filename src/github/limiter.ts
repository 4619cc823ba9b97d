import { failureError } from './failure.ts';

/** GitHub counts REST and GraphQL apart; a secondary limit (`all`) stops both. */
export type Bucket = 'core' | 'graphql';

export interface Limiter {
  /** Runs `send` when fewer than the allowed number of requests are under way, in order of arrival. */
  inTurn<T>(bucket: Bucket, send: () => Promise<T>): Promise<T>;
  /** Refuses requests of this bucket until then. */
  block(bucket: Bucket | 'all', until: Date): void;
}

/**
 * Keeps one installation within GitHub's limits (I9). A request that may not be sent yet fails at once as
 * `rate-limited` with the time to come back: waiting is the caller's business, it has leases to look after.
 */
export function createLimiter(options: { inFlight: number; now: () => Date }): Limiter {
  const blockedUntil: Record<Bucket, number> = { core: 0, graphql: 0 };
  const waiting: (() => void)[] = [];
  let underWay = 0;

  const refuseWhileBlocked = (bucket: Bucket) => {
    if (blockedUntil[bucket] <= options.now().getTime()) return;
    const retryAt = new Date(blockedUntil[bucket]);
    throw failureError(`GitHub asks us to wait until ${retryAt.toISOString()}`, {
      kind: 'rate-limited',
      retryAt,
    });
  };

  return {
    async inTurn(bucket, send) {
      if (underWay >= options.inFlight) await new Promise<void>((resolve) => waiting.push(resolve));
      else underWay += 1;
      try {
        // Looked at only now: an answer may have closed the door while this request stood in line.
        refuseWhileBlocked(bucket);
        return await send();
      } finally {
        const next = waiting.shift();
        // The place is handed over rather than freed, so that nobody overtakes.
        if (next === undefined) underWay -= 1;
        else next();
      }
    },
    block(bucket, until) {
      const buckets: Bucket[] = bucket === 'all' ? ['core', 'graphql'] : [bucket];
      for (const each of buckets) blockedUntil[each] = Math.max(blockedUntil[each], until.getTime());
    },
  };
}
