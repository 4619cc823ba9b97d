import { environment, readLogConfig, readStorageConfig } from '../config.ts';
import { createLog, withLedger } from '../serve.ts';

/** Runs a short command on the ledger, also beside a running `signalbox serve`. */
export function onLedger<T>(act: Parameters<typeof withLedger<T>>[2]): Promise<T> {
  const log = createLog({ ...readLogConfig(environment), level: 'warn' });
  return withLedger(readStorageConfig(environment), log, act);
}
