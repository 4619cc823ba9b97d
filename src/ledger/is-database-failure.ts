import pg from 'pg';

/** Whether an error came from the database or the way to it: nothing was committed, and trying again is safe. */
export function isDatabaseFailure(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return true;
  // pg reports lost connections and exhausted pools as plain errors.
  return (
    error instanceof Error &&
    /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
  );
}
