/** Environment → Config: the only reader of `process.env`. Names are Probot's where it has one. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';

/** Something in the environment is missing or wrong; the message says what, why and what to do. */
export class ConfigProblem extends Error {
  override name = 'ConfigProblem';
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface StorageConfig {
  /** Null: the embedded Postgres under `dataDir`. */
  databaseUrl: string | null;
  dataDir: string;
}

export interface LogConfig {
  level: string;
  format: 'pretty' | 'json';
}

/** Where each package registry is; null: it is not asked. */
export interface RegistryConfig {
  npm: string | null;
  pypi: string | null;
  crates: string | null;
  go: string | null;
}

/** A server that speaks OpenAI's chat completions. */
export interface ModelConfig {
  url: string;
  key: string;
  model: string;
}

/** How people let Signalbox act in their name. */
export interface SignInConfig {
  clientId: string;
  clientSecret: string;
  /** What their tokens are sealed with. */
  tokenKey: string;
}

export interface ServeConfig extends StorageConfig {
  appId: string;
  privateKey: string;
  webhookSecret: string;
  /** Accepted beside `webhookSecret` while a secret is being rotated. */
  previousWebhookSecret: string | null;
  apiUrl: string;
  host: string;
  port: number;
  publicUrl: string;
  /** Good for every agent in every repository; null: only the own tokens of agents are good. */
  agentToken: string | null;
  /** Who signs the OIDC tokens of workflow runs; null: whoever does for the API's host. */
  oidcIssuer: string | null;
  /** Null: the dashboard needs no token, which is only allowed on a loopback address. */
  dashboardToken: string | null;
  sweepMs: number;
  registries: RegistryConfig;
  /** What git is started with when Signalbox itself must push: where it is found, and how the network is reached. */
  gitEnv: Readonly<Record<string, string>>;
  /** Null: agents are assigned in nobody's name. */
  signIn: SignInConfig | null;
  /** Null: there is no second opinion to be had. */
  model: ModelConfig | null;
  log: LogConfig;
}

/** The environment of this process. */
export const environment: Environment = process.env;

const shortestSecret = 16;

/** The secret of this name, or null when it is not set. */
function readSecret(env: Environment, name: string): string | null {
  const secret = env[name] ?? '';
  if (secret.trim() === '') return null;
  if (secret === 'development') {
    throw new ConfigProblem(
      `${name} is "development", which everybody knows. Set a random one: openssl rand -hex 32.`,
    );
  }
  if (secret.length < shortestSecret) {
    throw new ConfigProblem(
      `${name} has ${secret.length} characters; at least ${shortestSecret} are needed.`,
    );
  }
  return secret;
}

/** The secret of this name. `unset` says why it is needed and where it comes from. */
function requireSecret(env: Environment, name: string, unset: string): string {
  const secret = readSecret(env, name);
  if (secret === null) throw new ConfigProblem(`${name} is not set. ${unset}`);
  return secret;
}

function readPrivateKey(env: Environment): string {
  if (env.PRIVATE_KEY) return env.PRIVATE_KEY;
  if (env.PRIVATE_KEY_PATH) {
    try {
      return readFileSync(env.PRIVATE_KEY_PATH, 'utf8');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ConfigProblem(`PRIVATE_KEY_PATH cannot be read: ${why}`);
    }
  }
  throw new ConfigProblem(
    "Neither PRIVATE_KEY nor PRIVATE_KEY_PATH is set. Set one to your GitHub App's private key (a PEM file).",
  );
}

function readNumber(env: Environment, name: string, fallback: number, least: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < least || value > most) {
    throw new ConfigProblem(`${name} is "${text}"; a number from ${least} to ${most} is needed.`);
  }
  return value;
}

function readUrl(env: Environment, name: string, fallback: string): string {
  const text = env[name] || fallback;
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new ConfigProblem(`${name} is "${text}"; an http or https URL is needed.`);
  }
  return text.replace(/\/+$/, '');
}

/** `none` stands for no registry. */
function readRegistry(env: Environment, name: string, fallback: string): string | null {
  return env[name] === 'none' ? null : readUrl(env, name, fallback);
}

function readRegistries(env: Environment): RegistryConfig {
  return {
    npm: readRegistry(env, 'SIGNALBOX_NPM_URL', 'https://registry.npmjs.org'),
    pypi: readRegistry(env, 'SIGNALBOX_PYPI_URL', 'https://pypi.org'),
    crates: readRegistry(env, 'SIGNALBOX_CRATES_URL', 'https://crates.io'),
    go: readRegistry(env, 'SIGNALBOX_GO_PROXY_URL', 'https://proxy.golang.org'),
  };
}

/** All three or none: a model that is half set up would be asked in vain on every change. */
function readModel(env: Environment): ModelConfig | null {
  const names = ['SIGNALBOX_LLM_URL', 'SIGNALBOX_LLM_KEY', 'SIGNALBOX_LLM_MODEL'] as const;
  const missing = names.filter((name) => !env[name]);
  if (missing.length === names.length) return null;
  if (missing.length > 0)
    throw new ConfigProblem(
      `${missing.join(' and ')} is not set. A second opinion needs ${names.join(', ')}, or none of them.`,
    );
  return {
    url: readUrl(env, 'SIGNALBOX_LLM_URL', ''),
    key: env.SIGNALBOX_LLM_KEY ?? '',
    model: env.SIGNALBOX_LLM_MODEL ?? '',
  };
}

/** All three or none. */
function readSignIn(env: Environment): SignInConfig | null {
  const names = ['GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET', 'SIGNALBOX_TOKEN_KEY'] as const;
  const missing = names.filter((name) => !env[name]);
  if (missing.length === names.length) return null;
  if (missing.length > 0)
    throw new ConfigProblem(
      `${missing.join(' and ')} is not set. To assign agents in people's names ${names.join(', ')} are needed, or none of them.`,
    );
  return {
    clientId: env.GITHUB_CLIENT_ID ?? '',
    clientSecret: env.GITHUB_CLIENT_SECRET ?? '',
    tokenKey: requireSecret(env, 'SIGNALBOX_TOKEN_KEY', 'People’s tokens are sealed with it.'),
  };
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export function readLogConfig(env: Environment): LogConfig {
  const level = env.LOG_LEVEL || 'info';
  if (!logLevels.includes(level))
    throw new ConfigProblem(`LOG_LEVEL is "${level}"; use one of ${logLevels.join(', ')}.`);
  const format = env.LOG_FORMAT || (process.stdout.isTTY ? 'pretty' : 'json');
  if (format !== 'pretty' && format !== 'json') {
    throw new ConfigProblem(`LOG_FORMAT is "${format}"; use pretty or json.`);
  }
  return { level, format };
}

/** Where the ledger is. */
export function readStorageConfig(env: Environment): StorageConfig {
  const databaseUrl = env.DATABASE_URL || null;
  if (databaseUrl && !/^postgres(ql)?:/.test(databaseUrl)) {
    throw new ConfigProblem('DATABASE_URL is not a postgres:// URL. Unset it to use the embedded Postgres.');
  }
  return { databaseUrl, dataDir: resolve(env.SIGNALBOX_DATA || '.signalbox') };
}

const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

function readAppId(env: Environment): string {
  const appId = env.APP_ID ?? '';
  if (!/^[1-9]\d*$/.test(appId)) {
    throw new ConfigProblem(`APP_ID is "${appId}"; set it to the number on your GitHub App's settings page.`);
  }
  return appId;
}

interface AppConfig {
  appId: string;
  privateKey: string;
  apiUrl: string;
}

/** Who the App is, and where its GitHub. */
export function readAppConfig(env: Environment): AppConfig {
  const appId = readAppId(env);
  const apiUrl = readUrl(env, 'GITHUB_API_URL', 'https://api.github.com');
  return { appId, privateKey: readPrivateKey(env), apiUrl };
}

/** Everything `signalbox serve` needs. @throws ConfigProblem naming the first thing that is wrong */
export function readServeConfig(env: Environment): ServeConfig {
  const appId = readAppId(env);
  const host = env.HOST || '127.0.0.1';
  const port = readNumber(env, 'PORT', 3000, 0, 65_535);
  if (!Number.isInteger(port)) throw new ConfigProblem(`PORT is "${env.PORT}"; a whole number is needed.`);
  const dashboardToken = readSecret(env, 'DASHBOARD_TOKEN');
  if (!loopback.has(host) && dashboardToken === null) {
    throw new ConfigProblem(
      `HOST is ${host}, which others can reach, and DASHBOARD_TOKEN is not set: anybody could read the dashboard. ` +
        'Set DASHBOARD_TOKEN (at least 16 characters), or leave HOST at 127.0.0.1.',
    );
  }
  return {
    ...readStorageConfig(env),
    appId,
    privateKey: readPrivateKey(env),
    webhookSecret: requireSecret(
      env,
      'WEBHOOK_SECRET',
      "Without it anybody could send webhooks in GitHub's name. Set it to the secret of your GitHub App " +
        '(at least 16 characters, e.g. `openssl rand -hex 32`).',
    ),
    previousWebhookSecret: readSecret(env, 'WEBHOOK_SECRET_PREVIOUS'),
    apiUrl: readUrl(env, 'GITHUB_API_URL', 'https://api.github.com'),
    host,
    port,
    publicUrl: readUrl(env, 'PUBLIC_URL', `http://${host.includes(':') ? `[${host}]` : host}:${port}`),
    agentToken: readSecret(env, 'SIGNALBOX_AGENT_TOKEN'),
    oidcIssuer: env.SIGNALBOX_OIDC_ISSUER ? readUrl(env, 'SIGNALBOX_OIDC_ISSUER', '') : null,
    dashboardToken,
    sweepMs: readNumber(env, 'SIGNALBOX_SWEEP_SECONDS', 60, 0.2, 3600) * 1000,
    registries: readRegistries(env),
    gitEnv: readGitEnv(env),
    signIn: readSignIn(env),
    model: readModel(env),
    log: readLogConfig(env),
  };
}

export interface WorkerConfig {
  url: string;
  token: string;
  agent: string;
  worker: string;
}

/** What `signalbox worker` needs besides its flags. */
export function readWorkerConfig(env: Environment): WorkerConfig {
  return {
    url: readUrl(env, 'SIGNALBOX_URL', 'http://127.0.0.1:3000'),
    token: requireSecret(
      env,
      'SIGNALBOX_AGENT_TOKEN',
      'Set it to the token that the server was given under the same name.',
    ),
    agent: env.SIGNALBOX_AGENT || 'default',
    worker: env.SIGNALBOX_WORKER || `${hostname()}-${process.pid}`,
  };
}

/** What of the environment concerns git's own way to the network. */
const ofGit = /^(PATH|TMPDIR|https?_proxy|no_proxy|all_proxy|SSL_CERT_\w+|GIT_SSL_\w+)$/i;

function readGitEnv(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && ofGit.test(entry[0]),
  );
  return Object.fromEntries(kept);
}

/** Ours, and none of an agent's business. */
const ours = new Set([
  'SIGNALBOX_AGENT_TOKEN',
  'PRIVATE_KEY',
  'WEBHOOK_SECRET',
  'WEBHOOK_SECRET_PREVIOUS',
  'DATABASE_URL',
  'DASHBOARD_TOKEN',
  'GITHUB_CLIENT_SECRET',
  'SIGNALBOX_TOKEN_KEY',
  'SIGNALBOX_LLM_KEY',
  'SIGNALBOX_LAUNCHER_PIPE',
]);

/** What an agent's process inherits: this environment without Signalbox's own secrets. */
export function agentEnvironment(env: Environment): Record<string, string> {
  const kept = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value === undefined || ours.has(name) ? [] : [[name, value]],
  );
  return Object.fromEntries(kept);
}

/** The file descriptor by which `bin/signalbox.js` shows that it is alive, when that is who started us. */
export function readLauncherPipe(env: Environment): number | null {
  return env.SIGNALBOX_LAUNCHER_PIPE === '3' ? 3 : null;
}
