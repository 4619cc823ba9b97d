/** What the worker makes of an agent's words: failures, escalations, budgets. */
import { describe, expect, it } from 'vitest';
import { BudgetWatch } from '../../src/worker/budget-watch.ts';
import { classifyFailure, type FailedRun } from '../../src/worker/classify-failure.ts';
import { escalationFromExit, escalationOf } from '../../src/worker/escalation.ts';
import { nothingUsed } from '../../src/worker/presets/preset.ts';

describe('the class of a failure', () => {
  const failed = (changes: Partial<FailedRun>): FailedRun => ({
    code: 1,
    signal: null,
    message: null,
    tail: '',
    ...changes,
  });

  it.each([
    ['API Error: 429 {"type":"rate_limit_error"}', 'rate-limit'],
    ['Error: 529 Overloaded', 'rate-limit'],
    ['You have reached your usage limit, resets 7pm', 'rate-limit'],
    ['insufficient_quota: you exceeded your current quota', 'rate-limit'],
    ['Invalid API key · Please run /login', 'infra'],
    ['unexpected status 401 Unauthorized', 'infra'],
    ['Error: 503 Service Unavailable', 'infra'],
    ['TypeError: fetch failed: getaddrinfo EAI_AGAIN api.example.org', 'infra'],
    ['connect ECONNREFUSED 127.0.0.1:443', 'infra'],
    ['write: ENOSPC: no space left on device', 'infra'],
    ['Your credit balance is too low', 'infra'],
    ['error_max_budget_usd: stopped', 'budget'],
    ['I cannot find the function that the issue names', 'semantic'],
    ['3 tests failed; 401 passed', 'semantic'],
    ['the port 5024 is what the test wants', 'semantic'],
    ['', 'semantic'],
  ])('%j is %s', (tail, expected) => {
    expect(classifyFailure(failed({ tail }))).toBe(expected);
  });

  it('believes the agent’s own message before its last lines', () => {
    expect(classifyFailure(failed({ message: 'I give up', tail: 'saw a 429 in the docs' }))).toBe('semantic');
  });

  it('reads only the last lines: a task about rate limits is none', () => {
    const tail = ['rate limit of the API is 100', ...Array.from({ length: 20 }, () => 'compiling')].join(
      '\n',
    );
    expect(classifyFailure(failed({ tail }))).toBe('semantic');
  });

  it.each([
    [{ code: 127 }, 'infra'],
    [{ code: 126 }, 'infra'],
    [{ code: null, signal: 'SIGKILL' }, 'infra'],
  ])('%j is %s: the agent did not get to work', (changes, expected) => {
    expect(classifyFailure(failed(changes))).toBe(expected);
  });
});

describe('an escalation', () => {
  it('is taken as it was written', () => {
    const options = ['Keep the flag', 'Remove it'];
    const written = { trigger: 'Two ways', context: 'Both work.', options };
    expect(escalationOf(JSON.stringify(written))).toEqual(written);
  });

  it.each([
    ['a question', '{"question":"Which?"}', { trigger: 'Which?', context: 'Which?' }],
    ['one option', '{"trigger":"t","options":["only"]}', { trigger: 't', context: '' }],
    ['no JSON', 'I am stuck', { trigger: 'the agent asks for a person', context: 'I am stuck' }],
    ['wrong types', '{"trigger":7,"options":"x"}', { trigger: 'the agent asks for a person', context: '' }],
  ])('of %s is read as far as it goes', (_, text, expected) => {
    expect(escalationOf(text)).toEqual(expected);
  });

  it('stays within the contract’s bounds', () => {
    const long = 'x'.repeat(10_000);
    const written = { trigger: long, context: long, options: Array.from({ length: 9 }, () => long) };
    const { trigger, context, options = [] } = escalationOf(JSON.stringify(written));
    expect([trigger.length, context.length, options.length, options[0]?.length]).toEqual([
      200, 4_000, 5, 500,
    ]);
    expect(escalationFromExit(long).context).toHaveLength(4_000);
  });
});

describe('a budget', () => {
  const watch = (budget: object, before = {}) => {
    const warnings: string[] = [];
    const none = { minutes: null, tokens: null, usd: null };
    const budgetWatch = new BudgetWatch({ ...none, ...budget }, before, (words) => warnings.push(words));
    return { watch: budgetWatch, warnings };
  };
  const tokens = (inputTokens: number, usd: number | null = null) => ({ ...nothingUsed, inputTokens, usd });

  it('warns once at 80 %, and ends at 100 %', () => {
    const { watch: tokenWatch, warnings } = watch({ tokens: 1_000 });
    for (const used of [500, 799, 800, 900]) tokenWatch.used(tokens(used));
    expect(warnings).toEqual(['800 of 1000 tokens used']);
    expect(tokenWatch.spent.aborted).toBe(false);
    tokenWatch.used(tokens(1_000));
    expect(tokenWatch.spent.reason).toBe('1000 of 1000 tokens used');
  });

  it('watches dollars, and keeps them when a later word has none', () => {
    const { watch: usdWatch } = watch({ usd: 2 });
    usdWatch.used(tokens(10, 1.5));
    usdWatch.used(tokens(20));
    expect(usdWatch.total).toMatchObject({ usd: 1.5, tokens: 20 });
    usdWatch.used(tokens(30, 2.1));
    expect(usdWatch.spent.aborted).toBe(true);
  });

  it('counts what was used before a restart', () => {
    const { watch: again } = watch({ tokens: 1_000 }, { tokens: 950, minutes: 3 });
    again.used(tokens(60));
    expect(again.spent.aborted).toBe(true);
    expect(again.total).toMatchObject({ tokens: 1_010, minutes: 3 });
  });

  it('without bounds never ends', () => {
    const { watch: free, warnings } = watch({});
    free.used(tokens(1e9, 1e6));
    expect([free.spent.aborted, warnings]).toEqual([false, []]);
  });
});
