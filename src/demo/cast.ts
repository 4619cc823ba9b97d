/** The cast: Signalbox itself and three workers, each a process of its own. */
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openProgram, type Program } from './program.ts';
import { agents, appSlug, type Stage } from './stage.ts';

export interface CastOptions {
  dir: string;
  /** Where git and the agents' programs are found. */
  path: string;
  /** How long an agent pauses between its steps, in milliseconds. */
  paceMs: number;
  /** How often Signalbox asks GitHub for everything, in seconds. */
  sweepSeconds: number;
  /** A shell command to run as the agent; null plays the scripts. */
  agentCommand: string | null;
}

export interface Cast {
  app: Program;
  workers: Program[];
  /** Where Signalbox listens. */
  url: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port was found');
  return address.port;
}

const webhookSecret = 'the-demo-does-not-leave-this-machine';
const agentToken = 'a-token-for-the-agents-of-the-demo';
const scriptedAgent = fileURLToPath(new URL('./agents/scripted-agent.ts', import.meta.url));

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Prepares the processes and points the App's webhook at Signalbox; nothing runs yet. */
export async function hireCast(stage: Stage, options: CastOptions): Promise<Cast> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  stage.sandbox.setWebhook(appSlug, { url: `${url}/api/github/webhooks`, secret: webhookSecret });
  const logs = join(options.dir, 'logs');
  await mkdir(logs, { recursive: true });
  const app = openProgram({
    name: 'signalbox',
    args: ['serve'],
    path: options.path,
    logFile: join(logs, 'signalbox.log'),
    env: {
      APP_ID: String(stage.app.id),
      PRIVATE_KEY: stage.app.privateKey,
      WEBHOOK_SECRET: webhookSecret,
      GITHUB_API_URL: stage.sandbox.url,
      SIGNALBOX_DATA: join(options.dir, 'data'),
      SIGNALBOX_AGENT_TOKEN: agentToken,
      SIGNALBOX_SWEEP_SECONDS: String(options.sweepSeconds),
      PORT: String(port),
      LOG_FORMAT: 'json',
    },
  });
  const scripted = [process.execPath, scriptedAgent].map(quote).join(' ');
  const command = options.agentCommand ?? `${scripted} "$AGENT_TASK_FILE" ${options.paceMs}`;
  const workers = agents.map((agent) =>
    openProgram({
      name: agent,
      args: ['worker', '--exec', command, '--directory', join(options.dir, 'work', agent)],
      path: options.path,
      logFile: join(logs, `${agent}.log`),
      env: {
        SIGNALBOX_URL: url,
        SIGNALBOX_AGENT_TOKEN: agentToken,
        SIGNALBOX_AGENT: agent,
        SIGNALBOX_WORKER: `${agent}-1`,
        HOME: options.dir,
        LOG_FORMAT: 'json',
      },
    }),
  );
  return { app, workers, url };
}
