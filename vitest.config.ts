import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 90_000,
    // Processes and not threads: tests start programs that must die with the process that started them.
    pool: 'forks',
    // Every test file that uses the database also keeps Postgres and git busy.
    maxWorkers: 2,
  },
});
