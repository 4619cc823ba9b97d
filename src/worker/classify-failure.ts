/**
 * Why an agent failed, told from its last words. Only asked when it did fail, and only of the last lines: a task about
 * rate limits must not look like one.
 */
import type { FailureClass } from './worker-event.ts';

const readLines = 15;

/** In this order: an overloaded model also breaks connections, and a spent budget is not a broken agent. */
const signs: readonly { class: FailureClass; words: RegExp }[] = [
  {
    class: 'budget',
    words: /max[_ -]budget|budget (was |is |has been )?(exceeded|reached|exhausted)|error_max_turns/i,
  },
  {
    class: 'rate-limit',
    words:
      /\b429\b|\b529\b|rate[ _-]?limit|too many requests|overloaded|usage limit|quota (exceeded|reached)|insufficient_quota|resource_exhausted|at capacity/i,
  },
  {
    class: 'infra',
    words:
      /\b(401|403|502|503|504)\b.{0,40}(error|unauthori[sz]ed|forbidden|bad gateway|unavailable|time-?out)|(error|status|http)\W{0,3}(code\W{0,2})?(401|403|500|502|503|504)\b/i,
  },
  {
    class: 'infra',
    words:
      /unauthori[sz]ed|authentication[_ ](error|failed)|invalid (x-)?api[ -]key|not logged in|please run \/login|token (has )?expired|credit balance is too low/i,
  },
  {
    class: 'infra',
    words:
      /E(CONN(REFUSED|RESET|ABORTED)|NOTFOUND|TIMEDOUT|AI_AGAIN|HOSTUNREACH|NETUNREACH|NOSPC|PIPE)\b|getaddrinfo|fetch failed|network (error|is unreachable)|connection (refused|reset|error|timed out)|socket hang up|could not resolve host|no space left on device|out of memory/i,
  },
];

/** What the shell says when there is no such program, or none that may be run. */
const notRun = new Set([126, 127]);

export interface FailedRun {
  code: number | null;
  /** Killed by somebody else; the worker's own stops are not asked about here. */
  signal: string | null;
  /** The agent's own error message, when its events carry one. */
  message: string | null;
  /** The last lines for people. */
  tail: string;
}

/** The class of a failure; `semantic` (the agent could not do it) when nothing speaks for another. */
export function classifyFailure({ code, signal, message, tail }: FailedRun): FailureClass {
  if (code !== null && notRun.has(code)) return 'infra';
  const words = message ?? tail.split('\n').slice(-readLines).join('\n');
  const found = signs.find((sign) => sign.words.test(words));
  if (found) return found.class;
  // The system's own hand: out of memory, a shutdown, somebody's kill.
  return signal === null ? 'semantic' : 'infra';
}
