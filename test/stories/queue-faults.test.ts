/** Scenarios of the acceptance suite about lost webhooks and failing requests, by their numbers. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { listFacts } from './journal-facts.ts';
import { form, startWorld, type World } from './world.ts';

/** CI holds its verdicts back until it is let go. */
function openCi() {
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  return {
    verdict: async () => {
      await gate.promise;
      return 'success' as const;
    },
    hold: () => {
      gate = Promise.withResolvers<void>();
    },
    letGo: () => gate.resolve(),
  };
}

const ci = openCi();
let world: World;

async function start(queue: string, sweepMs: number): Promise<void> {
  world = await startWorld({
    policy: `schedule: { grace: 0ms, mode: branches }\nlimits: { in_review: 20 }\n${queue}`,
    draftsAllowed: false,
    ci: { verdict: ci.verdict },
    sweepMs,
  });
}

afterEach(() => {
  ci.letGo();
  world.sandbox.faults.delivery = () => 'deliver';
  world.sandbox.faults.request = () => undefined;
});

interface Work {
  issue: number;
  pull: number;
}

/** A pull request that waits for nothing but an approval. */
async function bringToReview(name: string): Promise<Work> {
  const issue = await world.request('mary', name, form({ owns: [`src/${name}.js`] }));
  const row = await world.until(issue, ({ pull, branch }) => pull !== null && branch !== null, 'has a PR');
  await world.push(row.branch ?? '', name, { [`src/${name}.js`]: `export const ${name} = 1;\n` });
  await world.until(
    issue,
    ({ state, waitsOn }) => state === 'in-review' && waitsOn.every(({ kind }) => kind === 'approval'),
    'waits for an approval',
  );
  return { issue, pull: row.pull ?? 0 };
}

async function approveAndLand({ issue, pull }: Work): Promise<void> {
  await world.say('mary', pull, '/approve');
  await world.until(issue, ({ state }) => state === 'completed', 'has landed');
}

/** What happened to a task's entry and to the builds it was part of. */
async function historyOf({ issue }: Work) {
  const facts = await listFacts(world);
  const builds = facts.flatMap((fact) =>
    fact.kind === 'build-started' && fact.entries.some((entry) => entry.issue === issue) ? [fact.build] : [],
  );
  const landings = facts.filter(
    (fact) => fact.kind === 'landed' && fact.landing.entries.some((entry) => entry.issue === issue),
  );
  const ejections = facts.filter((fact) => fact.kind === 'entry-ejected' && fact.issue === issue);
  const interrupted = facts.filter(
    (fact) => fact.kind === 'build-interrupted' && builds.includes(fact.build),
  );
  return { builds, landings, ejections, interrupted };
}

async function expectOneLanding(work: Work): Promise<void> {
  const { builds, landings, ejections, interrupted } = await historyOf(work);
  expect({ landings: landings.length, ejections, interrupted }).toEqual({
    landings: 1,
    ejections: [],
    interrupted: [],
  });
  expect(builds, 'CI ran once').toHaveLength(1);
  const { data } = await world.as.mary.repos.listCommits({ ...world.repo, sha: 'main', per_page: 100 });
  expect(data.filter(({ commit }) => commit.message.includes(`#${work.pull}`))).toHaveLength(1);
}

const isCi = (event: string): boolean =>
  ['check_run', 'check_suite', 'status', 'workflow_run'].includes(event);

describe('with a sweep now and then', () => {
  beforeAll(() => start('', 2_500));
  afterAll(() => world.close());

  /** Approved while CI holds back, so that the first look at the candidate finds nothing. */
  async function approveUnderTest(work: Work, lose: (event: string, action: string | null) => boolean) {
    ci.hold();
    world.sandbox.faults.delivery = ({ event, action }) => (lose(event, action) ? 'drop' : 'deliver');
    await world.say('mary', work.pull, '/approve');
    await world.until(work.issue, ({ status }) => status === 'testing', 'is tested');
    await world.rest();
    ci.letGo();
    await world.until(work.issue, ({ state }) => state === 'completed', 'has landed');
  }

  test('Q18: CI is done and its last webhook lost: the candidate is found to have passed', async () => {
    const work = await bringToReview('first');
    await approveUnderTest(work, (event, action) => event === 'check_run' && action === 'completed');
    await expectOneLanding(work);
  });

  test('Q19: all webhooks of CI are lost: its runs are found, and the candidate has passed', async () => {
    const work = await bringToReview('second');
    await approveUnderTest(work, isCi);
    await expectOneLanding(work);
  });

  /** The first request of this kind fails, before its effect or after it. */
  function failOnce(is: (path: string, method: string) => boolean, when: 'before' | 'after'): () => number {
    let failed = 0;
    world.sandbox.faults.request = ({ path, method, write, phase }) => {
      if (!write || !is(path, method) || phase !== when || failed > 0) return undefined;
      failed += 1;
      return { when, answer: when === 'before' ? 502 : 500 };
    };
    return () => failed;
  }

  const movesBase = (path: string) => path.endsWith('/graphql');

  test('Q28: moving the base is answered with 500 and has happened: found as landed, once', async () => {
    const work = await bringToReview('third');
    const failed = failOnce(movesBase, 'after');
    await approveAndLand(work);
    expect(failed()).toBe(1);
    await expectOneLanding(work);
  });

  test('Q29: moving the base fails for a moment: it lands a little later, without another run of CI', async () => {
    const work = await bringToReview('fourth');
    const failed = failOnce(movesBase, 'before');
    await approveAndLand(work);
    expect(failed()).toBe(1);
    await expectOneLanding(work);
  });

  test('Q32: whether it can be merged is not to be had for a moment: it waits, and nobody is sent away', async () => {
    const work = await bringToReview('fifth');
    const failed = failOnce((path) => path.endsWith('/merges'), 'before');
    await approveAndLand(work);
    expect(failed()).toBe(1);
    await expectOneLanding(work);
  });

  test('and the journal tells it all', () => world.proveReplay());
});

describe('without one and with one build at a time', () => {
  beforeAll(() => start('queue: { policy: serial }\n', 600_000));
  afterAll(() => world.close());

  const isOfPull = (event: string): boolean => event === 'pull_request' || event === 'push';
  const reasons = async (kind: string) =>
    (await listFacts(world)).flatMap((fact) =>
      fact.kind === kind && 'reason' in fact && fact.reason !== undefined ? [fact.reason] : [],
    );

  test('Q16 Q17: a push and a closing that no webhook told of are found before a build and before a landing', async () => {
    const first = await bringToReview('seventh');
    const second = await bringToReview('eighth');
    const third = await bringToReview('ninth');
    ci.hold();
    await world.say('mary', first.pull, '/approve');
    await world.until(first.issue, ({ status }) => status === 'testing', 'is tested');
    for (const { issue, pull } of [second, third]) {
      await world.say('mary', pull, '/approve');
      await world.until(issue, ({ status }) => status === 'queued', 'is queued');
    }
    await world.rest();
    world.sandbox.faults.delivery = ({ event }) => (isOfPull(event) ? 'drop' : 'deliver');
    const branchOf = async ({ issue }: Work) =>
      (await world.until(issue, () => true, 'is there')).branch ?? '';
    const base = await world.tipOf('main');
    await world.push(await branchOf(first), 'More', { 'src/seventh.js': 'export const seventh = 7;\n' });
    await world.push(await branchOf(second), 'More', { 'src/eighth.js': 'export const eighth = 8;\n' });
    await world.as.mary.pulls.update({ ...world.repo, pull_number: third.pull, state: 'closed' });
    ci.letGo();
    await world.until(first.issue, ({ state }) => state === 'in-review', 'is not approved any more');
    await world.until(second.issue, ({ state }) => state === 'in-review', 'is not approved any more');
    await world.until(third.issue, ({ state }) => state === 'escalated', 'asks a person');
    expect(await world.tipOf('main')).toBe(base);
    expect(await reasons('landing-missed')).toEqual([`#${first.pull} is not as approved any more`]);
    expect(await reasons('build-abandoned')).toEqual([
      `#${second.pull} is not as approved any more`,
      `#${third.pull} is not as approved any more`,
    ]);
    expect((await reasons('approval-voided')).length).toBe(2);
  });
});

describe('without one', () => {
  beforeAll(() => start('queue: { check_timeout: 4s }\n', 600_000));
  afterAll(() => world.close());

  test('Q20: CI has passed while nobody heard of it: when its time is up it is asked, and the candidate lands', async () => {
    const work = await bringToReview('sixth');
    ci.hold();
    world.sandbox.faults.delivery = ({ event }) => (isCi(event) ? 'drop' : 'deliver');
    await world.say('mary', work.pull, '/approve');
    await world.until(work.issue, ({ status }) => status === 'testing', 'is tested');
    await world.rest();
    ci.letGo();
    await world.until(work.issue, ({ state }) => state === 'completed', 'has landed');
    await expectOneLanding(work);
  });
});
