/**
 * OpenCode, `opencode run`. The message comes from standard input when that is no terminal; `--format json` prints
 * one event a line; `step_finish` carries the tokens and the cost of its step. Without `--auto` it refuses whatever its
 * own configuration would ask about, such as files outside the worktree.
 * Source: anomalyco/opencode packages/opencode/src/cli/cmd/run.ts@00f9806c.
 */
import { at, countAt, objectIn, textAt } from './json-line.ts';
import { modelFlag, type News, nothingUsed, type Preset, saying } from './preset.ts';

export const opencode: Preset = {
  command: `opencode run --format json${modelFlag} < "$AGENT_BRIEF"`,
  litter: [],
  openReader: () => {
    let total = nothingUsed;
    return (line): News => {
      const event = objectIn(line);
      const part = at(event, 'part');
      switch (textAt(event, 'type')) {
        case 'text':
          return { says: saying(textAt(part, 'text') ?? '') };
        case 'tool_use':
          return {
            says: saying(`${textAt(part, 'tool') ?? 'tool'}: ${textAt(part, 'state', 'title') ?? ''}`),
          };
        case 'step_finish': {
          const tokens = at(part, 'tokens');
          total = {
            inputTokens: total.inputTokens + countAt(tokens, 'input') + countAt(tokens, 'cache', 'write'),
            outputTokens: total.outputTokens + countAt(tokens, 'output') + countAt(tokens, 'reasoning'),
            cachedTokens: total.cachedTokens + countAt(tokens, 'cache', 'read'),
            usd: (total.usd ?? 0) + countAt(part, 'cost'),
          };
          return { usage: total };
        }
        case 'error': {
          const error = at(event, 'error');
          const message =
            textAt(error, 'data', 'message') ?? textAt(error, 'name') ?? 'opencode gave no reason';
          return { failure: { class: null, message, final: false }, says: saying(message) };
        }
        default:
          return {};
      }
    };
  },
};
