/**
 * What no queue can beat: policies that know the outcome of every test beforehand. They set the scale.
 *
 * - The oracle starts one run per arrival, on exactly the right tree; rejecting costs nothing, arrivals that find no
 *   runner share the next run, and a later pass lands everything before it.
 * - Oracle-1 builds each change once, the bad ones too, and lands it when its own build has passed (the yardstick
 *   of the SubmitQueue paper).
 */
import type { Command, Event, Policy, PrNumber, PrView, Setting } from './policy.ts';
import type { World } from './world.ts';

interface OracleState {
  readonly runners: number;
  readonly queued: Map<PrNumber, PrView>;
  readonly landedIndex: Map<PrNumber, number>;
  readonly running: Map<string, readonly PrNumber[]>;
  next: number;
}

const start = ({ runners }: Setting): OracleState => ({
  runners,
  queued: new Map(),
  landedIndex: new Map(),
  running: new Map(),
  next: 0,
});

function note(state: OracleState, event: Event): void {
  if (event.kind === 'arrived') state.queued.set(event.view.pr, event.view);
  else if (event.kind === 'left') state.queued.delete(event.pr);
  else if (event.kind === 'finished') state.running.delete(event.build);
  else if (event.kind === 'landed') {
    for (const [index, pr] of event.prs.entries()) {
      state.queued.delete(pr);
      state.landedIndex.set(pr, event.base - event.prs.length + index);
    }
  }
}

/** Ejects what must leave, and finds what will land: in order, without those that conflict with an earlier one. */
function foresee(state: OracleState, world: World): { commands: Command[]; good: PrNumber[] } {
  const commands: Command[] = [];
  const good = new Set<PrNumber>();
  for (const { pr, branchedFrom, prerequisites } of state.queued.values()) {
    const truth = world.prs[pr];
    const failsOnBase = truth?.semantic.some((other) => (state.landedIndex.get(other) ?? -1) >= branchedFrom);
    if (truth?.bad || failsOnBase) {
      commands.push({ do: 'eject', pr, code: 'foreseen' });
      continue;
    }
    const fits = truth?.semantic.every((other) => !good.has(other));
    if (fits && prerequisites.every((one) => state.landedIndex.has(one) || good.has(one))) good.add(pr);
  }
  return { commands, good: [...good] };
}

export function createOracle(world: World): Policy<OracleState> {
  return {
    name: 'Oracle',
    class: 'bound',
    start,
    step(state, event) {
      note(state, event);
      if (event.kind === 'finished' && event.outcome === 'passed') {
        return { state, commands: [{ do: 'land', build: event.build }] };
      }
      const { commands, good } = foresee(state, world);
      const covered = new Set([...state.running.values()].flat());
      const open = good.filter((pr) => !covered.has(pr));
      if (commands.length > 0 || open.length === 0 || state.running.size >= state.runners)
        return { state, commands };
      const tip = open.at(-1);
      const set = [...good.filter((pr) => pr !== tip), ...good.filter((pr) => pr === tip)];
      const build = `o${state.next++}`;
      state.running.set(build, set);
      commands.push({
        do: 'build',
        build,
        base: state.landedIndex.size,
        set: inOrder(set, state),
        purpose: 'train',
      });
      return { state, commands };
    },
  };
}

/** Prerequisites before their dependants, else as given. */
function inOrder(set: readonly PrNumber[], state: OracleState): PrNumber[] {
  const placed = new Set<PrNumber>();
  const place = (pr: PrNumber): void => {
    if (placed.has(pr)) return;
    for (const need of state.queued.get(pr)?.prerequisites ?? []) if (set.includes(need)) place(need);
    placed.add(pr);
  };
  for (const pr of set) place(pr);
  return [...placed];
}

interface Oracle1State extends OracleState {
  /** The last build of each PR that passed. */
  readonly passed: Map<PrNumber, string>;
  readonly asked: Map<PrNumber, string>;
}

/** The PR with the prerequisites below it that have not landed, those first. */
function stackOf(pr: PrNumber, state: OracleState): PrNumber[] {
  const needs = state.queued.get(pr)?.prerequisites ?? [];
  const below = needs.filter((one) => state.queued.has(one)).flatMap((one) => stackOf(one, state));
  return [...new Set([...below, pr])];
}

export function createOracle1(world: World): Policy<Oracle1State> {
  return {
    name: 'Oracle-1',
    class: 'bound',
    start: (setting) => ({ ...start(setting), passed: new Map(), asked: new Map() }),
    step(state, event) {
      note(state, event);
      if (event.kind === 'left') {
        state.passed.delete(event.pr);
        state.asked.delete(event.pr);
      }
      if (event.kind === 'finished') {
        for (const [pr, build] of state.asked) {
          if (build !== event.build) continue;
          state.asked.delete(pr);
          state.passed.set(pr, event.outcome === 'passed' ? build : '');
        }
      }
      const { commands: ejections, good } = foresee(state, world);
      const commands: Command[] = ejections.filter(
        (command) => command.do === 'eject' && state.passed.has(command.pr),
      );
      const isGood = new Set(good);
      for (const pr of state.queued.keys()) {
        const build = state.passed.get(pr);
        const needs = state.queued.get(pr)?.prerequisites ?? [];
        if (build && isGood.has(pr) && needs.every((one) => state.landedIndex.has(one))) {
          commands.push({ do: 'land', build });
          break;
        }
        const isLost = build === '' && isGood.has(pr);
        if ((build === undefined || isLost) && !state.asked.has(pr)) {
          const name = `1-${state.next++}`;
          state.asked.set(pr, name);
          state.passed.delete(pr);
          const set = stackOf(pr, state);
          commands.push({ do: 'build', build: name, base: state.landedIndex.size, set, purpose: 'train' });
        }
      }
      return { state, commands };
    },
  };
}
