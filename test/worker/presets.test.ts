import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type News, nothingUsed, type Preset } from '../../src/worker/presets/preset.ts';
import { type PresetName, plainCommand, presets, withArguments } from '../../src/worker/presets/presets.ts';

/** Reads a whole run; answers with all that was news. */
function readRun(preset: Preset, lines: readonly unknown[]): News[] {
  const read = preset.openReader();
  return lines.map((line) => read(typeof line === 'string' ? line : JSON.stringify(line)));
}

const lastUsage = (news: readonly News[]) => news.findLast((each) => each.usage !== undefined)?.usage;

describe('claude', () => {
  const message = (id: string, content: object[], usage: object) => ({
    type: 'assistant',
    message: { id, content, usage },
  });

  it('counts each message once, and takes the result for the whole', () => {
    const usage = {
      input_tokens: 10,
      cache_creation_input_tokens: 90,
      cache_read_input_tokens: 500,
      output_tokens: 7,
    };
    const news = readRun(presets.claude, [
      { type: 'system', subtype: 'init', session_id: 's', model: 'm' },
      message('m1', [{ type: 'text', text: 'I will look.\nThen…' }], usage),
      message('m1', [{ type: 'tool_use', name: 'Bash', input: { command: 'npm test' } }], usage),
      message('m2', [{ type: 'tool_use', name: 'Edit', input: { file_path: 'src/cli.js' } }], {
        output_tokens: 3,
      }),
      {
        type: 'result',
        subtype: 'success',
        is_error: false,
        result: 'Done.',
        total_cost_usd: 0.25,
        usage: { input_tokens: 120, output_tokens: 11 },
      },
    ]);
    expect(news.map(({ says }) => says)).toEqual([
      undefined,
      'I will look.',
      'Bash: npm test',
      'Edit: src/cli.js',
      'Done.',
    ]);
    expect(news[3]?.usage).toEqual({ inputTokens: 100, outputTokens: 10, cachedTokens: 500, usd: null });
    expect(lastUsage(news)).toEqual({ inputTokens: 120, outputTokens: 11, cachedTokens: 0, usd: 0.25 });
    expect(news.some(({ failure }) => failure)).toBe(false);
  });

  it.each([
    ['error_max_budget_usd', 'budget'],
    ['error_max_turns', 'budget'],
    ['error_during_execution', null],
  ])('knows a result of %s', (subtype, expected) => {
    const [news] = readRun(presets.claude, [{ type: 'result', subtype, is_error: true, errors: ['No.'] }]);
    expect(news?.failure).toEqual({ class: expected, message: `${subtype}: No.`, final: true });
  });

  it('takes waiting for the API for no work', () => {
    const news = readRun(presets.claude, [
      { type: 'system', subtype: 'api_retry', attempt: 3, error: 'overloaded' },
      { type: 'rate_limit_event', rate_limit_info: {} },
    ]);
    expect(news.map(({ idle }) => idle)).toEqual([true, true]);
  });
});

describe('codex', () => {
  it('reads items, usage and the failure of a turn', () => {
    const news = readRun(presets.codex, [
      { type: 'thread.started', thread_id: 't' },
      { type: 'item.started', item: { id: '1', type: 'command_execution', command: 'npm test' } },
      {
        type: 'item.completed',
        item: { id: '2', type: 'file_change', changes: [{ path: 'a.js' }, { path: 'b.js' }] },
      },
      { type: 'turn.completed', usage: { input_tokens: 1_000, cached_input_tokens: 800, output_tokens: 50 } },
      { type: 'error', message: 'Reconnecting... 1/5' },
      { type: 'turn.failed', error: { message: 'unexpected status 429 Too Many Requests' } },
    ]);
    expect(news.map(({ says }) => says)).toEqual([
      undefined,
      '$ npm test',
      'edits a.js, b.js',
      undefined,
      'Reconnecting... 1/5',
      'unexpected status 429 Too Many Requests',
    ]);
    expect(lastUsage(news)).toEqual({ inputTokens: 200, outputTokens: 50, cachedTokens: 800, usd: null });
    expect(news[4]).toMatchObject({ idle: true, failure: { final: false } });
    expect(news[5]?.failure?.final).toBe(true);
  });
});

describe('opencode', () => {
  it('adds up its steps', () => {
    const step = {
      type: 'step_finish',
      part: { cost: 0.01, tokens: { input: 5, output: 2, reasoning: 1, cache: { read: 100, write: 4 } } },
    };
    const news = readRun(presets.opencode, [
      { type: 'text', part: { text: 'Looking.' } },
      step,
      { type: 'tool_use', part: { tool: 'edit', state: { title: 'src/cli.js' } } },
      step,
      { type: 'error', error: { name: 'APIError', data: { message: 'Overloaded' } } },
    ]);
    expect(lastUsage(news)).toEqual({ inputTokens: 18, outputTokens: 6, cachedTokens: 200, usd: 0.02 });
    expect(news.map(({ says }) => says)).toEqual([
      'Looking.',
      undefined,
      'edit: src/cli.js',
      undefined,
      'Overloaded',
    ]);
  });
});

describe('aider', () => {
  it('reads its line of usage', () => {
    const news = readRun(presets.aider, [
      'Applied edit to src/cli.js',
      'Tokens: 12k sent, 1.2k cache write, 5k cache hit, 133 received. Cost: $0.04 message, $0.10 session.',
      'Tokens: 116 sent, 30 received.',
    ]);
    expect(lastUsage(news)).toEqual({ inputTokens: 7_116, outputTokens: 163, cachedTokens: 5_000, usd: 0.1 });
  });
});

describe('openhands', () => {
  const state = {
    kind: 'ConversationStateUpdateEvent',
    value: {
      usage_to_metrics: {
        agent: {
          accumulated_cost: 0.5,
          accumulated_token_usage: { prompt_tokens: 900, completion_tokens: 40, cache_read_tokens: 600 },
        },
      },
    },
  };
  const expected = { inputTokens: 300, outputTokens: 40, cachedTokens: 600, usd: 0.5 };

  it('reads one event a line, as its manual shows', () => {
    const news = readRun(presets.openhands, [
      { type: 'action', action: 'run', command: 'python app.py' },
      state,
    ]);
    expect(news[0]?.says).toBe('python app.py');
    expect(lastUsage(news)).toEqual(expected);
  });

  it('reads events over many lines after a marker, as it prints them', () => {
    const printed = ['--JSON Event--', ...JSON.stringify(state, null, 2).split('\n'), 'Agent finished'];
    expect(lastUsage(readRun(presets.openhands, printed))).toEqual(expected);
  });

  it('tells of an error', () => {
    const [news] = readRun(presets.openhands, [
      { kind: 'ConversationErrorEvent', code: 'LLMRateLimitError', detail: 'rate limit' },
    ]);
    expect(news?.failure).toEqual({ class: null, message: 'rate limit', final: false });
  });
});

describe('every preset', () => {
  const names = Object.keys(presets) as PresetName[];

  it.each(names)('%s gets its brief by $AGENT_BRIEF and no question is asked of anybody', (name) => {
    expect(presets[name].command).toContain('"$AGENT_BRIEF"');
  });

  it.each(names)('%s survives any line', (name) => {
    const anyLine = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => `{"type":"result","x":${text}}`),
    );
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 20 }), (lines) => {
        for (const { usage } of readRun(presets[name], lines)) {
          const { inputTokens, outputTokens } = usage ?? nothingUsed;
          expect(inputTokens + outputTokens).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each(names)('%s survives events of its own with parts missing or of another type', (name) => {
    const types = [
      'assistant',
      'result',
      'system',
      'item.completed',
      'turn.completed',
      'turn.failed',
      'step_finish',
      'error',
    ];
    const event = fc.record(
      {
        type: fc.constantFrom(...types),
        message: fc.jsonValue(),
        item: fc.jsonValue(),
        usage: fc.jsonValue(),
        part: fc.jsonValue(),
        error: fc.jsonValue(),
      },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 10 }), (events) => void readRun(presets[name], events)),
      { numRuns: 200 },
    );
  });

  describe.each(Object.keys(presets) as PresetName[])('%s', (name) => {
    /** What the CLI would be called with. */
    function words(command: string, env: Record<string, string>): string {
      const folder = mkdtempSync(join(tmpdir(), 'signalbox-preset-'));
      writeFileSync(join(folder, name), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
      const PATH = `${folder}:/usr/bin:/bin`;
      const run = spawnSync('/bin/sh', ['-c', command], {
        env: { PATH, AGENT_BRIEF: '/dev/null', ...env },
        encoding: 'utf8',
      });
      rmSync(folder, { recursive: true });
      return run.stdout;
    }
    const flag = name === 'openhands' ? '--override-with-envs' : '--model org/model-5:x';

    it('is given the model that the policy names, and none where it names none', () => {
      const { command } = presets[name];
      expect(words(command, { AGENT_MODEL: 'org/model-5:x' })).toContain(flag);
      expect(words(command, {})).toMatch(/^[^\n]+\n$/);
      expect(words(command, {})).not.toContain(flag.split(' ')[0]);
    });

    it('is told of one model only, where the worker names another', () => {
      const { command } = withArguments(presets[name], ['--model', 'mine']);
      const given = words(command, { AGENT_MODEL: 'org/model-5:x' });
      expect(given.match(/--model/g)).toHaveLength(1);
      expect(given).toContain('--model mine');
    });
  });

  it('takes more arguments before its input, quoted', () => {
    expect(withArguments(presets.codex, ['--model', "it's"]).command).toBe(
      `codex exec --json --sandbox workspace-write - '--model' 'it'\\''s' < "$AGENT_BRIEF"`,
    );
    expect(withArguments(presets.openhands, ['--model', 'x']).command).toMatch(
      /^openhands --headless --json -f "\$AGENT_BRIEF".* '--model' 'x'$/,
    );
  });
});

describe('any other command', () => {
  it('says its lines and tells nothing of its cost', () => {
    const { openReader } = plainCommand('make');
    expect(openReader()('building')).toEqual({ says: 'building' });
  });
});
