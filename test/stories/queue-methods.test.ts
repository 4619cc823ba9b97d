/** Landing without merge commits: GitHub shows the pull requests as merged, and the tree is the tested one. */
import { expect, test } from 'vitest';
import { form, startWorld, type World } from './world.ts';

async function bringToReview(world: World, name: string, files: Record<string, string>) {
  const issue = await world.request('mary', name, form({ owns: Object.keys(files) }));
  const row = await world.until(issue, (each) => each.pull !== null && each.branch !== null, 'has a PR');
  const pull = row.pull ?? 0;
  const branch = row.branch ?? '';
  for (const [path, text] of Object.entries(files))
    await world.push(branch, `${name}: ${path}`, { [path]: text });
  const { data } = await world.as.walt.pulls.get({ ...world.repo, pull_number: pull });
  await world.as.walt.graphql(
    'mutation ($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) { clientMutationId } }',
    { id: data.node_id },
  );
  await world.until(issue, (each) => each.state === 'in-review', 'is in review');
  return { issue, pull };
}

test.each([
  { method: 'squash', commits: 2, message: 'Landed {title} of #{issue}' },
  { method: 'rebase', commits: 4, message: null },
])(
  '$method: one line of commits with trailers, in the names of their authors',
  { timeout: 120_000 },
  async ({ method, commits, message }) => {
    const template = message === null ? '' : `, message: '${message}'`;
    const world = await startWorld({
      policy: `schedule: { grace: 0ms }\nqueue: { method: ${method}${template} }\n`,
    });
    try {
      const before = await world.tipOf('main');
      const works = [
        await bringToReview(world, 'First', {
          'src/a.js': 'export const a = 1;\n',
          'src/b.js': 'export const b = 1;\n',
        }),
        await bringToReview(world, 'Second', {
          'src/c.js': 'export const c = 1;\n',
          'src/d.js': 'export const d = 1;\n',
        }),
      ];
      for (const { pull } of works) await world.say('mary', pull, '/approve');
      for (const { issue } of works)
        await world.until(issue, (row) => row.state === 'completed', 'has landed');

      const { data } = await world.as.mary.repos.compareCommits({
        ...world.repo,
        base: before,
        head: await world.tipOf('main'),
      });
      expect(data.commits.map(({ parents }) => parents.length)).toEqual(
        Array.from({ length: commits }, () => 1),
      );
      for (const { commit } of data.commits) {
        expect(commit.message).toMatch(/\nTask: .*\nTask-Version: 1\nCorrelation-Id: /);
        expect(commit.author?.name).toBe('Walt');
        expect(commit.committer?.name).toBe(world.botLogin);
      }
      // Without common files the two may land in either order.
      if (message !== null)
        expect(data.commits.map(({ commit }) => commit.message.split('\n', 1)[0])).toContain(
          `Landed First of #${works[0]?.issue}`,
        );
      for (const { pull } of works) {
        expect((await world.as.mary.pulls.get({ ...world.repo, pull_number: pull })).data.merged).toBe(true);
      }
      for (const landing of (await world.view()).landings) expect(landing.tree).toBe(landing.testedTree);
      await world.proveReplay();
    } finally {
      await world.close();
    }
  },
);
