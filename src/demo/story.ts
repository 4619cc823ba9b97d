/** Plays the story once, from an empty stage to its proof. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Cast, type CastOptions, hireCast } from './cast.ts';
import { type Lane, readLane } from './lane.ts';
import { type IssueNumbers, openIssues } from './people.ts';
import { type Plot, type Scene, StoryFailed } from './plots/plot.ts';
import { openRest } from './rest.ts';
import { buildStage, type Stage } from './stage.ts';

export interface StoryOptions extends CastOptions {
  plot: Plot;
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

/** A task that needs a person ends the story, unless the plot has one who answers. */
function stuckTask(lane: Lane | null, { maySee }: Plot): string | null {
  const states = ['escalated', 'failed', 'cancelled'] as const;
  const bad = new Set<string>(states.filter((state) => !maySee.includes(state)));
  const stuck = lane?.plan.find((row) => bad.has(row.state));
  return stuck
    ? `#${stuck.issue} is ${stuck.state}: ${stuck.waitsOn[0]?.what ?? 'no reason was given'}`
    : null;
}

async function untilOver(scene: Scene, options: StoryOptions): Promise<Lane> {
  const { cast, numbers } = scene;
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
    const stuck = stuckTask(last, options.plot);
    if (stuck) throw new StoryFailed('land all', stuck);
    if (isOver(last, numbers)) return last;
    if (last) await options.plot.direct(scene, last);
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

/** The people of the plot, each of whom does a thing once. */
function openScene(stage: Stage, cast: Cast, numbers: IssueNumbers, onStep: (step: string) => void): Scene {
  const done = new Set<string>();
  return {
    stage,
    cast,
    numbers,
    maintainer: openRest(stage.sandbox.url, stage.maintainer.token),
    visitor: openRest(stage.sandbox.url, stage.visitor.token),
    approved: new Set(),
    once: async (says, act) => {
      if (done.has(says)) return;
      done.add(says);
      onStep(says);
      await act();
    },
    did: (says) => done.has(says),
  };
}

/** Builds everything; `play` starts it. */
export async function openTheatre(options: StoryOptions): Promise<Theatre> {
  const { plot } = options;
  const stage = await buildStage(options.dir, options.paceMs, plot.policy);
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
      const count = plot.issues.length;
      options.onStep(
        `open ${count} issue${count === 1 ? '' : 's'} and label ${count === 1 ? 'it' : 'them'} agent-ready`,
      );
      const numbers = await openIssues(stage, plot.issues);
      options.onStep('watch the agents work, approve what is ready, and see it land');
      const scene = openScene(stage, cast, numbers, options.onStep);
      await untilOver(scene, options);
      await untilSettled(stage, options.patienceMs);
      options.onStep('prove what landed');
      const lane = await readLane(cast.url);
      if (!lane) throw new StoryFailed('prove what landed', 'Signalbox does not answer');
      const main = await plot.prove(scene, lane, options.dir);
      return { lane, numbers, main, durationMs: Date.now() - started };
    },
    close: async () => {
      await Promise.all([cast.app, ...cast.workers].map((program) => program.stop()));
      await stage.close();
    },
  };
}
