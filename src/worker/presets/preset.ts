/** What the worker has to know of one agent's CLI: how to start it, and what its lines of output mean. */
import type { FailureClass } from '../worker-event.ts';

/** What an attempt has used so far, all told. */
export interface Usage {
  /** Read by the model, without what came from its cache. */
  inputTokens: number;
  outputTokens: number;
  /** Read from the model's cache: cheap, so it does not count towards a budget of tokens. */
  cachedTokens: number;
  /** Null when the CLI does not tell. */
  usd: number | null;
}

export const nothingUsed: Usage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, usd: null };

/** What one line of output means. An unknown line means nothing. */
export interface News {
  /** For people, one short line. */
  says?: string;
  usage?: Usage;
  failure?: AgentFailure;
  /** The line comes from waiting or trying again, not from work. */
  idle?: boolean;
}

/** The agent's own word that something failed. */
export interface AgentFailure {
  /** Null: to be told from the message. */
  class: FailureClass | null;
  message: string;
  /** The run is over for the agent, whatever exit code follows. */
  final: boolean;
}

/** Reads one run's lines in order; may remember what came before. */
export type StreamReader = (line: string) => News;

/** Gives the CLI the model that the policy names, where it names one. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own syntax
export const modelFlag = '${AGENT_MODEL:+ --model "$AGENT_MODEL"}';

export interface Preset {
  /** Shell command. The brief is in the file `$AGENT_BRIEF`. */
  command: string;
  /** A reader for one run. */
  openReader: () => StreamReader;
  /** Patterns of files that the CLI leaves in the worktree and that are no work, as in `.gitignore`. */
  litter: readonly string[];
}

const longestSaying = 200;

/** The first line of a text, short enough for a terminal. */
export function saying(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > longestSaying ? `${line.slice(0, longestSaying - 1)}…` : line;
}
