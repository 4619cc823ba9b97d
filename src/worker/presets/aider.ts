/**
 * Aider with a message file: it does that one thing and exits. `--yes-always` answers its questions; its commits are
 * left to the worker, and it must neither write `.gitignore` nor leave its history in the worktree.
 * Sources: Aider-AI/aider website/docs/scripting.md@04583312, config/options.md@009c4dc8; the line of usage:
 * aider/coders/base_coder.py, `calculate_and_show_tokens_and_cost`, and `format_tokens` in aider/utils.py.
 */
import { modelFlag, nothingUsed, type Preset, saying } from './preset.ts';

const usageLine =
  /^Tokens: ([\d.]+k?) sent(?:, ([\d.]+k?) cache write)?(?:, ([\d.]+k?) cache hit)?, ([\d.]+k?) received\.(?:.*\$([\d.]+) session)?/;

export const aider: Preset = {
  command:
    'aider --message-file "$AGENT_BRIEF" --yes-always --no-auto-commits --no-dirty-commits --no-gitignore' +
    ` --no-stream --no-pretty --no-check-update --no-show-release-notes --no-suggest-shell-commands${modelFlag}`,
  litter: ['.aider*'],
  openReader: () => {
    let total = nothingUsed;
    return (line) => {
      const found = usageLine.exec(line);
      if (found === null) return { says: saying(line) };
      const [, sent, , hit, received, usd] = found;
      const cachedTokens = countOf(hit);
      total = {
        inputTokens: total.inputTokens + Math.max(0, countOf(sent) - cachedTokens),
        outputTokens: total.outputTokens + countOf(received),
        cachedTokens: total.cachedTokens + cachedTokens,
        usd: usd === undefined ? total.usd : Number(usd),
      };
      return { usage: total, says: saying(line) };
    };
  },
};

function countOf(text: string | undefined): number {
  if (text === undefined) return 0;
  return Math.round(Number.parseFloat(text) * (text.endsWith('k') ? 1_000 : 1));
}
