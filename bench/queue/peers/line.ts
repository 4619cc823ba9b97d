/**
 * What every peer keeps of the world: the line of PRs, what landed, and its running builds. The peers differ in what
 * they do with it; how they hear of events and speak to CI is here.
 *
 * A peer's own commands are entered here as they are given, so that it never plans with a base it has itself moved;
 * the events that follow (`landed`, `left`) then say nothing new. All of it survives events that come twice.
 */
import type {
  Base,
  Command,
  Event,
  Minutes,
  Outcome,
  Policy,
  PolicyClass,
  PrNumber,
  PrView,
  Purpose,
  Setting,
} from '../policy.ts';

/** The name of a tree: which PRs were merged, in which order. Two equal names mean the same tree. */
export type Tree = number;

export interface Build {
  readonly name: string;
  readonly tree: Tree;
  readonly set: readonly PrNumber[];
  /** Null while it runs or waits for a runner. */
  outcome: Outcome | null;
}

export interface Line {
  readonly setting: Setting;
  /** The PRs in the queue, first in line first; each stands behind its prerequisites. */
  readonly waiting: PrView[];
  /** PRs whose prerequisites the policy has not heard of yet. */
  readonly early: PrView[];
  /** PRs that left the line without landing since the policy last looked. */
  readonly gone: PrView[];
  readonly landed: Set<PrNumber>;
  base: Base;
  /** The tree of the base branch. */
  tree: Tree;
  readonly attempts: Map<PrNumber, number>;
  /** When each PR last left the line without landing. */
  readonly leftAt: Map<PrNumber, Minutes>;
  readonly trees: Map<string, Tree>;
  readonly running: Map<string, Build>;
  started: number;
  commands: Command[];
}

export function openLine(setting: Setting): Line {
  return {
    setting,
    waiting: [],
    early: [],
    gone: [],
    landed: new Set(),
    base: 0,
    tree: 0,
    attempts: new Map(),
    leftAt: new Map(),
    trees: new Map(),
    running: new Map(),
    started: 0,
    commands: [],
  };
}

/** The tree that merging a PR onto another tree makes. A PR that came back reworked makes another one. */
export function extendTree(line: Line, tree: Tree, pr: PrNumber): Tree {
  const key = `${tree}+${pr}.${line.attempts.get(pr)}`;
  const known = line.trees.get(key);
  if (known !== undefined) return known;
  const made = line.trees.size + 1;
  line.trees.set(key, made);
  return made;
}

function admitEarly(line: Line): void {
  const isKnown = (pr: PrNumber) => line.landed.has(pr) || line.waiting.some((view) => view.pr === pr);
  for (;;) {
    const at = line.early.findIndex((view) => view.prerequisites.every(isKnown));
    if (at < 0) return;
    line.waiting.push(...line.early.splice(at, 1));
  }
}

/** Takes a PR out of the line, and with it what needs it: the driver sends those away too. */
function removeFromLine(line: Line, pr: PrNumber, at: Minutes): void {
  const leaving = new Set([pr]);
  for (const list of [line.waiting, line.early]) {
    for (const view of [...list]) {
      if (view.pr !== pr && !view.prerequisites.some((each) => leaving.has(each))) continue;
      leaving.add(view.pr);
      list.splice(list.indexOf(view), 1);
      line.gone.push(view);
      line.leftAt.set(view.pr, at);
    }
  }
}

/** Enters an event. What was heard before changes nothing. */
export function hearEvent(line: Line, event: Event, at: Minutes): void {
  if (event.kind === 'arrived') {
    const { pr, attempt, prerequisites } = event.view;
    if ((line.attempts.get(pr) ?? -1) >= attempt) return;
    line.attempts.set(pr, attempt);
    line.early.push(event.view);
    // What it needs has left at this very moment, and it with that; its leaving was or will be heard out of turn.
    if (prerequisites.some((each) => line.leftAt.get(each) === at)) removeFromLine(line, pr, at);
    admitEarly(line);
  } else if (event.kind === 'left') {
    removeFromLine(line, event.pr, at);
  } else if (event.kind === 'finished') {
    const build = line.running.get(event.build);
    if (!build) return;
    line.running.delete(event.build);
    build.outcome = event.outcome;
  } else if (event.kind === 'landed' && event.base > line.base) {
    throw new Error(`the base is at ${event.base}, but this policy landed ${line.base} PRs`);
  }
}

export interface Order {
  /** In the order of merging, on top of the base branch. */
  readonly set: readonly PrNumber[];
  readonly tree: Tree;
  readonly purpose: Purpose;
}

export function startBuild(line: Line, { set, tree, purpose }: Order): Build {
  const build: Build = { name: `b${line.started++}`, tree, set, outcome: null };
  line.running.set(build.name, build);
  line.commands.push({ do: 'build', build: build.name, base: line.base, set, purpose });
  return build;
}

/** Ends a build should it still run. */
export function cancelBuild(line: Line, build: Build | null): void {
  if (!build || !line.running.delete(build.name)) return;
  line.commands.push({ do: 'cancel', build: build.name });
}

/** Lands what a passed build tested, as far as it has not landed. Returns the PRs that land now. */
export function landBuild(line: Line, build: Build): readonly PrNumber[] {
  line.commands.push({ do: 'land', build: build.name });
  const fresh = build.set.filter((pr) => !line.landed.has(pr));
  for (const pr of fresh) {
    line.landed.add(pr);
    line.tree = extendTree(line, line.tree, pr);
    const place = line.waiting.findIndex((view) => view.pr === pr);
    if (place >= 0) line.waiting.splice(place, 1);
  }
  line.base += fresh.length;
  admitEarly(line);
  return fresh;
}

export function ejectPr(line: Line, pr: PrNumber, at: Minutes): void {
  line.commands.push({ do: 'eject', pr, code: 'checks-failed' });
  removeFromLine(line, pr, at);
}

interface Peer<State> {
  readonly name: string;
  readonly class: PolicyClass;
  start(setting: Setting): State;
  /** One decision from the state as it is. Called again as long as it returns true: it changed something. */
  decide(state: State, at: Minutes): boolean;
}

/** A policy from a function that decides by state alone: every event is entered, then decisions follow until none does. */
export function definePeer<State extends { readonly line: Line }>(peer: Peer<State>): Policy<State> {
  return {
    name: peer.name,
    class: peer.class,
    start: (setting) => peer.start(setting),
    step: (state, event, at) => {
      hearEvent(state.line, event, at);
      while (peer.decide(state, at));
      const { commands } = state.line;
      state.line.commands = [];
      return { state, commands };
    },
  };
}
