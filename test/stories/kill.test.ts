/**
 * The App is killed (`kill -9`, and its Postgres with it) at twenty different moments of the demo, each time right
 * before or right after one of its writes took place on GitHub, and started again. The story must come out the same.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mainPlot } from '../../src/demo/plots/main-plot.ts';
import { openTheatre, type Theatre } from '../../src/demo/story.ts';

/** Which writes of the App, counted from its first, end with its death; `before` the effect or `after` it. */
const rounds: { phase: 'before' | 'after'; writes: number[] }[] = [
  { phase: 'after', writes: [1, 8, 14, 21, 29, 37, 52, 70, 96, 118] },
  { phase: 'before', writes: [3, 11, 18, 25, 33, 44, 61, 82, 103, 124] },
];

async function openKilledTheatre({
  phase: moment,
  writes: moments,
}: (typeof rounds)[number]): Promise<{ theatre: Theatre; died: number[]; close: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'signalbox-kill-'));
  await chmod(dir, 0o755);
  const died: number[] = [];
  let writes = 0;
  const theatre = await openTheatre({
    dir,
    plot: mainPlot,
    path: process.env.PATH ?? '',
    paceMs: 0,
    sweepSeconds: 5,
    agentCommand: null,
    loseWebhooks: false,
    duplicateWebhooks: false,
    patienceMs: 150_000,
    onLane: () => {},
    onStep: () => {},
    beforeStart: (stage, cast) => {
      stage.sandbox.faults.request = async ({ write, phase, path }) => {
        // Tokens are asked for all the time and change nothing that could be done twice.
        if (!write || path.endsWith('/access_tokens')) return undefined;
        if (phase === 'before') writes += 1;
        const count = writes;
        if (phase !== moment || !moments.includes(count)) return undefined;
        if (died.includes(count)) return undefined;
        died.push(count);
        await cast.app.kill();
        cast.app.start();
        return { when: phase, answer: 'disconnect' };
      };
    },
  });
  const close = async (): Promise<void> => {
    await theatre.close();
    await rm(dir, { recursive: true, force: true });
  };
  return { theatre, died, close };
}

describe('Q22: killing Signalbox at any moment and starting it again', () => {
  it.concurrent.each(rounds)(
    'ends in the same result when it dies right $phase its writes $writes',
    async (round) => {
      const { theatre, died, close } = await openKilledTheatre(round);
      try {
        const story = await theatre.play();
        expect(died).toEqual(round.writes);
        expect(story.lane.landings).toHaveLength(4);
        expect(story.lane.plan.map((row) => row.state)).toEqual([
          'completed',
          'completed',
          'completed',
          'completed',
        ]);
      } finally {
        await close();
      }
    },
    180_000,
  );
});
