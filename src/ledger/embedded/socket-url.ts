import { DATABASE_USER } from './cluster.ts';

export const PORT = 5432;
export const DATABASE = 'signalbox';

/** `localhost` only fills the place of a host; the port is said because PGPORT would win otherwise. */
export function socketUrl(socketDir: string, database: string): string {
  const query = new URLSearchParams({ host: socketDir, port: String(PORT), sslmode: 'disable' });
  return `postgres://${DATABASE_USER}@localhost/${database}?${query}`;
}
