/** Plays the story once, from an empty stage to its proof. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Cast, type CastOptions, hireCast } from './cast.ts';
import { type Lane, readLane } from './lane.ts';
import { type IssueNumbers, openIssues, reviewPulls } from './people.ts';
import { proveStory, StoryFailed } from './proof.ts';
import { openRest } from './rest.ts';
import { buildStage, type Stage } from './stage.ts';

export interface StoryOptions extends CastOptions {
  loseWebhooks: boolean;
  duplicateWebhooks: boolean;
  /** The story has failed when it has not ended by then, in milliseconds. */
  patienceMs: number;
  onLane: (lane: Lane, at: number) => void;
  onStep: (step: string) => void;
  /** Called when everything is ready and nothing runs yet: to plant faults. */
  beforeStart?: (stage: Stage, cast: Cast) => void;
}

export interface Story {
  lane: Lane;
  numbers: IssueNumbers;
  main: { sha: string; tree: string };
  durationMs: number;
}

/** Everything that is up while the story plays, and afterwards until it is closed. */
export interface Theatre {
  stage: Stage;
  cast: Cast;
  play(): Promise<Story>;
  close(): Promise<void>;
}

const pollMs = 200;

function isOver(lane: Lane | null, numbers: IssueNumbers): lane is Lane {
  return (
    lane !== null &&
    Object.values(numbers).every((n) => lane.plan.some((row) => row.issue === n && row.state === 'completed'))
  );
}

/** A task that needs a person ends the demo: there is none to answer. */
function stuckTask(lane: Lane | null): string | null {
  const stuck = lane?.plan.find((row) => ['escalated', 'failed', 'cancelled'].includes(row.state));
  return stuck
    ? `#${stuck.issue} is ${stuck.state}: ${stuck.waitsOn[0]?.what ?? 'no reason was given'}`
    : null;
}

async function untilOver(
  stage: Stage,
  cast: Cast,
  numbers: IssueNumbers,
  options: StoryOptions,
): Promise<Lane> {
  const rest = openRest(stage.sandbox.url, stage.maintainer.token);
  const approved = new Set<string>();
  const started = Date.now();
  let last = await readLane(cast.url);
  let crash: string | null = null;
  for (const program of [cast.app, ...cast.workers]) {
    program.onCrash = (code) => {
      crash = `${program.name} ended with ${code}:\n${program.lastLines()}`;
    };
  }
  while (Date.now() - started < options.patienceMs) {
    if (crash !== null) throw new StoryFailed('keep running', crash);
    last = (await readLane(cast.url)) ?? last;
    if (last) options.onLane(last, Date.now());
    const stuck = stuckTask(last);
    if (stuck) throw new StoryFailed('land all', stuck);
    if (isOver(last, numbers)) return last;
    await reviewPulls(rest, numbers, approved);
    await pause(pollMs);
  }
  const waits = last?.plan
    .filter((row) => row.state !== 'completed')
    .map((row) => `#${row.issue} ${row.status}: ${row.waitsOn.map((wait) => wait.what).join('; ')}`)
    .join('\n');
  throw new StoryFailed(
    'land all',
    `not over after ${options.patienceMs / 1000} s\n${waits ?? 'Signalbox never answered'}`,
  );
}

/** Waits until Signalbox answers. */
async function untilUp(cast: Cast, patienceMs: number): Promise<void> {
  const started = Date.now();
  let crash: number | null | undefined;
  cast.app.onCrash = (code) => {
    crash = code;
  };
  while (Date.now() - started < patienceMs) {
    const response = await fetch(`${cast.url}/readyz`).catch(() => null);
    if (response?.ok) return;
    if (crash !== undefined)
      throw new StoryFailed('start Signalbox', `it ended with ${crash}:\n${cast.app.lastLines()}`);
    await pause(pollMs / 2);
  }
  throw new StoryFailed(
    'start Signalbox',
    `no answer after ${patienceMs / 1000} s:\n${cast.app.lastLines()}`,
  );
}

/** Waits until what Signalbox shows on GitHub has caught up: nothing is in flight and nothing changes any more. */
async function untilSettled(stage: Stage, patienceMs: number): Promise<void> {
  const started = Date.now();
  let quiet = 0;
  let before = -1;
  while (quiet < 3 && Date.now() - started < patienceMs) {
    await stage.sandbox.idle();
    const now = stage.sandbox.deliveries().length;
    quiet = now === before ? quiet + 1 : 0;
    before = now;
    await pause(pollMs * 2);
  }
}

/** Builds everything; `play` starts it. */
export async function openTheatre(options: StoryOptions): Promise<Theatre> {
  const stage = await buildStage(options.dir, options.paceMs);
  const cast = await hireCast(stage, options);
  if (options.loseWebhooks) stage.sandbox.faults.delivery = () => 'drop';
  if (options.duplicateWebhooks) stage.sandbox.faults.delivery = () => 'duplicate';
  options.beforeStart?.(stage, cast);
  return {
    stage,
    cast,
    play: async () => {
      const started = Date.now();
      options.onStep('start Signalbox and three workers');
      cast.app.start();
      await untilUp(cast, options.patienceMs);
      for (const worker of cast.workers) worker.start();
      options.onStep('open four issues and label them agent-ready');
      const rest = openRest(stage.sandbox.url, stage.maintainer.token);
      const numbers = await openIssues(rest);
      options.onStep('watch the agents work, approve what is ready, and see it land');
      await untilOver(stage, cast, numbers, options);
      await untilSettled(stage, options.patienceMs);
      options.onStep('prove what landed');
      const lane = await readLane(cast.url);
      if (!lane) throw new StoryFailed('prove what landed', 'Signalbox does not answer');
      const main = await proveStory(stage, lane, numbers, rest, options.dir);
      return { lane, numbers, main, durationMs: Date.now() - started };
    },
    close: async () => {
      await Promise.all([cast.app, ...cast.workers].map((program) => program.stop()));
      await stage.close();
    },
  };
}
