/** `signalbox demo`: the whole way, once, on real parts, in one process tree. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoryFailed } from './plots/plot.ts';
import { type PlotName, plots } from './plots/plots.ts';
import { openProgress } from './progress.ts';
import { repository } from './stage.ts';
import { openTheatre, type Theatre } from './story.ts';
import { renderPlan, summarise } from './summary.ts';

export interface DemoOptions {
  /** End when the story is over instead of staying up. */
  exit: boolean;
  /** Print one summary object instead of the table. */
  json: boolean;
  story: PlotName;
  speed: 'fast' | 'slow';
  loseWebhooks: boolean;
  duplicateWebhooks: boolean;
  /** A shell command to run as the agents; null plays the scripts. */
  agentCommand: string | null;
  /** Where git and the agents' programs are found. */
  path: string;
}

const patienceMs = { fast: 180_000, slow: 600_000 };
/** Long enough for a real agent to think. */
const agentPatienceMs = 3_600_000;

function printUrls(theatre: Theatre, print: (text: string) => void): void {
  const { owner, name } = repository;
  const github = `${theatre.stage.sandbox.url}/${owner}/${name}`;
  print(
    [
      '',
      'Everything stays up; look around, and stop it with Ctrl-C:',
      `  dashboard        ${theatre.cast.url}/lanes/${owner}/${name}/main`,
      `  issues           ${github}/issues`,
      `  pull requests    ${github}/pulls`,
      `  commit graph     ${github}/commits/main`,
      `  clone            git clone ${github}.git   (user x-access-token, password ${theatre.stage.maintainer.token})`,
      '',
    ].join('\n'),
  );
}

async function playOnce(
  theatre: Theatre,
  options: DemoOptions,
  untilAsked: Promise<unknown>,
): Promise<number> {
  // With --json, standard output carries the summary and nothing else.
  const print = (text: string): void => {
    (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  const asked = untilAsked.then(() => null);
  const story = await Promise.race([theatre.play(), asked]);
  if (story === null) {
    print('Stopped before the story was over.');
    return 1;
  }
  if (options.json) process.stdout.write(`${JSON.stringify(summarise(story), null, 2)}\n`);
  else
    print(
      `\n${renderPlan(story, process.stdout.columns ?? Number.POSITIVE_INFINITY)}\n\nmain is ${story.main.sha.slice(0, 9)}: its tests are green, and its commands work.`,
    );
  if (!options.exit) {
    printUrls(theatre, print);
    await asked;
  }
  return 0;
}

/**
 * Plays the demo.
 * @param untilAsked resolves when the user wants to end it
 * @returns the exit code: 0 when the story came out as it must
 */
export async function runDemo(options: DemoOptions, untilAsked: Promise<unknown>): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'signalbox-demo-'));
  // Postgres does not run as root; whoever it runs as must reach the folder.
  await chmod(dir, 0o755);
  const output = options.json ? process.stderr : process.stdout;
  const progress = openProgress((text) => output.write(text), output.isTTY === true, output.columns ?? 120);
  let theatre: Theatre | null = null;
  let failed = true;
  try {
    progress.step('build the stage: a sandbox GitHub on real git, a CI that runs the tests');
    theatre = await openTheatre({
      dir,
      plot: plots[options.story],
      path: options.path,
      paceMs: options.speed === 'slow' ? 4_000 : 0,
      sweepSeconds: options.loseWebhooks ? 1 : 30,
      agentCommand: options.agentCommand,
      loseWebhooks: options.loseWebhooks,
      duplicateWebhooks: options.duplicateWebhooks,
      patienceMs: options.agentCommand ? agentPatienceMs : patienceMs[options.speed],
      onLane: (lane) => progress.lane(lane),
      onStep: (step) => progress.step(step),
    });
    const code = await playOnce(theatre, options, untilAsked);
    progress.end();
    failed = false;
    return code;
  } catch (error) {
    progress.end();
    const step = error instanceof StoryFailed ? error.step : null;
    const message = error instanceof Error ? error.message : String(error);
    if (options.json) process.stdout.write(`${JSON.stringify({ failed: { step, message } }, null, 2)}\n`);
    const where = error instanceof StoryFailed ? `The demo failed at "${error.step}"` : 'The demo failed';
    process.stderr.write(`\n${where}: ${message}\n`);
    process.stderr.write(`What everybody logged is in ${join(dir, 'logs')}\n`);
    return 1;
  } finally {
    await theatre?.close();
    if (!failed) await rm(dir, { recursive: true, force: true });
  }
}
