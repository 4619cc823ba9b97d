import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/core/lane/facts.ts';
import type { SeenCommand } from '../../src/core/lane/observation.ts';
import type { Spec } from '../../src/core/lane/state.ts';
import {
  approve,
  command,
  finishWork,
  issue,
  judge,
  type LaneDriver,
  openLane,
  openWork,
  queueTask,
  request,
} from './lane-driver.ts';

const here = (number: number) => ({ number, repo: null });

function answer(facts: readonly Fact[]) {
  const decided = facts.find((fact) => fact.kind === 'command-decided');
  if (decided?.kind !== 'command-decided') throw new Error('the command was not decided');
  return decided;
}

function type(lane: LaneDriver, typed: SeenCommand, under = 1) {
  return answer(lane.see(command(under, typed)));
}

const own = (...paths: string[]): SeenCommand => ({ index: 0, name: 'own', paths });
const disown = (...paths: string[]): SeenCommand => ({ index: 0, name: 'disown', paths });

function started(spec: Partial<Spec> = {}): LaneDriver {
  const lane = openLane();
  request(lane, 1, { spec });
  openWork(lane, 1);
  return lane;
}

describe('/own', () => {
  test('adds the path and claims it at once; the attempt goes on at the new version', () => {
    const lane = started();
    const fence = lane.task(1).attempt?.fence;
    expect(type(lane, own('src/b.js')).outcome).toBe('done');
    expect(lane.task(1)).toMatchObject({
      version: 2,
      claims: ['src/a.js', 'src/b.js'],
      change: { by: 'rita' },
    });
    expect(lane.task(1).attempt).toMatchObject({ fence, version: 2 });
  });

  test('settles what the arbiter found, but asks for the approval anew', () => {
    const lane = openLane();
    queueTask(lane, 1);
    type(lane, own('src/b.js'), 101);
    expect(lane.task(1)).toMatchObject({ state: 'in-review', approvals: [], entry: null });
    judge(lane, 1);
    expect(answer(lane.see(approve(101))).outcome).toBe('done');
  });

  test('of a path that another task owns is refused, and the holder is named', () => {
    const lane = openLane();
    request(lane, 2, { spec: { owns: ['src/b.js'] } });
    request(lane, 1);
    expect(type(lane, own('src/**'))).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining('#2 owns src/b.js'),
    });
    expect(lane.task(1).version).toBe(1);
  });

  test('of a waiting task waits for the path like any other', () => {
    const lane = openLane();
    request(lane, 2, { spec: { owns: ['src/b.js'] } });
    request(lane, 1, { blockedBy: [9] });
    expect(type(lane, own('src/b.js')).outcome).toBe('done');
    expect(lane.task(1)).toMatchObject({ version: 2, claims: [] });
  });

  test('narrows a task that named no files', () => {
    const lane = started({ owns: ['**'], ownsDeclared: false });
    type(lane, own('docs/**'));
    expect(lane.task(1)).toMatchObject({ claims: ['docs/**'], spec: { ownsDeclared: true } });
  });

  test.each([
    ['a path outside the repository', own('../x')],
    ['what it owns already', own('src/a.js')],
  ])('of %s is refused', (_, typed) => {
    const lane = started();
    expect(type(lane, typed).outcome).toBe('refused');
    expect(lane.task(1).version).toBe(1);
  });

  test('outlasts an edit of the text', () => {
    const lane = started();
    type(lane, own('src/b.js'));
    const maria = { login: 'maria', permission: 'write' as const };
    const edits = [{ by: maria, at: '2026-01-02T00:00:00Z' }];
    lane.see(issue(1, { spec: { requirements: 'More.' }, edits }));
    expect(lane.task(1)).toMatchObject({ version: 3, spec: { owns: ['src/a.js', 'src/b.js'] } });
  });
});

describe('/disown', () => {
  test('gives the path up, so that another task can have it', () => {
    const lane = started({ owns: ['src/a.js', 'src/b.js'] });
    type(lane, disown('src/b.js'));
    expect(lane.task(1)).toMatchObject({ version: 2, claims: ['src/a.js'] });
    request(lane, 2, { spec: { owns: ['src/b.js'] } });
    expect(lane.task(2).state).toBe('assigned');
  });

  test.each([
    ['does not have', ['docs/**'], 'does not own docs/**'],
    ['has as its last', ['src/a.js'], 'nothing would be left'],
  ])('of a path that the task %s is refused', (_, paths, why) => {
    const lane = started();
    expect(type(lane, disown(...paths))).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining(why),
    });
  });
});

describe('the limits of a specification', () => {
  test('hold for what commands add to it', () => {
    const lane = started();
    const paths = (from: number) => Array.from({ length: 100 }, (_, n) => `docs/${from + n}.md`);
    expect(type(lane, own(...paths(0))).outcome).toBe('done');
    expect(type(lane, own(...paths(100)))).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining('201 paths; at most 200'),
    });
    const issues = Array.from({ length: 51 }, (_, n) => here(n + 100));
    expect(type(lane, { index: 0, name: 'depends', issues })).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining('51 issues; at most 50'),
    });
    expect(lane.task(1).version).toBe(2);
  });
});

describe('/depends and /independent', () => {
  const depends = (...issues: { number: number; repo: string | null }[]): SeenCommand => ({
    index: 0,
    name: 'depends',
    issues,
  });
  const independent = (...issues: { number: number; repo: string | null }[]): SeenCommand => ({
    index: 0,
    name: 'independent',
    issues,
  });

  test('hold the landing of what has started, and let it go', () => {
    const lane = started();
    finishWork(lane, 1);
    type(lane, depends(here(9), { number: 3, repo: 'Acme/Lib' }, { number: 8, repo: 'ACME/demo' }));
    expect(lane.task(1).spec).toMatchObject({ dependsOn: [8, 9], dependsElsewhere: ['acme/lib#3'] });
    judge(lane, 1);
    lane.see(approve(101));
    expect(lane.task(1)).toMatchObject({ state: 'approved', entry: null });
    type(lane, independent(here(8), here(9), { number: 3, repo: 'acme/lib' }));
    judge(lane, 1);
    lane.see(approve(101));
    expect(lane.task(1).entry).not.toBeNull();
  });

  test('a circle is refused with its path', () => {
    const lane = openLane();
    request(lane, 2, { spec: { owns: ['src/b.js'], dependsOn: [1] } });
    request(lane, 1);
    expect(type(lane, depends(here(2))).detail).toBe('it would wait for itself: #1 → #2 → #1');
    expect(type(lane, depends(here(1))).detail).toBe('it would wait for itself: #1 → #1');
  });

  test('a link on GitHub is not taken away, nor what is not there', () => {
    const lane = openLane();
    request(lane, 1, { blockedBy: [9] });
    expect(type(lane, independent(here(9))).detail).toContain('#9 is a link on GitHub');
    expect(type(lane, independent(here(7))).detail).toBe('it does not depend on #7');
  });
});

describe('/approve of an edited text', () => {
  const eve = { login: 'eve', permission: 'read' as const };

  function suspended(): LaneDriver {
    const lane = openLane();
    queueTask(lane, 1);
    const edits = [{ by: eve, at: '2026-01-02T00:00:00Z' }];
    lane.see(issue(1, { spec: { acceptance: ['prints 0'] }, edits }));
    return lane;
  }

  test('under the issue accepts it as the next version', () => {
    const lane = suspended();
    expect(answer(lane.see(approve(1))).outcome).toBe('done');
    expect(lane.task(1)).toMatchObject({
      version: 2,
      suspension: null,
      state: 'waiting',
      change: { how: 'approval', by: 'rita' },
    });
  });

  test('names the text that was read, and another one is refused', () => {
    const lane = suspended();
    const hash = lane.task(1).suspension?.pending?.hash ?? '';
    const typed = (sha: string): SeenCommand => ({ index: 0, name: 'approve', sha });
    expect(type(lane, typed('feed')).detail).toContain(hash.slice(0, 12));
    expect(type(lane, typed(hash.slice(0, 7))).outcome).toBe('done');
  });

  test('under the pull request is refused, and the text comes first', () => {
    const lane = suspended();
    expect(answer(lane.see(approve(101))).detail).toContain('approve it there first');
    expect(type(lane, own('src/b.js')).detail).toContain('the edited text comes first');
  });

  test('needs write access', () => {
    const lane = suspended();
    expect(answer(lane.see(approve(1, { by: 'eve', permission: 'read' }))).outcome).toBe('denied');
    expect(lane.task(1).suspension).not.toBeNull();
  });
});
