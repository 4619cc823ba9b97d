/** What observations about candidates, landings and the base branch amount to. */
import type { FactBody } from '../lane/facts.ts';
import type { Observation } from '../lane/observation.ts';
import type { Build, BuildEntry } from '../lane/queue-state.ts';
import type { LaneState } from '../lane/state.ts';
import { ejectFact, landedSince } from '../task/ejection.ts';
import { changesOf, noteOverlaps } from '../task/freshness.ts';
import { allows } from '../task/lifecycle.ts';
import { overlap } from '../task/patterns.ts';
import { queuedTask } from './build-state.ts';
import { positionOf } from './memory.ts';

type Of<K extends Observation['kind']> = Extract<Observation, { kind: K }>;

/** A push from outside; by policy, nothing lands after it until somebody has looked. */
function movedOutside(state: LaneState, sha: string, paths: readonly string[] = []): FactBody[] {
  const moved: FactBody = { kind: 'base-moved', sha, by: 'outside', position: positionOf(state) + 1 };
  const overlaps = noteOverlaps(state, sha, [{ work: null, paths }]);
  if (state.policy.queue.outside_push !== 'freeze' || state.frozen) return [moved, ...overlaps];
  const why = `${sha.slice(0, 12)} was pushed to ${state.base} past the queue`;
  return [moved, ...overlaps, { kind: 'lane-frozen', by: 'signalbox', why }];
}

export function interpretBase(state: LaneState, { sha, paths }: Of<'base'>): FactBody[] {
  if (sha === state.baseSha) return [];
  // A candidate may be landing right now: its own effect reports what became of it.
  if (Object.values(state.builds).some((build) => build.state === 'landing')) return [];
  return state.baseSha === null
    ? [{ kind: 'base-moved', sha, by: 'first-sight' }]
    : movedOutside(state, sha, paths);
}

function abandon(build: Build, reason: string): FactBody {
  return { kind: 'build-abandoned', build: build.number, reason };
}

function outdated({ entries }: Build, issues: readonly number[]): string {
  const pulls = entries.filter(({ issue }) => issues.includes(issue)).map(({ pull }) => `#${pull}`);
  return `${pulls.join(', ')} ${pulls.length === 1 ? 'is' : 'are'} not as approved any more`;
}

/** It conflicts with what has landed: only its author can help. */
function ejectConflicting(state: LaneState, build: Build, entry: BuildEntry): FactBody[] {
  const why = abandon(build, `#${entry.pull} conflicts with the base branch`);
  const task = queuedTask(state, entry);
  // Against an older base than the present one nothing is concluded: it is tried again.
  if (!task?.entry || build.baseSha !== state.baseSha) return [why];
  const recent = state.landings.filter((landing) => landing.position > (task.entry?.base ?? 0));
  const landed = recent.flatMap(({ entries }) => entries);
  const known = landed.filter(({ order }) => task.entry?.conflicts.includes(order ?? -1));
  const named = known.map(({ pull }) => `#${pull}`).join(', ');
  const whom = named === '' ? 'the base branch' : `${named}, which has landed`;
  const touched = task.pull?.verdict?.touched ?? [];
  const near = landedSince(state, task).filter(({ paths }) => overlap(paths, touched).length > 0);
  const others = known.length > 0 ? known : near;
  const evidence = {
    builds: [build.number],
    checks: [],
    peers: [],
    odds: null,
    attemptsLeft: 0,
    others: others.map(({ issue, pull, headSha }) => ({ issue, pull, headSha })),
  };
  return [why, ejectFact(state, task, { code: 'conflict', reason: `it conflicts with ${whom}`, evidence })];
}

export function interpretCandidate(state: LaneState, { build, result }: Of<'candidate'>): FactBody[] {
  const known = state.builds[build];
  if (known?.state !== 'preparing') return [];
  if (result.kind === 'made') {
    const { sha, tree, steps } = result;
    return [{ kind: 'candidate-made', build, sha, tree, steps }];
  }
  if (result.kind === 'outdated') return [abandon(known, outdated(known, result.issues))];
  const entry = known.entries.find(({ issue }) => issue === result.issue);
  if (!entry) return [abandon(known, 'git could not merge it')];
  if (known.purpose === 'try') {
    const others = known.entries.filter(({ issue }) => result.with.includes(issue));
    const whom = others.length === 0 ? 'the base branch' : others.map(({ pull }) => `#${pull}`).join(', ');
    return [{ kind: 'build-failed', build, reason: `#${entry.pull} conflicts with ${whom}` }];
  }
  if (result.with.length === 0) return ejectConflicting(state, known, entry);
  const others = known.entries.filter(({ issue }) => result.with.includes(issue));
  const pulls = others.map(({ pull }) => `#${pull}`).join(', ');
  return [
    abandon(known, `#${entry.pull} conflicts with ${pulls}`),
    ...others
      .filter((other) => queuedTask(state, other) && queuedTask(state, entry))
      .map((other): FactBody => ({ kind: 'conflict-found', issue: entry.issue, with: other.issue })),
  ];
}

export function interpretLanding(state: LaneState, { build, result }: Of<'landing'>): FactBody[] {
  const known = state.builds[build];
  const { flight } = known ?? {};
  if (known?.state !== 'landing' || !flight || known.sha === null || known.tree === null) return [];
  const missed = (reason: string): FactBody => ({ kind: 'landing-missed', build, reason });
  switch (result.kind) {
    case 'withheld':
      return [missed('landings were stopped before it could land')];
    case 'unproven': {
      const reason = `its checks changed before it could land: ${result.why}`;
      return [{ kind: 'build-interrupted', build, reason }];
    }
    case 'outdated':
      return [missed(outdated(known, result.issues))];
    case 'base-is':
      return [
        missed('the base branch moved before it could land'),
        ...movedOutside(state, result.sha, result.paths),
      ];
    case 'conflict':
      // Only where trees are put together at landing: what was trusted not to collide does.
      return [
        { kind: 'build-abandoned', build, reason: 'it conflicts with what has landed since it was tested' },
      ];
    case 'landed':
      break;
    default:
      return result satisfies never;
  }
  return [
    {
      kind: 'landed',
      landing: {
        build,
        sha: result.sha,
        tree: result.tree,
        testedSha: known.sha,
        testedTree: known.tree,
        entries: flight.entries,
        exact: flight.exact,
        position: positionOf(state) + flight.entries.length,
        blobs: result.blobs ?? null,
      },
    },
    ...flight.entries
      .filter((entry) => allows(state.tasks[entry.issue]?.state ?? 'absent', 'task-completed'))
      .map((entry): FactBody => ({ kind: 'task-completed', issue: entry.issue, sha: result.sha })),
    ...noteOverlaps(state, result.sha, changesOf(state, flight.entries, result.blobs ?? null)),
  ];
}

/** A patch that has vanished stops all landings: the landing after which it was missing is the culprit. */
export function interpretAudit(state: LaneState, { build, vanished }: Of<'audit'>): FactBody[] {
  const landing = state.landings.find((each) => each.build === build);
  if (!landing || landing.audit !== null) return [];
  const audited: FactBody = { kind: 'landing-audited', build, vanished };
  const [first] = vanished;
  if (!first || state.frozen) return [audited];
  const more = vanished.length > 1 ? ` and ${vanished.length - 1} more` : '';
  const why = `${landing.sha.slice(0, 12)} undid what build ${first.build} had landed in ${first.path}${more}`;
  return [audited, { kind: 'lane-frozen', by: 'signalbox', why }];
}

/** Commits that stand for an entry's PR while it lands rewritten: its head is moved there, and nobody pushed. */
export function isRewrittenHead(state: LaneState, issue: number, sha: string): boolean {
  return Object.values(state.builds).some(
    (build) =>
      build.purpose !== 'try' &&
      build.entries.some((entry, index) => entry.issue === issue && build.steps[index] === sha),
  );
}
