/** What must be true when the main story has ended, each with the step it belongs to. */
import type { Lane } from '../lane.ts';
import type { IssueNumbers } from '../people.ts';
import type { Rest } from '../rest.ts';
import { repository } from '../stage.ts';
import { checkOutMain, type MainAsIs, proveLandings } from './landed-main.ts';
import { must, rowOf, type Scene } from './plot.ts';

const R = `/repos/${repository.owner}/${repository.name}`;

type Row = Lane['plan'][number];

function rowsByKey(lane: Lane, numbers: IssueNumbers): Record<'count' | 'docs' | 'clear' | 'release', Row> {
  const row = (key: string): Row => rowOf(lane, numbers, key);
  return { count: row('count'), docs: row('docs'), clear: row('clear'), release: row('release') };
}

function time(text: string | null): number {
  return text === null ? Number.NaN : Date.parse(text);
}

/** Order: the collision was announced first, the colliding tasks ran one after the other, the release came last. */
function proveOrder(lane: Lane, numbers: IssueNumbers): void {
  const { count, docs, clear, release } = rowsByKey(lane, numbers);
  const collision = lane.collisions.find(({ a, b }) => a === count.issue && b === clear.issue);
  must(collision?.announcedAt != null, 'collision', 'count and clear collide, and nobody said so');
  const announced = time(collision.announcedAt);
  const isFirst = announced <= time(count.startedAt) && announced <= time(clear.startedAt);
  must(isFirst, 'collision', 'an agent had started before it was announced');
  must(time(count.landedAt) <= time(clear.startedAt), 'serialise', 'clear had started before count landed');
  const together = [count, clear].some(
    (other) => time(docs.startedAt) < time(other.landedAt) && time(other.startedAt) < time(docs.landedAt),
  );
  must(together, 'run side by side', 'docs ran beside neither count nor clear');
  const prerequisites = Math.max(time(count.landedAt), time(docs.landedAt));
  must(
    prerequisites <= time(release.startedAt),
    'dependencies',
    'release had started before count and docs landed',
  );
  const last = lane.landings.at(-1);
  must(last?.issues.includes(release.issue) === true, 'dependencies', 'release did not land last');
}

async function provePulls(lane: Lane, rest: Rest, botLogin: string): Promise<void> {
  const branches = await rest.list<{ ref: string }>(`${R}/git/matching-refs/heads/agent/`);
  const pulls = await rest.list<{
    number: number;
    merged_at: string | null;
    head: { ref: string; sha: string };
  }>(`${R}/pulls?state=all`);
  for (const row of lane.plan) {
    const mine = (name: string): boolean => new RegExp(`(^|/)agent/${row.issue}-`).test(name);
    must(
      branches.filter(({ ref }) => mine(ref)).length === 1,
      'one of each',
      `#${row.issue} has not exactly one branch`,
    );
    const opened = pulls.filter(({ head }) => mine(head.ref));
    must(opened.length === 1, 'one of each', `#${row.issue} has ${opened.length} pull requests`);
    const [pull] = opened;
    must(pull?.merged_at != null, 'merge', `the pull request of #${row.issue} is not marked as merged`);
    for (const number of [row.issue, pull.number]) {
      const comments = await rest.list<{ user: { login: string } }>(`${R}/issues/${number}/comments`);
      const ours = comments.filter((comment) => comment.user.login === botLogin);
      must(ours.length === 1, 'one of each', `#${number} has ${ours.length} comments by ${botLogin}`);
    }
    const { check_runs } = await rest.call<{ check_runs: { name: string; conclusion: string | null }[] }>(
      'GET',
      `${R}/commits/${pull.head.sha}/check-runs`,
    );
    for (const name of ['ci', 'signalbox/arbiter']) {
      const isGreen = check_runs.some((each) => each.name === name && each.conclusion === 'success');
      must(isGreen, 'gate', `#${pull.number} was merged without a successful ${name} on its head`);
    }
  }
}

async function proveCommands({ tasks }: MainAsIs): Promise<void> {
  await tasks('add', 'water the plants');
  must(
    (await tasks('list')).includes('water the plants'),
    'four commands',
    'list does not show what was added',
  );
  must((await tasks('count')).includes('1'), 'four commands', 'count does not count it');
  await tasks('clear');
  must(!(await tasks('list')).includes('water the plants'), 'four commands', 'clear did not clear');
}

/** Proves the main story. @throws StoryFailed naming the step */
export async function proveMainStory(
  { stage, numbers, maintainer }: Scene,
  lane: Lane,
  dir: string,
): Promise<{ sha: string; tree: string }> {
  must(lane.plan.length === 4, 'plan', `${lane.plan.length} tasks instead of 4`);
  proveLandings(lane);
  proveOrder(lane, numbers);
  await provePulls(lane, maintainer, stage.app.botLogin);
  const main = await checkOutMain(stage, lane, dir);
  await proveCommands(main);
  return { sha: main.sha, tree: main.tree };
}
