/** How much people are written to: nobody is notified of what they need not know. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { form, startWorld, type World } from './world.ts';

let world: World;
const edits: string[] = [];

beforeAll(async () => {
  world = await startWorld({ draftsAllowed: false });
  world.sandbox.faults.request = ({ method, path, phase }) => {
    if (phase === 'before' && method === 'PATCH' && path.includes('/comments/')) edits.push(path);
    return undefined;
  };
});
afterAll(() => world.close());

test('an undisturbed life makes at most three comments, and looking again makes no edits', async () => {
  const issue = await world.request('mary', 'A quiet life', form({ owns: ['docs/quiet.md'] }));
  const { pull, branch } = await world.until(issue, (row) => row.pull !== null, 'has a PR');
  const head = await world.push(branch ?? '', 'Quiet', { 'docs/quiet.md': 'quiet\n' });
  const isGreen = async () =>
    (await world.checkOf(head, 'ci'))?.conclusion === 'success' &&
    (await world.ours(pull ?? 0)).some(({ body }) => body.includes('| holds | success |'));
  await world.eventually(isGreen, 'CI has passed, and the comment says so');
  await world.rest();

  const before = edits.length;
  await world.as.mary.issues.addLabels({ ...world.repo, issue_number: issue, labels: ['question'] });
  const asked = await world.say('rita', pull ?? 0, '/status');
  const answered = async () => (await world.ours(pull ?? 0)).some(({ id }) => id > asked);
  await world.eventually(answered, 'an answer, after which the label has been looked at');
  await world.rest();
  expect(edits.slice(before)).toEqual([]);

  await world.say('walt', pull ?? 0, '/approve');
  await world.until(issue, (row) => row.state === 'completed', 'is completed');
  const isTold = async () => (await world.ours(pull ?? 0))[0]?.body.includes('### Landed as');
  await world.eventually(isTold, 'the comment says that it has landed');
  await world.sandbox.idle();
  // Besides the answer that somebody asked for.
  const comments = [...(await world.ours(issue)), ...(await world.ours(pull ?? 0))];
  expect(comments.length - 1).toBeLessThanOrEqual(3);
  expect(await world.ours(issue)).toHaveLength(1);
  await world.proveReplay();
});
