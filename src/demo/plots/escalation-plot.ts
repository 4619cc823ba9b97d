/**
 * The story of the escalation: the agent finds that the issue can be read in two ways, and asks. The maintainer picks
 * an option, and the next attempt does what was picked.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportQuestion } from '../agents/export-script.ts';
import type { Lane } from '../lane.ts';
import { commentsBy, reviewPulls, say } from '../people.ts';
import { demoPolicy } from '../stage.ts';
import { checkOutMain, proveLandings } from './landed-main.ts';
import { form, must, type Plot, rowOf, type Scene } from './plot.ts';

const request = {
  requirements: '`tasks export` prints the tasks as JSON.',
  design: 'One more entry in the dispatch table of `src/cli.js`.',
  acceptance: ['What is printed is JSON', 'The test suite is green'],
  owns: ['src/cli.js', 'test/export.test.js'],
  dependsOn: [],
};

const [picked] = exportQuestion.options;
const answering = `answer the question in the human queue with option A: ${picked}`;

async function direct(scene: Scene, lane: Lane): Promise<void> {
  const { numbers, maintainer, approved, once } = scene;
  // The maintainer looks at the human queue, and nowhere else.
  const asked = lane.escalations.find((each) => each.issue === numbers.export);
  if (asked) {
    await once(answering, async () => {
      must(
        asked.trigger === exportQuestion.trigger && asked.context === exportQuestion.context,
        'human queue',
        `it asks "${asked.trigger}: ${asked.context}"`,
      );
      must(asked.options.join() === exportQuestion.options.join(), 'human queue', 'the options are missing');
      await say(maintainer, asked.issue, '/resume A');
    });
  }
  await reviewPulls(maintainer, approved);
}

async function proveNotice({ maintainer, stage }: Scene, issue: number, pull: number): Promise<void> {
  const comments = await Promise.all(
    [issue, pull].map((number) => commentsBy(maintainer, number, stage.app.botLogin)),
  );
  const notices = comments.flat().filter((body) => body.includes('### A person is needed'));
  must(notices.length === 1, 'escalation', `${notices.length} notices instead of 1`);
  for (const [index, option] of exportQuestion.options.entries()) {
    const line = `${'AB'[index]}: ${option}`;
    must(notices[0]?.includes(line) === true, 'escalation', `the notice does not offer "${line}"`);
  }
}

export const escalationPlot: Plot = {
  name: 'escalation',
  about: 'an agent that asks before it works, and does what it was told',
  policy: demoPolicy({}),
  issues: [{ key: 'export', title: 'Add an export command', body: () => form(request) }],
  maySee: ['escalated'],
  direct,
  prove: async (scene, lane, dir) => {
    const row = rowOf(lane, scene.numbers, 'export');
    proveLandings(lane);
    must(scene.did(answering), 'human queue', 'nobody was asked');
    must(lane.escalations.length === 0, 'human queue', 'it is not empty at the end');
    must(row.attempts === 2, 'resume', `${row.attempts} attempts instead of 2`);
    must(lane.landings.length === 1, 'land once', `${lane.landings.length} landings instead of 1`);
    await proveNotice(scene, row.issue, row.pull ?? 0);
    const { sha, tree, tasks } = await checkOutMain(scene.stage, lane, dir);
    const pending = { text: 'water the plants', done: false };
    const kept = JSON.stringify([{ text: 'sow', done: true }, pending]);
    await writeFile(join(dir, 'proof-tasks.json'), kept);
    const printed = (await tasks('export')).trim();
    must(printed === JSON.stringify([pending]), 'guidance', `main prints ${printed}, not what was picked`);
    return { sha, tree };
  },
};
