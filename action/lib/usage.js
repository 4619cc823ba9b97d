/** What the agent's run has used, as it says itself: a claim, like everything that comes out of that job. */
import { readFile } from 'node:fs/promises';

const amount = (value) => (Number.isFinite(value) && value >= 0 && value <= 1e12 ? value : undefined);

/** Claude Code's execution file is a list of its messages, of which the last `result` has the totals. */
function ofResult({ total_cost_usd: usd, usage }) {
  const {
    input_tokens: read = 0,
    cache_creation_input_tokens: cached = 0,
    output_tokens: written = 0,
  } = usage ?? {};
  return { tokens: amount(read + cached + written), usd: amount(usd) };
}

/** Reads `{ "tokens": …, "usd": … }`, or such a list; an empty object where there is nothing to be read. */
export async function readUsage(file) {
  const content = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => null);
  if (Array.isArray(content)) {
    const result = content.findLast((message) => message?.type === 'result');
    return result ? ofResult(result) : {};
  }
  return { tokens: amount(content?.tokens), usd: amount(content?.usd) };
}
