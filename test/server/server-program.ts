// The real server as a process of its own, whose memory a test can look at. Speaks with whoever forked it.
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { createVault } from '../../src/engine/vault.ts';
import { createGitHub } from '../../src/github/app-client.ts';
import { createDatabase, createPool } from '../../src/ledger/connect.ts';
import { openJobs } from '../../src/ledger/jobs.ts';
import type { DB } from '../../src/ledger/schema.ts';
import { startServer } from '../../src/server/server.ts';

interface ProgramOptions {
  databaseUrl: string;
  secret: string;
  privateKey: string;
}

const { databaseUrl, secret, privateKey } = JSON.parse(process.argv[2] ?? '') as ProgramOptions;
const log = pino({ level: 'silent' });
const server = await startServer(
  {
    db: createDatabase<DB>(createPool(databaseUrl, { max: 4, applicationName: 'signalbox-test-server' })),
    github: createGitHub({ apiUrl: 'http://127.0.0.1:9', appId: 1, privateKey, log }),
    jobs: await openJobs({ url: databaseUrl, exclusive: true, lanes: 1, onProblem: () => {} }),
    log,
    publicUrl: 'http://signalbox.test',
    verifyRunToken: async () => null,
    vault: createVault(privateKey),
    instance: randomUUID(),
    sweepMs: 3_600_000,
    gitEnv: {},
  },
  {
    host: '127.0.0.1',
    port: 0,
    webhookSecret: secret,
    previousWebhookSecret: null,
    agentToken: null,
    dashboardToken: null,
    githubUrl: 'https://github.test',
  },
);
// Its highest memory so far, in bytes; maxRSS is in kB on every system.
process.on('message', () => process.send?.({ peak: process.resourceUsage().maxRSS * 1024 }));
process.on('disconnect', () => process.exit(0));
process.send?.({ port: server.port });
