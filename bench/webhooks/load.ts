/** The load generator: a process of its own that sends by the clock, whether or not the server keeps up. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { makeDeliveries, type Signed } from './payloads.ts';

export interface LoadOptions {
  port: number;
  rate: number;
  seconds: number;
  bytes: number;
  secret: string;
}

export interface LoadResult {
  /** Milliseconds from the moment each delivery was due to be sent until its whole answer was read. */
  latencies: number[];
  /** GUIDs answered with 202. */
  accepted: string[];
  errors: Record<string, number>;
  /** How long the answers took altogether, from the first moment due to the last answer, in seconds. */
  elapsed: number;
  /** How late the generator itself was at worst: part of the latencies above. */
  latestSendMs: number;
  /** CPU time of this process, in seconds. */
  cpu: number;
}

type Outcome = { guid: string; ms: number; problem: string | null };

function send(agent: Agent, options: LoadOptions, delivery: Signed, due: number): Promise<Outcome> {
  const guid = randomUUID();
  return new Promise((resolve) => {
    const end = (problem: string | null) => resolve({ guid, ms: performance.now() - due, problem });
    const headers = {
      'content-type': 'application/json',
      'content-length': delivery.body.length,
      'user-agent': 'GitHub-Hookshot/bench',
      'x-github-delivery': guid,
      'x-github-event': delivery.event,
      'x-hub-signature-256': delivery.signature,
    };
    const path = '/api/github/webhooks';
    const call = request(
      { host: '127.0.0.1', port: options.port, method: 'POST', path, agent, headers },
      (response) => {
        response.resume();
        response.once('end', () => end(response.statusCode === 202 ? null : `HTTP ${response.statusCode}`));
        response.once('error', (error) => end(error.message));
      },
    );
    // GitHub gives up after 10 s.
    call.setTimeout(10_000, () => call.destroy(new Error('no answer in 10 s')));
    call.once('error', (error) => end(error.message));
    call.end(delivery.body);
  });
}

/** Sends `rate × seconds` deliveries, each at its own time, over as many connections as that needs. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const deliveries = makeDeliveries(options.bytes, options.secret);
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const count = Math.round(options.rate * options.seconds);
  const gapMs = 1000 / options.rate;
  const outcomes: Promise<Outcome>[] = [];
  let latestSendMs = 0;
  const start = performance.now() + 100;
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      for (let due = start + outcomes.length * gapMs; outcomes.length < count; due += gapMs) {
        const lateMs = performance.now() - due;
        if (lateMs < 0) break;
        latestSendMs = Math.max(latestSendMs, lateMs);
        const delivery = deliveries[outcomes.length % deliveries.length];
        if (delivery) outcomes.push(send(agent, options, delivery, due));
      }
      if (outcomes.length === count) resolve();
      else setTimeout(tick, 1);
    };
    tick();
  });
  const results = await Promise.all(outcomes);
  const { user, system } = process.cpuUsage();
  const elapsed = (performance.now() - start) / 1000;
  agent.destroy();
  const errors: Record<string, number> = {};
  for (const { problem } of results) if (problem !== null) errors[problem] = (errors[problem] ?? 0) + 1;
  return {
    latencies: results.map((each) => each.ms),
    accepted: results.filter((each) => each.problem === null).map((each) => each.guid),
    errors,
    elapsed,
    latestSendMs,
    cpu: (user + system) / 1e6,
  };
}
