/**
 * How an agent asks for files that its task does not own, while it works: it writes `.signalbox/paths.json` in its
 * worktree (`$AGENT_PATHS_FILE`). The worker asks Signalbox, writes the answer beside it, and then removes the request:
 * once that is gone, the answer is there. Files work for any command and from within any sandbox, and need no secret.
 */
import { open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RequestPaths, type RequestPathsAnswer } from '../protocol/agent-contract.ts';
import { pause } from './patience.ts';

export const pathsFile = '.signalbox/paths.json';
export const pathsAnswerFile = '.signalbox/paths-answer.json';

const PathWish = z.object({ paths: RequestPaths.shape.paths, why: RequestPaths.shape.why });
export type PathWish = z.infer<typeof PathWish>;

const intervalMs = 300;
/** A file that cannot be read as JSON may still be being written for this long. */
const unfinishedMs = 2_000;
const mostBytes = 16_384;

/** Removes what an earlier run has asked. */
export async function clearPathRequests(tree: string): Promise<void> {
  for (const file of [pathsFile, pathsAnswerFile])
    await rm(join(tree, file), { force: true, recursive: true });
}

/**
 * Answers the agent's requests until the signal is aborted. Never throws.
 * @param ask passes one on to Signalbox
 * @param onProblem told what went wrong in the worktree itself
 */
export async function answerPathRequests(
  tree: string,
  ask: (wish: PathWish) => Promise<RequestPathsAnswer>,
  onProblem: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const wish = await readWish(join(tree, pathsFile));
      if (wish !== null) await answer(tree, wish === 'unusable' ? unusable : await ask(wish));
    } catch (error) {
      onProblem(`${pathsFile}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await pause(intervalMs, signal);
  }
}

const unusable: RequestPathsAnswer = {
  outcome: 'refused',
  paths: [],
  reason: `${pathsFile} must be { "paths": ["…"], "why": "…" } with 1 to 20 path patterns.`,
};

async function answer(tree: string, given: RequestPathsAnswer): Promise<void> {
  const file = join(tree, pathsAnswerFile);
  await writeFile(`${file}.draft`, `${JSON.stringify(given, null, 2)}\n`);
  await rename(`${file}.draft`, file);
  await rm(join(tree, pathsFile), { force: true, recursive: true });
}

/** What the agent asks; null: nothing, or not yet. */
async function readWish(file: string): Promise<PathWish | 'unusable' | null> {
  const found = await readSmall(file);
  if (found === null) return null;
  const parsed = PathWish.safeParse(jsonOf(found.text));
  if (parsed.success) return parsed.data;
  return found.ageMs < unfinishedMs ? null : 'unusable';
}

async function readSmall(file: string): Promise<{ text: string; ageMs: number } | null> {
  try {
    const { mtimeMs } = await stat(file);
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
    return { text: buffer.toString('utf8', 0, bytesRead), ageMs: Date.now() - mtimeMs };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
