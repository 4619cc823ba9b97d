/** Watches what an attempt uses against its budget: a warning at 80 %, the end at 100 %. */
import type { AgentTask, Usage as ContractUsage } from '../protocol/agent-contract.ts';
import { nothingUsed, type Usage } from './presets/preset.ts';

const warnShare = 0.8;
/** Timers take 32 bits of milliseconds; a longer budget is no bound in practice. */
const longestTimerMs = 2 ** 31 - 1;

/** One attempt's budget. */
export class BudgetWatch {
  readonly #budget: AgentTask['budget'];
  readonly #before: ContractUsage;
  readonly #onWarning: (words: string) => void;
  readonly #spent = new AbortController();
  readonly #warned = new Set<string>();
  #timers: NodeJS.Timeout[] = [];
  #startedAt: number | null = null;
  #usage = nothingUsed;

  /** @param before what the attempt had used before this process took it up */
  constructor(budget: AgentTask['budget'], before: ContractUsage, onWarning: (words: string) => void) {
    this.#budget = budget;
    this.#before = before;
    this.#onWarning = onWarning;
  }

  /** Aborted when any part of the budget is used up; the reason says which. */
  get spent(): AbortSignal {
    return this.#spent.signal;
  }

  /** The agent begins: its minutes count from now. */
  start(): void {
    this.#startedAt = performance.now();
    const { minutes } = this.#budget;
    if (minutes === null) return;
    for (const share of [warnShare, 1]) {
      const ms = Math.max(0, minutes * share - (this.#before.minutes ?? 0)) * 60_000;
      if (ms <= longestTimerMs) this.#timers.push(setTimeout(() => this.#check(), Math.ceil(ms)));
    }
  }

  /** The agent has ended. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  /** The agent told what it has used so far. */
  used(usage: Usage): void {
    this.#usage = { ...usage, usd: usage.usd ?? this.#usage.usd };
    this.#check();
  }

  /** What the attempt has used in all, as the contract has it. */
  get total(): ContractUsage {
    const { inputTokens, outputTokens, usd } = this.#usage;
    const elapsed = this.#startedAt === null ? 0 : (performance.now() - this.#startedAt) / 60_000;
    const tokens = (this.#before.tokens ?? 0) + inputTokens + outputTokens;
    return {
      minutes: Math.round(((this.#before.minutes ?? 0) + elapsed) * 1_000) / 1_000,
      ...(tokens > 0 ? { tokens } : {}),
      ...(usd === null && this.#before.usd === undefined
        ? {}
        : { usd: (this.#before.usd ?? 0) + (usd ?? 0) }),
    };
  }

  #check(): void {
    const total = this.total;
    for (const [name, unit] of [
      ['minutes', 'minutes'],
      ['tokens', 'tokens'],
      ['usd', 'USD'],
    ] as const) {
      const limit = this.#budget[name];
      const used = total[name] ?? 0;
      if (limit === null || used < limit * warnShare) continue;
      // The clock of timers may run a little ahead of the one that is read.
      const words = `${Math.round(used * 100) / 100} of ${limit} ${unit} used`;
      if (used >= limit * 0.999) this.#spent.abort(words);
      else if (!this.#warned.has(name)) this.#onWarning(words);
      this.#warned.add(name);
    }
  }
}
