/** A real worker whose agent is a shell script; what the script writes to `$OUT` is the test's to read. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainCommand } from '../../src/worker/presets/presets.ts';
import { runWorker } from '../../src/worker/worker.ts';

export const agentToken = 'sbx_a_token_of_the_agent_api_0123456789';

export interface ScriptedWorker {
  /** The script's `$OUT`. */
  dir: string;
  stop(): Promise<void>;
}

/** Starts it as the agent `ada`, for a Signalbox that was given `agentToken`. */
export async function startScriptedWorker(url: string, script: string): Promise<ScriptedWorker> {
  const dir = await mkdtemp(join(tmpdir(), 'signalbox-scripted-'));
  await writeFile(join(dir, 'agent.sh'), script);
  const stopping = new AbortController();
  const working = runWorker(
    {
      url,
      token: agentToken,
      agent: 'ada',
      worker: 'w-1',
      preset: plainCommand(`/bin/sh ${join(dir, 'agent.sh')}`),
      directory: join(dir, 'work'),
      capacity: 2,
      env: { PATH: process.env.PATH ?? '', HOME: dir, OUT: dir },
      log: () => {},
    },
    stopping.signal,
  );
  return {
    dir,
    stop: async () => {
      stopping.abort();
      await working;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
