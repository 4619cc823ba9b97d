import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const { readUsage } = (await import('../../action/lib/usage.js' as string)) as {
  readUsage: (file: string) => Promise<object>;
};

const result = {
  type: 'result',
  total_cost_usd: 1.5,
  usage: {
    input_tokens: 10,
    cache_creation_input_tokens: 20,
    cache_read_input_tokens: 999,
    output_tokens: 5,
  },
};

test.each([
  [JSON.stringify({ tokens: 12, usd: 0.5 }), { tokens: 12, usd: 0.5 }],
  [JSON.stringify([{ type: 'assistant' }, result]), { tokens: 35, usd: 1.5 }],
  [JSON.stringify([{ type: 'assistant' }, null]), {}],
  [JSON.stringify({ tokens: 'many', usd: -1 }), {}],
  ['not JSON', {}],
  ['', {}],
])('%.60s is %j', async (text, expected) => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-usage-'));
  writeFileSync(join(folder, 'usage'), text);
  expect(await readUsage(join(folder, 'usage'))).toEqual(expected);
  rmSync(folder, { recursive: true });
  expect(await readUsage(join(folder, 'usage'))).toEqual({});
});
