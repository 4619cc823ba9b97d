import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  agentEnvironment,
  ConfigProblem,
  type Environment,
  readServeConfig,
  readWorkerConfig,
} from '../src/config.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const secret = 'sixteen-letters!';
const good = { APP_ID: '7', PRIVATE_KEY: 'a key', WEBHOOK_SECRET: secret, LOG_FORMAT: 'json' };

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signalbox-config-'));
});

afterAll(() => rm(dir, { recursive: true }));

function problemOf(env: Environment, read: (env: Environment) => unknown = readServeConfig): string {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigProblem) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the configuration of serve', () => {
  it('needs three things and has a default for everything else', () => {
    expect(readServeConfig(good)).toEqual({
      appId: '7',
      privateKey: 'a key',
      webhookSecret: secret,
      previousWebhookSecret: null,
      apiUrl: 'https://api.github.com',
      databaseUrl: null,
      dataDir: resolve('.signalbox'),
      host: '127.0.0.1',
      port: 3000,
      publicUrl: 'http://127.0.0.1:3000',
      agentToken: null,
      oidcIssuer: null,
      dashboardToken: null,
      sweepMs: 60_000,
      gitEnv: {},
      registries: {
        npm: 'https://registry.npmjs.org',
        pypi: 'https://pypi.org',
        crates: 'https://crates.io',
        go: 'https://proxy.golang.org',
      },
      signIn: null,
      model: null,
      log: { level: 'info', format: 'json' },
    });
  });

  it('takes everything from the environment, and addresses without their last slash', async () => {
    const keyFile = join(dir, 'key.pem');
    await writeFile(keyFile, 'a key in a file');
    const config = readServeConfig({
      APP_ID: '8',
      PRIVATE_KEY_PATH: keyFile,
      WEBHOOK_SECRET: secret,
      WEBHOOK_SECRET_PREVIOUS: 'the-one-before-that',
      GITHUB_API_URL: 'https://github.example/api/v3/',
      DATABASE_URL: 'postgresql://db/signalbox',
      SIGNALBOX_DATA: '/var/lib/signalbox',
      HOST: '0.0.0.0',
      PORT: '8080',
      PUBLIC_URL: 'https://signalbox.example/',
      SIGNALBOX_AGENT_TOKEN: 'a-token-for-agents',
      SIGNALBOX_OIDC_ISSUER: 'https://oidc.example/',
      DASHBOARD_TOKEN: 'a-token-for-people',
      SIGNALBOX_SWEEP_SECONDS: '5',
      SIGNALBOX_NPM_URL: 'https://npm.example/',
      SIGNALBOX_PYPI_URL: 'none',
      SIGNALBOX_LLM_URL: 'https://llm.example/v1',
      SIGNALBOX_LLM_KEY: 'a-key',
      SIGNALBOX_LLM_MODEL: 'a-model',
      GITHUB_CLIENT_ID: 'Iv1.x',
      GITHUB_CLIENT_SECRET: 'a-client-secret',
      SIGNALBOX_TOKEN_KEY: 'a-key-that-seals',
      LOG_LEVEL: 'debug',
      LOG_FORMAT: 'pretty',
    });
    expect(config).toEqual({
      appId: '8',
      privateKey: 'a key in a file',
      webhookSecret: secret,
      previousWebhookSecret: 'the-one-before-that',
      apiUrl: 'https://github.example/api/v3',
      databaseUrl: 'postgresql://db/signalbox',
      dataDir: '/var/lib/signalbox',
      host: '0.0.0.0',
      port: 8080,
      publicUrl: 'https://signalbox.example',
      agentToken: 'a-token-for-agents',
      oidcIssuer: 'https://oidc.example',
      dashboardToken: 'a-token-for-people',
      sweepMs: 5_000,
      gitEnv: {},
      registries: {
        npm: 'https://npm.example',
        pypi: null,
        crates: 'https://crates.io',
        go: 'https://proxy.golang.org',
      },
      model: { url: 'https://llm.example/v1', key: 'a-key', model: 'a-model' },
      signIn: { clientId: 'Iv1.x', clientSecret: 'a-client-secret', tokenKey: 'a-key-that-seals' },
      log: { level: 'debug', format: 'pretty' },
    });
  });

  it.each<[string, Environment, RegExp]>([
    [
      'a model without a key',
      { SIGNALBOX_LLM_URL: 'https://llm.example' },
      /SIGNALBOX_LLM_KEY and SIGNALBOX_LLM_MODEL is not set/,
    ],
    [
      'half of a sign-in',
      { GITHUB_CLIENT_ID: 'Iv1.x' },
      /GITHUB_CLIENT_SECRET and SIGNALBOX_TOKEN_KEY is not set/,
    ],
    [
      'a short key for tokens',
      { GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y', SIGNALBOX_TOKEN_KEY: 'short' },
      /^SIGNALBOX_TOKEN_KEY has 5/,
    ],
    ['no webhook secret', { WEBHOOK_SECRET: undefined }, /^WEBHOOK_SECRET is not set\..*openssl/],
    ['an empty webhook secret', { WEBHOOK_SECRET: '' }, /^WEBHOOK_SECRET is not set/],
    ['a webhook secret of spaces', { WEBHOOK_SECRET: ' '.repeat(20) }, /^WEBHOOK_SECRET is not set/],
    ['Probot’s default', { WEBHOOK_SECRET: 'development' }, /^WEBHOOK_SECRET is "development".*openssl/],
    ['a short webhook secret', { WEBHOOK_SECRET: 'fifteen-letters' }, /^WEBHOOK_SECRET has 15.*16/],
    ['a short old secret', { WEBHOOK_SECRET_PREVIOUS: 'old' }, /^WEBHOOK_SECRET_PREVIOUS has 3.*16/],
    ['a known old secret', { WEBHOOK_SECRET_PREVIOUS: 'development' }, /^WEBHOOK_SECRET_PREVIOUS is "dev/],
    ['a short agent token', { SIGNALBOX_AGENT_TOKEN: 'agent' }, /^SIGNALBOX_AGENT_TOKEN has 5/],
    ['a short dashboard token', { DASHBOARD_TOKEN: 'people' }, /^DASHBOARD_TOKEN has 6/],
    ['no App', { APP_ID: undefined }, /^APP_ID is ""; .*settings page/],
    ['an App that is no number', { APP_ID: 'signalbox' }, /^APP_ID is "signalbox"/],
    ['an App with a zero number', { APP_ID: '0' }, /^APP_ID is "0"/],
    ['no private key', { PRIVATE_KEY: undefined }, /^Neither PRIVATE_KEY nor PRIVATE_KEY_PATH is set/],
    [
      'a private key file that is not there',
      { PRIVATE_KEY: '', PRIVATE_KEY_PATH: '/nowhere/key.pem' },
      /^PRIVATE_KEY_PATH cannot be read: .*ENOENT/,
    ],
    ['an API that is no URL', { GITHUB_API_URL: 'github.example' }, /^GITHUB_API_URL is "github.example"/],
    ['an API that is not http', { GITHUB_API_URL: 'ftp://github.example' }, /^GITHUB_API_URL .* http/],
    ['a public URL that is none', { PUBLIC_URL: 'http://' }, /^PUBLIC_URL is "http:\/\/"/],
    ['a database that is not Postgres', { DATABASE_URL: 'mysql://db/x' }, /^DATABASE_URL is not a postgres/],
    ['a port that is no number', { PORT: 'http' }, /^PORT is "http"; .* 0 to 65535/],
    ['a port that is too high', { PORT: '65536' }, /^PORT is "65536"/],
    ['half a port', { PORT: '3000.5' }, /^PORT is "3000.5"/],
    ['a sweep without a pause', { SIGNALBOX_SWEEP_SECONDS: '0' }, /^SIGNALBOX_SWEEP_SECONDS is "0"/],
    ['an unknown log level', { LOG_LEVEL: 'verbose' }, /^LOG_LEVEL is "verbose"; .*trace, debug/],
    ['an unknown log format', { LOG_FORMAT: 'xml' }, /^LOG_FORMAT is "xml"; use pretty or json/],
    ['a dashboard open to all', { HOST: '0.0.0.0' }, /^HOST is 0\.0\.0\.0, .*DASHBOARD_TOKEN/],
    ['a dashboard open to a network', { HOST: '10.0.0.7' }, /^HOST is 10\.0\.0\.7/],
  ])('refuses %s and says what to do', (_, change, message) => {
    expect(problemOf({ ...good, ...change })).toMatch(message);
  });

  it('never repeats a secret in what it says', () => {
    for (const name of ['WEBHOOK_SECRET', 'WEBHOOK_SECRET_PREVIOUS', 'DASHBOARD_TOKEN']) {
      expect(problemOf({ ...good, [name]: 'hunter2' })).not.toContain('hunter2');
    }
    const url = problemOf({ ...good, DATABASE_URL: 'mysql://me:hunter2@db/x' });
    expect(url).not.toContain('hunter2');
  });

  it.each(['127.0.0.1', 'localhost', '::1'])('leaves the dashboard open on %s', (HOST) => {
    expect(readServeConfig({ ...good, HOST })).toMatchObject({ host: HOST, dashboardToken: null });
  });

  it('makes a URL of an IPv6 address', () => {
    expect(readServeConfig({ ...good, HOST: '::1' }).publicUrl).toBe('http://[::1]:3000');
  });
});

describe('the configuration of a worker', () => {
  it('needs the token, and says so', () => {
    expect(problemOf({}, readWorkerConfig)).toMatch(/^SIGNALBOX_AGENT_TOKEN is not set/);
    expect(problemOf({}, readWorkerConfig)).not.toContain('webhook');
    const config = readWorkerConfig({ SIGNALBOX_AGENT_TOKEN: 'a-token-for-agents' });
    expect(config).toMatchObject({ url: 'http://127.0.0.1:3000', agent: 'default' });
  });

  it('hands the agent this environment without our secrets', () => {
    const env = {
      PATH: '/bin',
      WEBHOOK_SECRET: secret,
      PRIVATE_KEY: 'k',
      PRIVATE_KEY_PATH: '/k',
      EMPTY: undefined,
    };
    expect(agentEnvironment({ ...env, DATABASE_URL: 'postgres://', SIGNALBOX_AGENT_TOKEN: 't' })).toEqual({
      PATH: '/bin',
      PRIVATE_KEY_PATH: '/k',
    });
  });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function runServe(env: Record<string, string>): Promise<Ended> {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [main, 'serve'], {
      env: { PATH: process.env.PATH ?? '', SIGNALBOX_DATA: join(dir, 'data'), PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
}

describe('signalbox serve', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['is missing', {}, /^signalbox: WEBHOOK_SECRET is not set.*\n$/],
    [
      'is "development"',
      { WEBHOOK_SECRET: 'development' },
      /^signalbox: WEBHOOK_SECRET is "development".*\n$/,
    ],
    ['is short', { WEBHOOK_SECRET: 'hunter2' }, /^signalbox: WEBHOOK_SECRET has 7 characters.*\n$/],
  ])('never starts when the webhook secret %s: one line, exit code 2', async (_, env, line) => {
    const { WEBHOOK_SECRET: _unset, ...rest } = good;
    const ended = await runServe({ ...rest, ...env });
    expect(ended).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(line) });
    expect(existsSync(join(dir, 'data'))).toBe(false);
  });
});
