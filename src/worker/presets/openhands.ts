/**
 * OpenHands CLI, headless: always approves itself, `-f` reads the task from a file, `--json` prints its events. The
 * manual shows one event a line; the program prints `--JSON Event--` and then the event over many lines. Both are read.
 * Sources: docs.openhands.dev/openhands/usage/cli/headless; `json_callback` in OpenHands-CLI's utils.py.
 */
import { amountAt, at, countAt, objectIn, textAt } from './json-line.ts';
import { type News, type Preset, saying, type Usage } from './preset.ts';

const marker = '--JSON Event--';
/** An event longer than this is passed over. */
const longestEvent = 4_000_000;

/** It takes a model from `LLM_MODEL`, and reads that only when told to (OpenHands-CLI's README). */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own syntax
const modelFromEnvironment = '${AGENT_MODEL:+ --override-with-envs}';

export const openhands: Preset = {
  command: `openhands --headless --json -f "$AGENT_BRIEF"${modelFromEnvironment}`,
  litter: [],
  openReader: () => {
    let pending: string | null = null;
    return (line) => {
      if (line.trim() === marker) {
        pending = '';
        return {};
      }
      if (pending === null) return eventNews(objectIn(line));
      pending += `${line}\n`;
      if (line === '}' || (line.startsWith('{') && line.trimEnd().endsWith('}'))) {
        const event = objectIn(pending);
        pending = null;
        return eventNews(event);
      }
      if (pending.length > longestEvent) pending = null;
      return {};
    };
  },
};

function eventNews(event: object | null): News {
  if (event === null) return {};
  const usage = usageIn(event, 0);
  const error = /error/i.test(textAt(event, 'kind') ?? '')
    ? (textAt(event, 'detail') ?? textAt(event, 'error') ?? textAt(event, 'code'))
    : null;
  const says =
    error ??
    textAt(event, 'summary') ??
    textAt(event, 'action', 'command') ??
    textAt(event, 'command') ??
    textAt(event, 'action', 'path') ??
    textAt(event, 'path');
  return {
    ...(usage === null ? {} : { usage }),
    ...(says === null ? {} : { says: saying(says) }),
    ...(error === null ? {} : { failure: { class: null, message: error, final: false } }),
  };
}

const deepest = 6;

/** The state of a conversation carries its metrics; where exactly has changed between versions, so it is looked for. */
function usageIn(value: unknown, depth: number): Usage | null {
  if (typeof value !== 'object' || value === null || depth > deepest) return null;
  const usd = amountAt(value, 'accumulated_cost');
  const tokens = at(value, 'accumulated_token_usage');
  if (usd !== null || tokens !== undefined) {
    const cachedTokens = countAt(tokens, 'cache_read_tokens');
    return {
      inputTokens: Math.max(0, countAt(tokens, 'prompt_tokens') - cachedTokens),
      outputTokens: countAt(tokens, 'completion_tokens'),
      cachedTokens,
      usd,
    };
  }
  for (const each of Object.values(value)) {
    const found = usageIn(each, depth + 1);
    if (found !== null) return found;
  }
  return null;
}
