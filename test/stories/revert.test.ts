/** Taking back what has landed: a PR of its own, through the queue like any other. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.proveReplay();
  await world.close();
});

async function land(branch: string, files: Record<string, string>): Promise<number> {
  const sha = await world.tipOf('main');
  await world.as.walt.git.createRef({ ...world.repo, ref: `refs/heads/${branch}`, sha });
  await world.push(branch, `Work on ${branch}`, files);
  const wanted = { title: `From ${branch}`, head: branch, base: 'main' };
  const { data } = await world.as.walt.pulls.create({ ...world.repo, ...wanted });
  await world.say('mary', data.number, '/approve');
  await world.until(data.number, (row) => row.state === 'completed', 'has landed');
  return data.number;
}

const answered = (under: number, words: string) =>
  world.eventually(
    async () => (await world.ours(under)).find(({ body }) => body.includes(words)),
    `#${under} says: ${words}`,
  );

const contentOf = async (path: string): Promise<string | null> => {
  try {
    const { data } = await world.as.mary.repos.getContent({ ...world.repo, path, ref: 'main' });
    return 'content' in data ? Buffer.from(data.content, 'base64').toString() : null;
  } catch {
    return null;
  }
};

test('/revert opens and lands a PR that takes a landed one back, and names what came later', async () => {
  const first = await land('first', {
    'src/first.js': 'export const first = 1;\n',
    'src/one.js': 'export const one = 11;\n',
  });
  const beside = await land('beside', { 'src/beside.js': 'export const beside = 1;\n' });
  const onTop = await land('on-top', { 'src/first.js': 'export const first = 1;\nexport const more = 2;\n' });

  await world.say('rita', first, `/revert #${first}`);
  await answered(first, 'write access');
  await world.say('walt', first, '/revert #4711');
  await answered(first, 'has not landed');

  await world.say('walt', first, `/revert #${first}`);
  const failed = await answered(first, 'could not be taken back');
  expect(failed.body).toContain(`#${onTop}`);
  expect(failed.body).toContain('Nothing was changed');

  await world.say('walt', beside, `/revert #${onTop}`);
  const told = await answered(beside, `takes back #${onTop}`);
  const revert = Number(/### #(\d+) takes back/u.exec(told.body)?.[1]);
  await world.until(revert, (row) => row.state === 'completed', 'has landed');
  expect(await contentOf('src/first.js')).toBe('export const first = 1;\n');

  await world.say('walt', first, `/revert #${first}`);
  const second = await world.eventually(async () => {
    const { plan } = await world.view();
    return plan.find(({ title }) => title.includes('From first'))?.issue === first
      ? plan.find(({ title }) => title.startsWith('Revert "From first"'))
      : null;
  }, 'the second revert');
  await world.until(second.issue, (row) => row.state === 'completed', 'has landed');
  expect(await contentOf('src/first.js')).toBeNull();
  expect(await contentOf('src/one.js')).toBe('export const one = 1;\n');
  expect(await contentOf('src/beside.js')).toBe('export const beside = 1;\n');
  const { data } = await world.as.mary.pulls.get({ ...world.repo, pull_number: second.issue });
  expect(data).toMatchObject({ merged: true, user: { login: world.botLogin } });
  expect(data.body).toContain(`#${onTop}`);
  for (const landing of (await world.view()).landings) expect(landing.tree).toBe(landing.testedTree);
  const { data: refs } = await world.as.mary.git.listMatchingRefs({
    ...world.repo,
    ref: 'heads/signalbox/prepare',
  });
  expect(refs).toEqual([]);
});
