/** What agents may say about their attempts: still alive, done, failed, given back, in need of a person or of files. */
import { holderOf, newlyAsked } from '../core/lane/agent-asks.ts';
import type { AgentWord } from '../core/lane/observation.ts';
import { normalisePattern } from '../core/task/patterns.ts';
import { type AttemptSeen, recordCall } from '../ledger/agent-calls.ts';
import { requestLooks } from '../ledger/looks.ts';
import { renewLease } from '../ledger/presence.ts';
import type {
  Escalate,
  Heartbeat,
  HeartbeatAnswer,
  ProposeSplit,
  ProposeSplitAnswer,
  Release,
  Report,
  ReportAnswer,
  RequestPaths,
  RequestPathsAnswer,
} from '../protocol/agent-contract.ts';
import { advance, unticketed } from './advance.ts';
import {
  findEarlier,
  findOwnAttempt,
  hashCall,
  isRefusal,
  type Refusal,
  standing,
  takeWord,
  type Word,
} from './agent-attempt.ts';
import type { Caller } from './agent-caller.ts';
import type { EngineContext } from './context.ts';

function isAtWork({ state, attempt }: AttemptSeen, number: number): boolean {
  return (
    attempt?.isCurrent === true && attempt.number === number && (state === 'assigned' || state === 'working')
  );
}

/** Renews the lease. */
export async function takeHeartbeat(
  engine: EngineContext,
  caller: Caller,
  beat: Heartbeat,
): Promise<HeartbeatAnswer | Refusal> {
  const found = await findOwnAttempt(engine, caller, beat);
  if (isRefusal(found)) return found;
  const hash = hashCall('heartbeat', beat);
  const earlier = await findEarlier<HeartbeatAnswer>(engine, found, beat.sequence, hash);
  if (earlier) return earlier;
  if (!isAtWork(found, beat.attempt)) return { refused: 'fenced' };
  const answer = await renew(engine, found, beat, hash);
  if (!isRefusal(answer)) await noteHeartbeat(engine, found, beat);
  return answer;
}

function renew(
  engine: EngineContext,
  found: AttemptSeen,
  beat: Heartbeat,
  hash: string,
): Promise<HeartbeatAnswer | Refusal> {
  return engine.db.transaction().execute(async (trx) => {
    const until = await renewLease(trx, found, found.issue, found.fence, found.policy.ownership.lease);
    if (until === null) return { refused: 'fenced' };
    const moved = found.behind.map(({ sha, paths, by }) => ({
      base_sha: sha,
      pulls: by.map(({ pull }) => pull),
      paths,
    }));
    const answer = { lease_expires_at: until, base_moved: moved };
    // Renewing takes the attempt's row, so that of two calls with one number the second finds the first's answer.
    if (await recordCall(trx, found, beat.sequence, hash, answer)) return answer;
    const first = await findEarlier<HeartbeatAnswer>({ ...engine, db: trx }, found, beat.sequence, hash);
    return first ?? { refused: 'sequence-forgotten' };
  });
}

/** Takes what a heartbeat shows of the work into the lane, when it is something new; most say what was known. */
async function noteHeartbeat(engine: EngineContext, found: AttemptSeen, beat: Heartbeat): Promise<void> {
  const { head, usage } = beat;
  const known = found.attempt;
  const isNews =
    (head !== null && head !== known?.head) ||
    (usage?.tokens ?? 0) > (known?.tokens ?? 0) ||
    (usage?.usd ?? 0) > (known?.usd ?? 0);
  if (!isNews) return;
  const word: AgentWord = { kind: 'heartbeat', head, usage };
  const { issue, fence } = found;
  const advanced = await advance(engine.db, found, [
    unticketed({ kind: 'agent', issue, attempt: beat.attempt, fence, word }),
  ]);
  if ((advanced?.facts.length ?? 0) > 0) await engine.jobs.wakeLane(engine.db, found);
}

/** Has the pull request read again and the lane run: whatever the agent said is checked against GitHub. */
async function lookAgain(engine: EngineContext, attempt: AttemptSeen | null): Promise<void> {
  if (!attempt) return;
  if (attempt.pull !== null) {
    await requestLooks(engine.db, attempt, [{ kind: 'pull', subject: String(attempt.pull) }]);
  }
  await engine.jobs.wakeLane(engine.db, attempt);
}

function wordOf(report: Report): AgentWord {
  const { usage } = report;
  if (report.kind === 'done') return { kind: 'done', head: report.head, usage };
  const { class: how, message, retry_after_seconds: retryAfter } = report.error;
  // Workers that know no `release` say so in the message: being stopped is no failure of anything.
  if (how === 'infra' && message.startsWith('released:')) {
    return { kind: 'released', reason: message.slice('released:'.length).trim() };
  }
  const retryAfterMs = retryAfter === undefined ? undefined : retryAfter * 1_000;
  return { kind: 'failed', class: how, message, retryAfterMs, usage };
}

/** Takes in how an attempt ended, and answers where its task stands now. */
async function takeEnd(
  engine: EngineContext,
  caller: Caller,
  call: Pick<Word<ReportAnswer>, 'name' | 'body' | 'word'>,
): Promise<ReportAnswer | Refusal> {
  const { answer, attempt } = await takeWord(engine, caller, {
    ...call,
    answer: ({ state }, issue) => standing(state, issue),
  });
  await lookAgain(engine, attempt);
  return answer;
}

type End<Body> = (engine: EngineContext, caller: Caller, body: Body) => Promise<ReportAnswer | Refusal>;

/** Takes a report: how the attempt ended. */
export const takeReport: End<Report> = (engine, caller, body) =>
  takeEnd(engine, caller, { name: 'report', body, word: wordOf(body) });

/** Stops the task for a person to decide; the agent is free. */
export const takeEscalation: End<Escalate> = (engine, caller, body) => {
  const { trigger, context, options = [], usage } = body;
  const word: AgentWord = { kind: 'escalate', trigger, context, options, usage };
  return takeEnd(engine, caller, { name: 'escalate', body, word });
};

/** Takes an attempt back that its worker could not go on with. */
export const takeRelease: End<Release> = (engine, caller, body) => {
  const word: AgentWord = { kind: 'released', reason: body.reason ?? 'the worker was stopped' };
  return takeEnd(engine, caller, { name: 'release', body, word });
};

/** Hears that the work needs files which the task does not own. */
export async function takePathRequest(
  engine: EngineContext,
  caller: Caller,
  body: RequestPaths,
): Promise<RequestPathsAnswer | Refusal> {
  const readings = body.paths.map(normalisePattern);
  const wrong = readings.flatMap((reading) => (reading.kind === 'refused' ? [reading.why] : []));
  const paths = readings.flatMap((reading) => (reading.kind === 'ok' ? [reading.pattern] : []));
  // Refused whole: half of a request would be a change that nobody asked for.
  const wanted = wrong.length > 0 ? [] : paths;
  const { answer, attempt } = await takeWord(engine, caller, {
    name: 'request-paths',
    body,
    word: { kind: 'request-paths', paths: wanted, why: body.why ?? '' },
    answer: ({ facts, state }, issue): RequestPathsAnswer => {
      if (wrong.length > 0) return { outcome: 'refused', paths: [], reason: wrong.join(' ') };
      const task = state.tasks[issue];
      const isAsked = facts.some((fact) => fact.kind === 'paths-requested' && fact.issue === issue);
      const open = task ? newlyAsked(state, task, paths) : paths;
      if (open.length > 0) {
        return { outcome: 'refused', paths: open, reason: 'This attempt has asked for too many files.' };
      }
      const waiting = paths.filter((path) => task?.attempt?.asked.includes(path));
      const holder = task && waiting.length > 0 ? holderOf(state, task, waiting) : null;
      const held = holder ? `${holder}. ` : '';
      return waiting.length > 0
        ? {
            outcome: 'asked',
            paths: waiting,
            reason: `${held}${isAsked ? 'A person was asked' : 'A person has been asked already'}; until one agrees, changes there fail the arbiter.`,
          }
        : { outcome: 'granted', paths, reason: 'The task owns these files.' };
    },
  });
  if (attempt) await engine.jobs.wakeLane(engine.db, attempt);
  return answer;
}

/** Hears how a planner would split the task. */
export async function takeSplit(
  engine: EngineContext,
  caller: Caller,
  body: ProposeSplit,
): Promise<ProposeSplitAnswer | Refusal> {
  const { version, summary, parts, usage } = body;
  const { answer, attempt } = await takeWord(engine, caller, {
    name: 'propose-split',
    body,
    word: { kind: 'split', version, summary, parts, usage },
    answer: ({ facts, state }, issue): ProposeSplitAnswer => {
      const isProposed = facts.some((fact) => fact.kind === 'split-proposed' && fact.issue === issue);
      const ended = facts.find((fact) => fact.kind === 'attempt-ended' && fact.issue === issue);
      const why = ended && 'reason' in ended ? ended.reason : 'This attempt is not to propose a plan.';
      return {
        outcome: isProposed ? 'proposed' : 'refused',
        ...standing(state, issue),
        reason: isProposed ? 'It waits for somebody to accept it.' : why,
      };
    },
  });
  await lookAgain(engine, attempt);
  return answer;
}
