/** Cumulative candidates: each car holds some PRs and is tested on top of all cars ahead of it. */
import type { PrNumber, PrView, Purpose } from '../policy.ts';
import { type Build, cancelBuild, extendTree, type Line, landBuild, startBuild } from './line.ts';

export interface Car {
  prs: readonly PrView[];
  build: Build | null;
}

/** Takes PRs that left the queue out of their cars, and cars that are empty then out of the train. */
export function unloadGone(line: Line, cars: Car[]): void {
  if (line.gone.length === 0) return;
  const gone = new Set(line.gone.splice(0));
  for (const car of [...cars]) {
    if (!car.prs.some((view) => gone.has(view))) continue;
    car.prs = car.prs.filter((view) => !gone.has(view));
    if (car.prs.length > 0) continue;
    cancelBuild(line, car.build);
    cars.splice(cars.indexOf(car), 1);
  }
}

export function countBoarded(cars: readonly Car[]): number {
  return cars.reduce((sum, car) => sum + car.prs.length, 0);
}

/** Puts the next PRs of the line into new cars of at most `size` PRs, up to `limit` cars. */
export function boardCars(line: Line, cars: Car[], limit: number, size = 1): void {
  let boarded = countBoarded(cars);
  while (cars.length < limit && boarded < line.waiting.length) {
    const prs = line.waiting.slice(boarded, boarded + size);
    boarded += prs.length;
    cars.push({ prs, build: null });
  }
}

/**
 * Sees to it that every car is tested on top of the cars ahead of it and on nothing else: builds of other trees are
 * cancelled and started anew. `mayStart` says which cars may have a build.
 */
export function testCars(
  line: Line,
  cars: readonly Car[],
  {
    purpose = 'train',
    mayStart = () => true,
  }: { purpose?: Purpose; mayStart?: (index: number) => boolean } = {},
): void {
  let tree = line.tree;
  const set: PrNumber[] = [];
  for (const [index, car] of cars.entries()) {
    for (const { pr } of car.prs) {
      tree = extendTree(line, tree, pr);
      set.push(pr);
    }
    if (car.build && (car.build.tree !== tree || car.build.outcome === 'interrupted')) {
      cancelBuild(line, car.build);
      car.build = null;
    }
    if (!car.build && mayStart(index)) car.build = startBuild(line, { set: [...set], tree, purpose });
  }
}

export function hasPassed(car: Car | undefined): boolean {
  return car?.build?.outcome === 'passed';
}

export function hasFailed(car: Car | undefined): boolean {
  return car?.build?.outcome === 'failed';
}

/**
 * How many cars may land now: those up to the last that passed with every car ahead of it, or, when a later pass
 * stands for the cars ahead of it, up to the last that passed at all.
 */
export function countLandable(cars: readonly Car[], laterPassCounts: boolean): number {
  if (laterPassCounts) return cars.findLastIndex(hasPassed) + 1;
  const open = cars.findIndex((car) => !hasPassed(car));
  return open < 0 ? cars.length : open;
}

/** Lands the first `count` cars by the build of the last of them. */
export function landCars(line: Line, cars: Car[], count: number): void {
  const landing = cars.splice(0, count);
  const build = landing.at(-1)?.build;
  if (build) landBuild(line, build);
  for (const car of landing) cancelBuild(line, car.build);
}
