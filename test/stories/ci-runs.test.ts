/** CI that says nothing by check runs: what stands still is named, and what nobody waits for is stopped. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ policy: 'schedule: { grace: 0ms }\ngate: { checks: [ci, lint] }\n' });
});
afterAll(async () => {
  await world.proveReplay();
  await world.close();
});

test('a run that waits for a person is named, and the run of a candidate that is given up is cancelled', async () => {
  const sha = await world.tipOf('main');
  await world.as.walt.git.createRef({ ...world.repo, ref: 'refs/heads/linted', sha });
  const head = await world.push('linted', 'Lint me', { 'src/linted.js': 'export const linted = 1;\n' });
  const wanted = { title: 'Lint me', head: 'linted', base: 'main' };
  const { data } = await world.as.walt.pulls.create({ ...world.repo, ...wanted });
  const pull = data.number;
  await world.say('mary', pull, '/approve');
  await world.until(pull, (row) => row.state === 'approved', 'is approved');

  const { actions } = world.sandbox;
  const push = { repo: 'acme/engine', workflow: 'lint.yml', event: 'push' as const };
  const waiting = await actions.add({ ...push, branch: 'linted', sha: head });
  await actions.finish(waiting, 'action_required');
  const says = async (words: string) =>
    (await world.view()).plan
      .find(({ issue }) => issue === pull)
      ?.waitsOn.find(({ what }) => what.includes(words));
  await world.eventually(
    () => says('lint workflow "lint.yml" waits for a maintainer to approve its run'),
    'the wait names the run',
  );
  const commented = async () =>
    (await world.ours(pull)).some(({ body }) => body.includes('waits for a maintainer to approve its run'));
  await world.eventually(commented, 'so does the comment');

  const lint = { ...world.repo, context: 'lint', state: 'success' as const };
  await world.as.walt.repos.createCommitStatus({ ...lint, sha: head });
  const row = await world.until(pull, ({ status }) => status === 'testing', 'is tested in a candidate');
  expect(row.waitsOn).toHaveLength(1);
  const candidate = await world.eventually(async () => {
    const { data: refs } = await world.as.mary.git.listMatchingRefs({
      ...world.repo,
      ref: 'heads/signalbox/build',
    });
    return refs[0];
  }, 'the candidate has its branch');
  const branch = candidate.ref.replace('refs/heads/', '');
  const run = await actions.add({ ...push, branch, sha: candidate.object.sha });
  await actions.start(run);
  await world.say('mary', pull, '/unapprove');
  await world.eventually(async () => run.conclusion === 'cancelled', 'its run is cancelled');
});

test('checks of a suite that was asked to run anew are no proof until it has', async () => {
  const sha = await world.tipOf('main');
  await world.as.walt.git.createRef({ ...world.repo, ref: 'refs/heads/anew', sha });
  const head = await world.push('anew', 'Run me anew', { 'src/anew.js': 'export const anew = 1;\n' });
  const wanted = { title: 'Run me anew', head: 'anew', base: 'main' };
  const { data } = await world.as.walt.pulls.create({ ...world.repo, ...wanted });
  const ci = await world.eventually(async () => {
    const { data: checks } = await world.as.mary.checks.listForRef({ ...world.repo, ref: head });
    return checks.check_runs.find(({ name, conclusion }) => name === 'ci' && conclusion === 'success');
  }, 'ci has passed');
  await world.as.walt.checks.rerequestSuite({ ...world.repo, check_suite_id: ci.check_suite?.id ?? 0 });
  const lint = { ...world.repo, context: 'lint', state: 'success' as const };
  await world.as.walt.repos.createCommitStatus({ ...lint, sha: head });
  await world.say('mary', data.number, '/approve');
  const waits = async () =>
    (await world.view()).plan
      .find(({ issue }) => issue === data.number)
      ?.waitsOn.some(({ what }) => what.includes('ci CI was asked to run anew, and has not begun'));
  await world.eventually(waits, 'it waits for the new run');
  expect((await world.view()).queue.some(({ pull }) => pull === data.number)).toBe(false);
  await world.as.walt.checks.rerequestRun({ ...world.repo, check_run_id: ci.id });
  await world.until(data.number, ({ status }) => status === 'testing', 'is in the queue after it');
});
