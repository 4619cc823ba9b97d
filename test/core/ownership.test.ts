import { describe, expect, test } from 'vitest';
import { waitsOf } from '../../src/core/lane/plan-view.ts';
import type { Finding } from '../../src/core/lane/pull-state.ts';
import { PolicyFile } from '../../src/core/policy.ts';
import { ownersInAreas, resolveAreas } from '../../src/core/task/areas.ts';
import {
  checks,
  command,
  finishWork,
  issue,
  kinds,
  type LaneDriver,
  openLane,
  openWork,
  policy,
  pull,
  request,
} from './lane-driver.ts';

/** The task's branch gets a new head that changes these paths. */
function push(lane: LaneDriver, number: number, headSha: string, ...paths: string[]) {
  lane.see(pull(lane.task(number), { headSha, draft: false }));
  const changes = paths.map((path) => ({ path, change: 'modified' as const, mode: '100644' }));
  return lane.see({ kind: 'diff', issue: number, headSha, baseSha: 'base-0', changes });
}

/** What stands against the diff because of ownership; other rules have their own tests. */
function aboutOwnership(lane: LaneDriver, number: number): Finding[] {
  const all = lane.task(number).pull?.verdict?.findings ?? [];
  return all.filter(({ rule }) => rule === 'scope' || rule === 'held');
}

function findings(lane: LaneDriver, number: number): [string, string | null][] {
  return aboutOwnership(lane, number).map(({ rule, path }) => [rule, path]);
}

const waits = (lane: LaneDriver, number: number) => waitsOf(lane.snapshot, lane.task(number), lane.at);

/** Two tasks at work that both own the joint, and something of their own. */
function twoWriters(content: object = {}): LaneDriver {
  const lane = openLane();
  lane.see(policy(content));
  request(lane, 1, { spec: { owns: ['package.json', 'src/one.js'] } });
  request(lane, 2, { spec: { owns: ['package.json', 'src/two.js'] } });
  openWork(lane, 1);
  openWork(lane, 2);
  return lane;
}

describe('a shared joint', () => {
  test('keeps nobody from starting, and is no collision', () => {
    const lane = twoWriters();
    expect([lane.task(1).claims, lane.task(2).claims]).toEqual([['src/one.js'], ['src/two.js']]);
    expect(lane.state.collisions).toEqual([]);
  });

  test('is claimed by the first diff that touches it; the next waits and is told for whom', () => {
    const lane = twoWriters();
    expect(kinds(push(lane, 1, 'h1', 'package.json', 'src/one.js'))).toContain('claims-expanded');
    expect(lane.task(1).claims).toEqual(['src/one.js', 'package.json']);
    push(lane, 2, 'h2', 'package.json', 'src/two.js');
    expect(lane.task(2).claims).toEqual(['src/two.js']);
    expect(aboutOwnership(lane, 2)).toMatchObject([
      { rule: 'held', severity: 'fail', path: 'package.json', message: '#1 owns this file at present' },
    ]);
  });

  test('goes to whoever waits for it when its holder is done, without another look at the diff', () => {
    const lane = twoWriters();
    push(lane, 1, 'h1', 'package.json');
    push(lane, 2, 'h2', 'package.json');
    expect(waits(lane, 2)[0]).toMatchObject({ kind: 'overlap', what: '#1 owns package.json' });
    // The finding is that wait: there is nothing to push.
    expect(waits(lane, 2).map(({ kind }) => kind)).not.toContain('arbiter');
    const facts = lane.see(issue(1, { ready: false, spec: lane.task(1).spec }));
    expect(kinds(facts)).toEqual(['task-cancelled', 'claims-released', 'claims-expanded', 'arbiter-judged']);
    expect([lane.task(2).claims, findings(lane, 2)]).toEqual([['src/two.js', 'package.json'], []]);
  });

  test('may be touched without having been declared', () => {
    const lane = openLane();
    request(lane, 1);
    openWork(lane, 1);
    push(lane, 1, 'h1', 'src/a.js', 'package.json');
    expect([lane.task(1).claims, findings(lane, 1)]).toEqual([['src/a.js', 'package.json'], []]);
  });

  test('is given back when the changes no longer touch it', () => {
    const lane = twoWriters();
    push(lane, 1, 'h1', 'package.json');
    push(lane, 2, 'h2', 'package.json');
    const facts = push(lane, 1, 'h1b', 'src/one.js');
    expect(facts.filter((fact) => fact.kind === 'claims-released')).toMatchObject([
      { issue: 1, paths: ['package.json'], reason: 'its changes no longer touch it' },
    ]);
    expect(lane.task(2).claims).toEqual(['src/two.js', 'package.json']);
  });

  test('is kept only together with all others that the changes need: nobody waits in a circle', () => {
    const lane = twoWriters({ ownership: { shared: ['package.json', 'routes.ts'] } });
    push(lane, 1, 'h1', 'package.json');
    push(lane, 2, 'h2', 'routes.ts');
    push(lane, 1, 'h1b', 'package.json', 'routes.ts');
    expect(lane.task(1).claims).toEqual(['src/one.js']);
    expect(findings(lane, 1)).toEqual([
      ['held', 'package.json'],
      ['held', 'routes.ts'],
    ]);
    push(lane, 2, 'h2b', 'package.json', 'routes.ts');
    expect([findings(lane, 2), lane.task(2).claims]).toEqual([
      [],
      ['src/two.js', 'routes.ts', 'package.json'],
    ]);
    lane.see(issue(2, { ready: false, spec: lane.task(2).spec }));
    expect([findings(lane, 1), lane.task(1).claims]).toEqual([
      [],
      ['src/one.js', 'package.json', 'routes.ts'],
    ]);
  });

  test('is claimed at the start by a task that owns nothing else', () => {
    const lane = openLane();
    request(lane, 1, { spec: { owns: ['package.json'] } });
    request(lane, 2, { spec: { owns: ['package.json'] } });
    expect(lane.task(1).claims).toEqual(['package.json']);
    expect(waits(lane, 2).map((wait) => wait.kind)).toEqual(['overlap']);
  });

  test('stays claimed through a new version, and holds up no change of versions', () => {
    const lane = twoWriters();
    push(lane, 1, 'h1', 'package.json');
    lane.see(command(1, { index: 0, name: 'own', paths: ['docs/x.md'] }));
    expect(lane.task(1)).toMatchObject({
      version: 2,
      state: 'in-review',
      claims: ['docs/x.md', 'package.json', 'src/one.js'],
    });
    lane.see(command(2, { index: 0, name: 'own', paths: ['docs/y.md'] }));
    expect(lane.task(2)).toMatchObject({ version: 2, claims: ['docs/y.md', 'src/two.js'] });
  });

  test('that is a directory has one writer for all of it', () => {
    const lane = twoWriters({ ownership: { shared: ['package.json', 'src/schema/**'] } });
    push(lane, 1, 'h1', 'src/schema/a.sql');
    push(lane, 2, 'h2', 'src/schema/b.sql');
    expect([lane.task(1).claims.at(-1), findings(lane, 2)]).toEqual([
      'src/schema/**',
      [['held', 'src/schema/b.sql']],
    ]);
  });
});

describe('a push outside the claims', () => {
  const start = (content: object): LaneDriver => {
    const lane = openLane();
    lane.see(policy(content));
    request(lane, 1);
    request(lane, 2, { spec: { owns: ['src/b.js'] } });
    openWork(lane, 1);
    return lane;
  };

  test('fails in a strict policy, and the remedy names the command', () => {
    const lane = start({});
    push(lane, 1, 'h1', 'src/a.js', 'docs/x.md');
    expect(aboutOwnership(lane, 1)).toMatchObject([
      { rule: 'scope', path: 'docs/x.md', remedy: expect.stringContaining('`/own docs/x.md`') },
    ]);
    expect(lane.task(1).claims).toEqual(['src/a.js']);
  });

  test('is claimed where the policy says expand and it is free, and fails naming the holder where not', () => {
    const lane = start({ ownership: { outside: 'expand' } });
    push(lane, 1, 'h1', 'src/a.js', 'docs/x.md');
    expect([lane.task(1).claims, findings(lane, 1)]).toEqual([['src/a.js', 'docs/x.md'], []]);
    push(lane, 1, 'h2', 'src/a.js', 'src/b.js');
    expect(aboutOwnership(lane, 1)).toMatchObject([
      { rule: 'held', path: 'src/b.js', message: '#2 owns this file at present' },
    ]);
  });

  test('claims nothing that is protected', () => {
    const lane = start({ ownership: { outside: 'expand' } });
    push(lane, 1, 'h1', 'src/a.js', '.github/workflows/ci.yml');
    expect([lane.task(1).claims, findings(lane, 1)]).toEqual([
      ['src/a.js'],
      [['scope', '.github/workflows/ci.yml']],
    ]);
  });

  test('claims nothing whose name the ledger cannot hold as it is', () => {
    const lane = start({ ownership: { outside: 'expand' } });
    push(lane, 1, 'h1', `deep/${'x'.repeat(300)}`, 'a\\b');
    expect(findings(lane, 1).map(([rule]) => rule)).toEqual(['scope', 'scope']);
  });
});

describe('claims are given back', () => {
  test('with the lease, and it is said why', () => {
    const lane = openLane();
    lane.presence = [{ agent: 'default', worker: 'w-1', seenAt: lane.at }];
    request(lane, 1);
    const facts = lane.pass(Date.parse(lane.leases[1] ?? '') - lane.now);
    expect(facts.find((fact) => fact.kind === 'claims-released')).toMatchObject({
      paths: ['src/a.js'],
      reason: 'no worker of default claimed it in time',
    });
  });

  test('when the last attempt has failed', () => {
    const lane = openLane();
    lane.see(policy({ limits: { attempts: 1 } }));
    request(lane, 1);
    const word = { kind: 'failed' as const, class: 'semantic' as const, message: 'no idea' };
    lane.see({ kind: 'agent', issue: 1, attempt: 1, fence: 1, word });
    expect(lane.task(1)).toMatchObject({ state: 'failed', claims: [] });
  });

  test('and the next attempt is judged anew, against its own claims', () => {
    const lane = openLane();
    request(lane, 1);
    openWork(lane, 1);
    push(lane, 1, 'h1', 'package.json', 'src/a.js');
    lane.see(issue(1, { ready: false }));
    request(lane, 1);
    expect(lane.task(1)).toMatchObject({ state: 'assigned', claims: ['src/a.js'], pull: { verdict: null } });
  });
});

describe('protected paths', () => {
  const guarded = { gate: { approvals: 0, checks: ['ci'] } };

  test('are never approved by the policy alone, and the wait says who is needed', () => {
    const lane = openLane();
    lane.see(policy(guarded));
    request(lane, 1, { spec: { owns: ['.github/workflows/ci.yml'] } });
    openWork(lane, 1);
    finishWork(lane, 1);
    expect(lane.task(1).state).toBe('in-review');
    expect(waits(lane, 1)).toMatchObject([
      { kind: 'approval', what: expect.stringContaining('.github/workflows/ci.yml'), command: '/approve' },
    ]);
  });

  test('of others do not concern a task', () => {
    const lane = openLane();
    lane.see(policy(guarded));
    request(lane, 1);
    openWork(lane, 1);
    finishWork(lane, 1);
    expect(lane.task(1).state).toBe('approved');
  });
});

describe('areas', () => {
  const areas = { areas: { 'area:auth': ['src/auth/'], 'Area:Docs': ['docs/**'] } };
  const undeclared = { owns: ['**'], ownsDeclared: false };

  test('stand in for files that the issue does not declare', () => {
    const lane = openLane();
    lane.see(policy(areas));
    request(lane, 1, { labels: ['AREA:auth', 'area:docs', 'bug'], spec: undeclared });
    expect(lane.task(1)).toMatchObject({
      claims: ['docs/**', 'src/auth/**'],
      labels: ['area:auth', 'area:docs'],
      spec: { ownsDeclared: true },
    });
  });

  test('stay as they were when the task was asked for, until it is asked for anew', () => {
    const lane = openLane();
    lane.see(policy(areas));
    request(lane, 1, { labels: ['area:auth'], spec: undeclared });
    lane.see(policy({}));
    expect(lane.see(issue(1, { labels: [], spec: undeclared })).map((fact) => fact.kind)).toEqual([
      'labels-read',
    ]);
    expect(lane.task(1).spec.owns).toEqual(['src/auth/**']);
    lane.see(issue(1, { ready: false, spec: undeclared }));
    request(lane, 1, { spec: undeclared });
    expect(lane.task(1).spec.owns).toEqual(['**']);
  });

  test('say nothing where files are declared, and without either the whole repository is owned', () => {
    const lane = openLane();
    lane.see(policy(areas));
    request(lane, 1, { labels: ['area:auth'] });
    request(lane, 2, { labels: ['bug'], spec: undeclared });
    expect([lane.task(1).spec.owns, lane.task(2).spec.owns]).toEqual([['src/a.js'], ['**']]);
  });

  test('may name an owner, and mean what CODEOWNERS gives to them', () => {
    const text = '* @acme/all\n/src/web/ @acme/web @walt\n*.css @acme/web\n';
    const read = PolicyFile.parse({ areas: { 'area:web': ['owner:@Acme/web', 'docs/web.md'] } });
    expect(ownersInAreas(read)).toEqual(['@Acme/web']);
    expect(resolveAreas(read, text).areas).toEqual({
      'area:web': ['**/*.css', '**/*.css/**', 'src/web/**', 'docs/web.md'],
    });
    // An owner of nothing says nothing: the task owns the whole repository then.
    expect(resolveAreas(PolicyFile.parse({ areas: { x: ['owner:@nobody'] } }), text).areas).toEqual({
      x: [],
    });
    const { error } = PolicyFile.safeParse({ areas: { 'area:x': ['owner:web'] } });
    expect(error?.issues).toMatchObject([{ message: expect.stringContaining('owner:@org/team') }]);
  });

  test('that name an owner mean nothing where no CODEOWNERS is known', () => {
    const lane = openLane();
    lane.see(policy({ areas: { 'area:web': ['owner:@acme/web'] } }));
    request(lane, 1, { labels: ['area:web'], spec: undeclared });
    expect(lane.task(1).spec.owns).toEqual(['**']);
  });

  test('with a pattern that makes no sense refuse the policy', () => {
    const { error } = PolicyFile.safeParse({ areas: { 'area:x': ['../up'] } });
    expect(error?.issues).toMatchObject([{ message: expect.stringContaining('".."') }]);
  });
});

describe('without claims (mode branches)', () => {
  test('tasks on the same files run side by side, are approved and judged by what they declare', () => {
    const lane = openLane();
    lane.see(policy({ schedule: { mode: 'branches' } }));
    request(lane, 1);
    request(lane, 2);
    expect([lane.task(1), lane.task(2)]).toMatchObject([
      { state: 'assigned', claims: [] },
      { state: 'assigned', claims: [] },
    ]);
    expect(lane.state.collisions).toEqual([]);
    openWork(lane, 1);
    push(lane, 1, 'h1', 'src/a.js', 'package.json', 'elsewhere.js');
    expect(findings(lane, 1)).toEqual([['scope', 'elsewhere.js']]);
    push(lane, 1, 'h2', 'src/a.js', 'package.json');
    lane.see(checks('h2', 'success'));
    expect(findings(lane, 1)).toEqual([]);
  });

  test('what is under way without claims is in the way of others once the policy asks for them', () => {
    const lane = openLane();
    lane.see(policy({ schedule: { mode: 'branches' } }));
    request(lane, 1);
    lane.see(policy({}));
    request(lane, 2);
    expect(waits(lane, 2)).toMatchObject([{ kind: 'overlap', what: '#1 owns src/a.js' }]);
  });
});
