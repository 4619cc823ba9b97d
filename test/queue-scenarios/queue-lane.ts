/** A lane with entries in its queue, driven by hand: candidates are made, tested and landed when a scenario says so. */
import type { Fact } from '../../src/core/lane/facts.ts';
import type { CheckConclusion } from '../../src/core/lane/pull-state.ts';
import type { Build } from '../../src/core/lane/queue-state.ts';
import { isRunning } from '../../src/core/queue/build-state.ts';
import {
  approve,
  checks,
  command,
  finishWork,
  type LaneDriver,
  landCandidate,
  makeCandidate,
  openLane,
  openWork,
  policy,
  pull,
  request,
} from '../core/lane-driver.ts';

/** `count` entries, #1 first, that enter at the same moment. */
export function queued(count: number, queue: Record<string, unknown> = {}): LaneDriver {
  const lane = openLane();
  lane.see(policy({ queue, limits: { running: 50, in_review: 50 } }));
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  for (const number of numbers) {
    request(lane, number, { spec: { owns: [`src/${number}.js`] } });
    openWork(lane, number);
    finishWork(lane, number);
    lane.see(checks(`head-${number}`, 'pending'), approve(100 + number));
  }
  lane.see(...numbers.map((number) => checks(`head-${number}`, 'success')));
  return lane;
}

/** The work of a task on this path is done, judged, green and approved. */
export function enqueueWork(
  lane: LaneDriver,
  number: number,
  path: string,
  headSha = `head-${number}`,
): void {
  const task = () => lane.task(number);
  if (!task().pull) openWork(lane, number);
  lane.see(pull(task(), { headSha, draft: false }));
  const changes = [{ path, change: 'modified' as const, mode: '100644' }];
  lane.see({ kind: 'diff', issue: number, headSha, baseSha: 'base-0', changes }, checks(headSha, 'success'));
  lane.see(approve(task().pull?.number ?? 0));
}

/** One more entry, after the others. */
export function enqueue(lane: LaneDriver, number: number, labels: string[] = []): void {
  request(lane, number, { spec: { owns: [`src/${number}.js`] }, labels });
  openWork(lane, number);
  finishWork(lane, number);
  lane.see(approve(100 + number));
}

export function running(lane: LaneDriver): Build[] {
  return Object.values(lane.state.builds).filter(isRunning);
}

export const issuesOf = ({ entries }: Build): number[] => entries.map(({ issue }) => issue);

/** The build that runs with exactly these entries. */
export function buildOf(lane: LaneDriver, ...issues: number[]): Build {
  const found = running(lane).find((build) => issuesOf(build).sort().join() === [...issues].sort().join());
  if (!found) throw new Error(`no build of ${issues}: ${running(lane).map(issuesOf).join(' | ')}`);
  return found;
}

/** CI's word on a build, whose candidate is made first. */
export function conclude(lane: LaneDriver, build: Build, conclusion: CheckConclusion): Fact[] {
  const made =
    lane.state.builds[build.number]?.state === 'preparing' ? makeCandidate(lane, build.number) : [];
  const sha = lane.state.builds[build.number]?.sha ?? '';
  return [...made, ...lane.see({ kind: 'checks', sha, checks: [{ name: 'ci', conclusion, url: null }] })];
}

/** CI judges whatever runs by who is in it, and what passed lands, until nothing runs. */
export function finish(lane: LaneDriver, isGood: (issues: number[]) => boolean): Fact[] {
  const facts: Fact[] = [];
  for (let idle = 0, round = 0; idle < 3 && round < 200; round++) {
    const landing = Object.values(lane.state.builds).some(({ state }) => state === 'landing');
    const [build] = running(lane);
    if (landing) facts.push(...landCandidate(lane));
    else if (build) facts.push(...conclude(lane, build, isGood(issuesOf(build)) ? 'success' : 'failure'));
    else {
      idle += 1;
      facts.push(...lane.pass(120_000));
    }
  }
  return facts;
}

export const landedIn = (lane: LaneDriver): number[] =>
  lane.state.landings.flatMap(({ entries }) => entries.map(({ issue }) => issue));

export const ejections = (facts: readonly Fact[]) => facts.filter((fact) => fact.kind === 'entry-ejected');

export function freeze(lane: LaneDriver): void {
  lane.see(command(1, { index: 0, name: 'freeze', why: 'release' }, { permission: 'maintain' }));
}

export function thaw(lane: LaneDriver): void {
  lane.see(command(1, { index: 0, name: 'unfreeze' }, { permission: 'maintain' }));
}
