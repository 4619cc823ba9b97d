/** Whether this process can do its work now. */
import { countOpenDeliveries } from '../ledger/deliveries.ts';
import type { EngineContext } from './context.ts';

export interface Readiness {
  ready: boolean;
  database: 'ok' | 'unreachable';
  openDeliveries: number | null;
}

/** Asks the ledger; GitHub is not asked, because a restart would not mend it. */
export async function readReadiness(engine: EngineContext): Promise<Readiness> {
  try {
    return { ready: true, database: 'ok', openDeliveries: await countOpenDeliveries(engine.db) };
  } catch (error) {
    engine.log.error({ problem: String(error) }, 'the database cannot be reached');
    return { ready: false, database: 'unreachable', openDeliveries: null };
  }
}
