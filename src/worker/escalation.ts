/**
 * How an agent asks for a person: it writes `.signalbox/escalate.json` in its worktree (`$AGENT_ESCALATION_FILE`), or
 * exits with code 75. The file is the better way, since a model cannot choose the exit code of the CLI it runs in, and
 * sandboxed CLIs may write in the worktree only. It is never committed.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** EX_TEMPFAIL of sysexits.h: try again later, once somebody has answered. */
export const escalationExit = 75;

export const escalationFile = '.signalbox/escalate.json';

export interface Escalation {
  trigger: string;
  context: string;
  options?: string[];
}

const longest = { trigger: 200, context: 4_000, option: 500 };
const mostOptions = 5;

/** Everything is optional: what a model wrote while it was stuck is taken as far as it goes. */
const Written = z.object({
  trigger: z.string().catch(''),
  context: z.string().catch(''),
  question: z.string().catch(''),
  options: z.array(z.string()).catch([]),
});

/** What the agent wrote; null when it did not ask. */
export async function readEscalation(tree: string): Promise<Escalation | null> {
  let text: string;
  try {
    text = await readFile(join(tree, escalationFile), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
  return escalationOf(text);
}

/** Reads the file's text. Text that is no JSON is the context itself. */
export function escalationOf(text: string): Escalation {
  const parsed = Written.safeParse(jsonOf(text));
  if (!parsed.success) return bounded('the agent asks for a person', text.trim(), []);
  const { trigger, context, question, options } = parsed.data;
  return bounded(trigger || question || 'the agent asks for a person', context || question, options);
}

/** The escalation of an agent that said nothing but its exit code. */
export function escalationFromExit(tail: string): Escalation {
  return bounded(`the agent exited with code ${escalationExit}`, tail, []);
}

/** Removes what an earlier run asked. */
export async function clearEscalation(tree: string): Promise<void> {
  await rm(join(tree, escalationFile), { force: true });
}

function bounded(trigger: string, context: string, options: readonly string[]): Escalation {
  const sound = options
    .map((option) => option.trim().slice(0, longest.option))
    .filter((option) => option !== '')
    .slice(0, mostOptions);
  return {
    trigger: trigger.slice(0, longest.trigger),
    context: context.slice(0, longest.context),
    // One option is no choice.
    ...(sound.length >= 2 ? { options: sound } : {}),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
