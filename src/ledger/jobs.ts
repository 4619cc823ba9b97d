/**
 * Wake-ups, kept durable by pg-boss. A job only says "look": what there is to do, and who may do it, stands in the
 * ledger, so that running a job twice or not at all is harmless.
 */
import type { Kysely } from 'kysely';
import { fromKysely, PgBoss } from 'pg-boss';
import type { LaneKey } from '../core/ids.ts';
import type { DB } from './schema.ts';

export interface Jobs {
  /** Wakes whoever works through deliveries; with a transaction, exactly when that commits. */
  wakeDeliveries(db: Kysely<DB>): Promise<void>;
  /** Wakes a lane. Who runs it is settled by the lane's own lease, not here. */
  wakeLane(db: Kysely<DB>, key: LaneKey): Promise<void>;
  /** Starts working; until then wake-ups are only booked. */
  start(work: { deliveries: () => Promise<void>; lane: (key: LaneKey) => Promise<void> }): Promise<void>;
  /** Waits for the jobs under way, then stops. */
  stop(): Promise<void>;
}

const deliveriesQueue = 'signalbox-deliveries';
const laneQueue = 'signalbox-lane';

/** research: pg-boss' defaults leave a backlog waiting 30 s behind a missed NOTIFY; polling is the floor. */
const polling = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5, batchSize: 1 } as const;

export interface JobsOptions {
  url: string;
  /** True when this is the only process on the database: jobs left active by a killed one are then dropped. */
  exclusive: boolean;
  /** How many lanes this process runs at a time. */
  lanes: number;
  onProblem: (message: string, error: unknown) => void;
}

/** Opens the queues. @throws when the database cannot be reached */
export async function openJobs(options: JobsOptions): Promise<Jobs> {
  const boss = new PgBoss({
    connectionString: options.url,
    application_name: 'signalbox-jobs',
    max: 4,
    useListenNotify: true,
    monitorIntervalSeconds: 2,
    superviseIntervalSeconds: 2,
    schedule: false,
  });
  boss.on('error', (error) => options.onProblem('the job queue reported a problem', error));
  await boss.start();
  const common = {
    heartbeatSeconds: 10,
    expireInSeconds: 300,
    retryLimit: 2,
    deleteAfterSeconds: 60,
    notify: true,
  };
  // Not `singleton`: pg-boss skips keys that were active when it last took its statistics, up to a minute ago, so a
  // lane that was busy at that moment would sleep through its wake-ups.
  await boss.createQueue(deliveriesQueue, { ...common, policy: 'standard' });
  await boss.createQueue(laneQueue, { ...common, policy: 'standard' });
  if (options.exclusive) {
    await boss.deleteAllJobs(deliveriesQueue);
    await boss.deleteAllJobs(laneQueue);
  }
  return {
    wakeDeliveries: async (db) => {
      await boss.send(deliveriesQueue, {}, { db: fromKysely(db) });
    },
    wakeLane: async (db, key) => {
      await boss.send(laneQueue, key, { db: fromKysely(db) });
    },
    start: async (work) => {
      await boss.work(deliveriesQueue, { ...polling, localConcurrency: 1 }, () => work.deliveries());
      await boss.work<LaneKey>(laneQueue, { ...polling, localConcurrency: options.lanes }, async ([job]) => {
        if (job) await work.lane(job.data);
      });
    },
    stop: () => boss.stop({ graceful: true, timeout: 10_000 }),
  };
}
