/** What an agent's word about its attempt amounts to. The fence has been asked before (I8). */
import { requestPaths } from '../lane/agent-asks.ts';
import type { FactBody, Question } from '../lane/facts.ts';
import type { AgentWord } from '../lane/observation.ts';
import { type Attempt, isAtWork, type LaneState, type Task, type Usage } from '../lane/state.ts';
import { rateLimitPause } from './breaker.ts';
import { isUsageNews } from './budget.ts';
import { readSplit } from './split.ts';

function readUsage(state: LaneState, task: Task, attempt: Attempt, word: AgentWord): FactBody[] {
  const told: Usage = ('usage' in word ? word.usage : undefined) ?? {};
  const tokens = Math.max(attempt.tokens, told.tokens ?? 0);
  const usd = Math.max(attempt.usd, told.usd ?? 0);
  if (tokens === attempt.tokens && usd === attempt.usd) return [];
  if (word.kind === 'heartbeat' && !isUsageNews(state, task, { tokens, usd })) return [];
  return [{ kind: 'usage-reported', issue: task.issue, attempt: attempt.number, usage: { tokens, usd } }];
}

function ask(issue: number, escalation: Question): FactBody[] {
  return [{ kind: 'escalated', issue, escalation }];
}

/** The facts of a word by the attempt under way; none when it is old news. */
export function readWord(state: LaneState, task: Task, attempt: Attempt, word: AgentWord): FactBody[] {
  if (!isAtWork(task)) return [];
  const usage = readUsage(state, task, attempt, word);
  return [...usage, ...readMatter(state, task, attempt, word)];
}

/**
 * The reported head counts from now on: it has no checks and no verdict, so that nothing is approved or landed by those
 * of the head before it. The next reading of the pull request says what the head really is.
 */
function headOf({ issue, pull }: Task, head: string): FactBody[] {
  return pull?.open && pull.headSha !== head ? [{ kind: 'head-moved', issue, sha: head }] : [];
}

/** Of a plan for a version that is not the present one, nothing is taken but that its attempt is over. */
function readPlan(
  { policy }: LaneState,
  task: Task,
  { number, job, agent }: Attempt,
  word: Extract<AgentWord, { kind: 'split' }>,
): FactBody[] {
  const { issue, version } = task;
  if (job !== 'plan') return [];
  const about = { issue, attempt: number };
  if (word.version !== version) {
    const reason = `its plan was for version ${word.version} of the task`;
    return [{ kind: 'attempt-ended', ...about, end: 'superseded', reason }];
  }
  const reading = readSplit(policy, task, word.parts);
  if (reading.kind === 'refused') {
    const reason = `semantic: its plan cannot be used: ${reading.why}`;
    return [{ kind: 'attempt-ended', ...about, end: 'semantic', reason }];
  }
  const { summary } = word;
  return [{ kind: 'split-proposed', ...about, version, by: agent, summary, parts: reading.parts }];
}

function readMatter(state: LaneState, task: Task, attempt: Attempt, word: AgentWord): FactBody[] {
  const { issue } = task;
  const about = { issue, attempt: attempt.number };
  const end = (reason: string, how: 'semantic' | 'infra' | 'rate-limit' | 'released'): FactBody => {
    return { kind: 'attempt-ended', ...about, end: how, reason };
  };
  switch (word.kind) {
    case 'claimed': {
      const { claimId, worker } = word;
      // Of workers that ask at the same time the first one has it; for the same claim there is nothing new.
      return attempt.claimId !== null ? [] : [{ kind: 'work-started', ...about, claimId, worker }];
    }
    case 'heartbeat': {
      const { head } = word;
      return head === null || head === attempt.head || head === attempt.openedSha
        ? []
        : [{ kind: 'progress-seen', ...about, head }];
    }
    case 'done':
      if (attempt.job === 'plan') return [end('semantic: it reported done and proposed no plan', 'semantic')];
      return word.head === attempt.openedSha
        ? [end('semantic: it reported done and had changed nothing', 'semantic')]
        : [...headOf(task, word.head), { kind: 'work-done', ...about, by: attempt.worker ?? attempt.agent }];
    case 'split':
      return readPlan(state, task, attempt, word);
    case 'failed': {
      const { class: how, message } = word;
      if (how === 'budget') return ask(issue, { trigger: 'budget', context: message, by: attempt.agent });
      const ended = end(`${how}: ${message}`, how);
      if (how !== 'rate-limit') return [ended];
      return [ended, rateLimitPause(state, attempt.agent, word.retryAfterMs ?? null)];
    }
    case 'released':
      return [end(`released: ${word.reason}`, 'released')];
    case 'request-paths':
      return requestPaths(state, task, word);
    case 'escalate': {
      const { trigger, context, options = [] } = word;
      return ask(issue, { trigger, context, by: attempt.agent, options });
    }
    default:
      return word satisfies never;
  }
}
