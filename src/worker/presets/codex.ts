/**
 * Codex CLI, `codex exec`. `-` reads the prompt from standard input; `--json` prints events as JSON lines;
 * `--full-auto` is gone in favour of `--sandbox workspace-write`, in which the agent may write in the worktree and
 * not in git's own folder: the worker commits.
 * Sources: openai/codex codex-rs/exec/src/cli.rs@02805335 and exec_events.rs@08a1f30c.
 */
import { at, countAt, listAt, objectIn, textAt } from './json-line.ts';
import { modelFlag, type News, type Preset, saying } from './preset.ts';

export const codex: Preset = {
  command: `codex exec --json --sandbox workspace-write${modelFlag} - < "$AGENT_BRIEF"`,
  litter: [],
  openReader: () => (line) => {
    const event = objectIn(line);
    switch (textAt(event, 'type')) {
      case 'item.started':
      case 'item.completed':
        return itemNews(at(event, 'item'));
      case 'turn.completed':
        return usageNews(at(event, 'usage'));
      case 'turn.failed':
        return failureNews(textAt(event, 'error', 'message'), true);
      case 'error':
        // Also sent while it connects again, so it is not the end.
        return { ...failureNews(textAt(event, 'message'), false), idle: true };
      default:
        return {};
    }
  },
};

function itemNews(item: unknown): News {
  const says = itemText(item);
  return says ? { says: saying(says) } : {};
}

function itemText(item: unknown): string | null {
  switch (textAt(item, 'type')) {
    case 'agent_message':
      return textAt(item, 'text');
    case 'command_execution':
      return `$ ${textAt(item, 'command') ?? ''}`;
    case 'file_change':
      return `edits ${listAt(item, 'changes')
        .map((each) => textAt(each, 'path'))
        .join(', ')}`;
    case 'mcp_tool_call':
      return `${textAt(item, 'server')}.${textAt(item, 'tool')}`;
    case 'web_search':
      return `searches ${textAt(item, 'query') ?? ''}`;
    case 'error':
      return textAt(item, 'message');
    default:
      return null;
  }
}

/** The thread's total so far; `input_tokens` includes the cached ones. */
function usageNews(usage: unknown): News {
  const cachedTokens = countAt(usage, 'cached_input_tokens');
  const inputTokens = Math.max(0, countAt(usage, 'input_tokens') - cachedTokens);
  return { usage: { inputTokens, outputTokens: countAt(usage, 'output_tokens'), cachedTokens, usd: null } };
}

function failureNews(message: string | null, final: boolean): News {
  const words = message ?? 'codex gave no reason';
  return { failure: { class: null, message: words, final }, says: saying(words) };
}
