/** Runs a lane until nothing is due: looks are taken, effects carried out, projections published. */

import type { LaneKey } from '../core/ids.ts';
import { type Fact, issueOf } from '../core/lane/facts.ts';
import type { Look } from '../core/lane/look.ts';
import { overdueCommits } from '../core/queue/judge-builds.ts';
import { classifyFailure } from '../github/failure.ts';
import { redactSecrets } from '../github/redact.ts';
import { takenAttempts } from '../ledger/claim-attempt.ts';
import { readCorrelationId } from '../ledger/correlation.ts';
import { claimEffect, type LeasedEffect, postponeEffect } from '../ledger/effects.ts';
import { isDatabaseFailure } from '../ledger/is-database-failure.ts';
import { holdLane, releaseLane } from '../ledger/lanes.ts';
import { loadForReading, type Named, readClock } from '../ledger/load-lane.ts';
import {
  type DueLook,
  dueLooks,
  finishLook,
  postponeLook,
  repeatLook,
  requestLooks,
} from '../ledger/looks.ts';
import { republishWaiting } from '../ledger/projections.ts';
import { advance } from './advance.ts';
import { carryOut, refuseEffect } from './carry-out.ts';
import { type EngineContext, type LaneContext, laneContext } from './context.ts';
import { revokeHandedTokens } from './handed-tokens.ts';
import { observe } from './observe.ts';
import { publishDue } from './publish.ts';
import { giveWay } from './right-of-way.ts';
import { traced } from './trace.ts';

const looksAtOnce = 50;
const effectsAtOnce = 20;
/** A lane with endless work gives way to others after this many rounds; what is left is still due. */
const maxRounds = 30;
/** An effect or look that fails for reasons that pass is tried this often before it is given up. */
const maxTries = 12;
/** So often where GitHub's reads may only lag behind its writes: over some eight seconds. */
const maxLagTries = 5;
const longestDelayMs = 60_000;
/** When to look again after a webhook whose news could not be read yet: twice, as long as reads usually lag. */
const soonMs = 1_500;
const laterMs = 6_000;

/** 0.5 s, 1 s, 2 s … up to a minute. */
function backoffMs(tries: number): number {
  return Math.min(longestDelayMs, 500 * 2 ** Math.max(0, tries - 1));
}

type Verdict = { kind: 'again'; delayMs: number; problem: string } | { kind: 'stop'; problem: string };

/** What to do after a failure: `github/failure.ts` says what it means, this says how long to wait. */
function judgeFailure(error: unknown, tries: number): Verdict {
  if (isDatabaseFailure(error))
    return { kind: 'again', delayMs: backoffMs(tries), problem: 'the database failed' };
  const failure = classifyFailure(error);
  const problem =
    'message' in failure
      ? failure.message
      : redactSecrets(error instanceof Error ? error.message : String(error));
  const again = (most: number): Verdict =>
    tries < most ? { kind: 'again', delayMs: backoffMs(tries), problem } : { kind: 'stop', problem };
  switch (failure.kind) {
    case 'rate-limited':
      return { kind: 'again', delayMs: Math.max(1_000, failure.retryAt.getTime() - Date.now()), problem };
    case 'unclear':
    case 'transient':
    case 'conflict':
      return again(maxTries);
    case 'gone':
      // What was written a moment ago may not be readable yet (F10, F11).
      return again(maxLagTries);
    case 'refused':
      return again(failure.status === 422 ? maxLagTries : 0);
    default:
      return failure satisfies never;
  }
}
/** What a look is about may be closed already; it is read all the same. */
function namedBy({ kind, subject }: DueLook): Named {
  const number = Number(subject);
  if (kind === 'issue') return { issues: [number] };
  return kind === 'pull' ? { pulls: [number] } : {};
}

/** A pull request that has just become a task's is read as such; no further event would tell of it. */
function looksAfter(facts: readonly Fact[]): Look[] {
  return facts.flatMap((fact): Look[] =>
    fact.kind === 'pull-adopted' ? [{ kind: 'pull', subject: String(fact.pull) }] : [],
  );
}

async function takeLook(ctx: LaneContext, look: DueLook): Promise<void> {
  try {
    const { state } = await loadForReading(ctx.db, ctx.key, namedBy(look));
    const { sightings, more, isSettled } = await observe(ctx, look, state);
    const advanced = sightings.length > 0 ? await advance(ctx.db, ctx.key, sightings) : null;
    await requestLooks(ctx.db, ctx.key, [...more, ...looksAfter(advanced?.facts ?? [])]);
    const isNews = (advanced?.facts.length ?? 0) > 0;
    if ((isSettled ?? isNews) || look.again === 0) await finishLook(ctx.db, ctx.key, look);
    else await repeatLook(ctx.db, ctx.key, look, look.again > 1 ? soonMs : laterMs);
  } catch (error) {
    const verdict = judgeFailure(error, look.tries + 1);
    ctx.log.warn({ look, problem: verdict.problem, again: verdict.kind === 'again' }, 'a look failed');
    // A look given up is asked for again by the next event or sweep; nothing rests on it alone.
    if (verdict.kind === 'stop') await finishLook(ctx.db, ctx.key, look);
    else await postponeLook(ctx.db, ctx.key, look, verdict.delayMs, verdict.problem);
  }
}

/** The issue that an effect is about, where it is about one. */
function issueOfEffect({ effect }: LeasedEffect): number | null {
  if ('issue' in effect) return effect.issue;
  if (effect.kind === 'notify' || effect.kind === 'reply') return issueOf(effect.fact);
  return null;
}

async function doEffect(ctx: LaneContext, held: LeasedEffect): Promise<void> {
  const { effect } = held;
  const issue = issueOfEffect(held);
  const about = {
    effect: effect.kind,
    issue,
    correlationId: await readCorrelationId(ctx.db, ctx.key, issue),
  };
  try {
    const looks = await traced(`effect ${effect.kind}`, about, () => carryOut(ctx, held));
    await requestLooks(ctx.db, ctx.key, looks);
    ctx.log.info(about, 'an effect is done');
  } catch (error) {
    const verdict = judgeFailure(error, held.tries);
    const { problem } = verdict;
    ctx.log.warn({ ...about, problem, again: verdict.kind === 'again' }, 'an effect failed');
    if (verdict.kind === 'again') await postponeEffect(ctx.db, held, verdict.delayMs, verdict.problem);
    else await refuseEffect(ctx, held, verdict.problem);
  }
}

/** Each step starts by renewing the run; a process that has lost it to another leaves the rest to that one. */
async function stillRuns(ctx: LaneContext): Promise<boolean> {
  await giveWay(ctx);
  return holdLane(ctx.db, ctx.key, ctx.instance);
}

/**
 * Asks for a look at each candidate whose time is up: its CI may have ended while nobody listened, and is not said to
 * be late before it was asked once more. Answers with their commits.
 */
async function lookAtOverdue(ctx: LaneContext): Promise<ReadonlySet<string>> {
  const at = await readClock(ctx.db);
  if (ctx.lane.wake_at === null || ctx.lane.wake_at.getTime() > Date.parse(at)) return new Set();
  const { state } = await loadForReading(ctx.db, ctx.key);
  const commits = overdueCommits(state, at);
  await requestLooks(
    ctx.db,
    ctx.key,
    commits.map((sha) => ({ kind: 'checks', subject: sha })),
  );
  return new Set(commits);
}

async function takeDueLooks(ctx: LaneContext, overdue: ReadonlySet<string>): Promise<boolean> {
  const looks = await dueLooks(ctx.db, ctx.key, looksAtOnce);
  for (const look of looks) {
    if (!(await stillRuns(ctx))) return false;
    await takeLook(await laneContext(ctx, ctx.key), look);
  }
  // Nothing starts while issues are unread, nor is late while its checks are; now that they are read, it may be.
  if (looks.some(({ kind, subject }) => kind === 'issue' || overdue.has(subject)))
    await advance(ctx.db, ctx.key, []);
  return looks.length > 0;
}

async function doDueEffects(ctx: LaneContext): Promise<boolean> {
  for (let count = 0; count < effectsAtOnce; count++) {
    if (!(await stillRuns(ctx))) return false;
    const held = await claimEffect(ctx.db, ctx.key, ctx.instance);
    if (!held) return count > 0;
    await doEffect(ctx, held);
  }
  return true;
}

async function publish(ctx: LaneContext): Promise<boolean> {
  if (!(await stillRuns(ctx))) return false;
  try {
    return await publishDue(ctx);
  } catch (error) {
    const { problem } = judgeFailure(error, 1);
    ctx.log.warn({ problem }, 'publishing failed; it is tried again with the next tick');
    return false;
  }
}

async function runRounds(ctx: LaneContext): Promise<void> {
  const overdue = await lookAtOverdue(ctx);
  if (ctx.lane.wake_at !== null) {
    await republishWaiting(ctx.db, ctx.key);
    await advance(ctx.db, ctx.key, []);
  } else if ((await takenAttempts(ctx.db, ctx.key)).length > 0) {
    await advance(ctx.db, ctx.key, []);
  }
  for (let round = 0; round < maxRounds; round++) {
    const looked = await takeDueLooks(ctx, overdue);
    const acted = await doDueEffects(ctx);
    const published = await publish(await laneContext(ctx, ctx.key));
    const revoked = await revokeHandedTokens(ctx);
    if (!looked && !acted && !published && !revoked) return;
  }
}

/** Lanes that this process runs now, and whether something came up that the run may have missed. */
const running = new Map<string, { again: boolean }>();

/**
 * Does everything that is due in the lane, and whatever that leads to. One process runs a lane at a time; a second
 * call here makes the first go round once more. Leases, tickets and fences keep it safe even where that fails.
 */
export async function runLane(engine: EngineContext, key: LaneKey): Promise<void> {
  const name = `${engine.instance}/${key.installationId}/${key.laneId}`;
  const mine = running.get(name);
  if (mine) {
    mine.again = true;
    return;
  }
  const run = { again: true };
  running.set(name, run);
  try {
    while (run.again) {
      run.again = false;
      const ctx = await laneContext(engine, key);
      if (ctx.lane.paused !== null || !(await stillRuns(ctx))) return;
      await runRounds(ctx);
    }
    await releaseLane(engine.db, key, engine.instance);
  } finally {
    running.delete(name);
  }
}
