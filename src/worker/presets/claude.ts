/**
 * Claude Code, headless. `-p` reads the prompt from standard input; `stream-json` needs `--verbose`; one JSON object a
 * line, the last one `result` with `total_cost_usd` and `usage`; `--max-budget-usd` is the CLI's own stop.
 * Sources: code.claude.com/docs/en/cli-reference and /headless (read 2026-11); event catalogue as observed:
 * git.secluded.site/agent-skills, claude-headless/references/event-types.md.
 */
import { amountAt, at, countAt, listAt, objectIn, textAt } from './json-line.ts';
import {
  type AgentFailure,
  modelFlag,
  type News,
  nothingUsed,
  type Preset,
  saying,
  type Usage,
} from './preset.ts';

export const claude: Preset = {
  command:
    `claude -p --output-format stream-json --verbose --permission-mode acceptEdits${modelFlag}` +
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own syntax
    '${AGENT_BUDGET_USD:+ --max-budget-usd "$AGENT_BUDGET_USD"} < "$AGENT_BRIEF"',
  litter: [],
  openReader: () => {
    const messages = new Map<string, Usage>();
    return (line) => {
      const event = objectIn(line);
      switch (textAt(event, 'type')) {
        case 'assistant':
          return assistantNews(event, messages);
        case 'result':
          return resultNews(event);
        case 'system':
          return textAt(event, 'subtype') === 'api_retry'
            ? { idle: true, says: saying(`waits: ${textAt(event, 'error') ?? 'the API did not answer'}`) }
            : {};
        case 'rate_limit_event':
          return { idle: true };
        default:
          return {};
      }
    };
  },
};

/** Each message arrives several times, once for each of its blocks, with the same id and usage. */
function assistantNews(event: object | null, messages: Map<string, Usage>): News {
  const id = textAt(event, 'message', 'id');
  const usage = at(event, 'message', 'usage');
  if (id !== null && usage !== undefined) messages.set(id, usageIn(usage, null));
  const says = listAt(event, 'message', 'content')
    .map(blockText)
    .findLast((text) => text !== null);
  return { usage: sum([...messages.values()]), ...(says ? { says: saying(says) } : {}) };
}

function blockText(block: unknown): string | null {
  if (textAt(block, 'type') === 'text') return textAt(block, 'text');
  if (textAt(block, 'type') !== 'tool_use') return null;
  const input = ['command', 'file_path', 'pattern', 'description'].map((name) =>
    textAt(block, 'input', name),
  );
  return `${textAt(block, 'name') ?? 'tool'}: ${input.find((text) => text !== null) ?? ''}`;
}

function resultNews(event: object | null): News {
  const usage = usageIn(at(event, 'usage'), amountAt(event, 'total_cost_usd'));
  const subtype = textAt(event, 'subtype') ?? 'success';
  const message = textAt(event, 'result') ?? listAt(event, 'errors').join('; ');
  if (at(event, 'is_error') !== true && subtype === 'success') return { usage, says: saying(message) };
  const failure: AgentFailure = {
    class: /max_budget|max_turns/.test(subtype) ? 'budget' : null,
    message: `${subtype}: ${message}`,
    final: true,
  };
  return { usage, failure, says: saying(failure.message) };
}

function usageIn(usage: unknown, usd: number | null): Usage {
  return {
    inputTokens: countAt(usage, 'input_tokens') + countAt(usage, 'cache_creation_input_tokens'),
    outputTokens: countAt(usage, 'output_tokens'),
    cachedTokens: countAt(usage, 'cache_read_input_tokens'),
    usd,
  };
}

function sum(all: readonly Usage[]): Usage {
  return all.reduce(
    (total, each) => ({
      inputTokens: total.inputTokens + each.inputTokens,
      outputTokens: total.outputTokens + each.outputTokens,
      cachedTokens: total.cachedTokens + each.cachedTokens,
      usd: null,
    }),
    nothingUsed,
  );
}
