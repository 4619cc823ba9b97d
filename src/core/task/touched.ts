/**
 * What a diff touches beyond its task's claims. Shared joints, files of the task's own that others had when it
 * started, and, where the policy says `outside: expand`, any other file are claimed when they are free. All or
 * nothing: a task that cannot have all of them keeps none, so that no two tasks wait for each other's joints.
 */
import type { PathChange, Scope } from '../gate/diff.ts';
import type { FactBody } from '../lane/facts.ts';
import type { Finding } from '../lane/pull-state.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { extraClaims, heldBy, holdsClaims, jointOf, mayChange } from './ownership.ts';
import { PathIndex } from './path-index.ts';
import { compilePatterns, matches, normalisePattern } from './patterns.ts';

/** The rule under which the arbiter withholds a path that another task holds. */
export const heldRule = 'held';

/** More claims than any sensible task has; past it a push outside is refused like in a strict policy. */
const mostClaims = 200;

export interface Touched extends Scope {
  facts: FactBody[];
}

/** Who holds which paths, but for one task. */
function othersOf(state: LaneState, issue: number): PathIndex<Task> {
  const index = new PathIndex<Task>();
  for (const other of Object.values(state.tasks)) if (other.issue !== issue) index.add(heldBy(other), other);
  return index;
}

/** What is to be claimed for this path; null when it is none of the task's business. */
function claimFor(state: LaneState, task: Task, path: string): string | null {
  const { policy } = state;
  const joint = jointOf(policy, path);
  if (joint !== undefined) return joint;
  const reading = normalisePattern(path);
  // Only what the ledger can store exactly as git has it.
  if (reading.kind !== 'ok' || reading.pattern !== path) return null;
  if (matches(task.spec.owns, path)) return path;
  const { outside, protected: guarded } = policy.ownership;
  return outside === 'expand' && !matches(guarded, path) ? path : null;
}

function claimFacts(task: Task, claims: readonly string[], reason: string): FactBody[] {
  const { issue } = task;
  const lost = task.claims.filter((path) => !claims.includes(path));
  const won = claims.filter((path) => !task.claims.includes(path));
  return [
    ...(lost.length > 0 ? [{ kind: 'claims-released' as const, issue, paths: lost, reason }] : []),
    ...(won.length > 0 ? [{ kind: 'claims-expanded' as const, issue, paths: won }] : []),
  ];
}

/** What the paths outside the first claims lead to. */
function settle(state: LaneState, task: Task, paths: readonly string[]): Touched {
  const extras = extraClaims(state.policy, task);
  const kept = task.claims.filter((path) => !extras.includes(path));
  const others = othersOf(state, task.issue);
  const wanted = new Set<string>();
  const held = new Map<string, number | null>();
  let mustWait = false;
  for (const path of paths) {
    const claim = claimFor(state, task, path);
    if (claim === null) continue;
    wanted.add(claim);
    const holder = others.find([claim], () => true);
    held.set(path, holder?.issue ?? null);
    mustWait ||= holder !== undefined;
  }
  if (kept.length + wanted.size > mostClaims)
    return { owns: mayChange(state.policy, task), facts: [], held: new Map() };
  // A joint that is not touched any more is somebody else's turn; other files stay, for they were asked for.
  const files = extras.filter((path) => jointOf(state.policy, path) !== path);
  const claims = mustWait ? kept : [...new Set([...kept, ...files, ...wanted])];
  const reason = mustWait
    ? 'it waits for other files that its changes need'
    : 'its changes no longer touch it';
  return { owns: claims, facts: claimFacts(task, claims, reason), held: mustWait ? held : new Map() };
}

/** What the diff of a task's present head makes of its claims. */
export function readTouched(state: LaneState, task: Task, changes: readonly PathChange[]): Touched {
  const isSettled = state.policy.schedule.mode === 'branches' || mayBeLanding(state, task.issue);
  if (isSettled || !holdsClaims(task))
    return { owns: mayChange(state.policy, task), facts: [], held: new Map() };
  const extras = extraClaims(state.policy, task);
  const isOwned = compilePatterns(task.claims.filter((path) => !extras.includes(path)));
  const paths = changes.map(({ path }) => path).filter((path) => !isOwned(path));
  return settle(state, task, [...new Set(paths)]);
}

function isHeld(finding: Finding): finding is Finding & { path: string } {
  return finding.rule === heldRule && finding.path !== null;
}

/** The issues whose claims keep a PR waiting, each with the paths. */
export function heldFor(state: LaneState, task: Task): { holder: Task; paths: string[] }[] {
  const findings = (task.pull?.verdict?.findings ?? []).filter(isHeld);
  if (findings.length === 0) return [];
  const others = othersOf(state, task.issue);
  const byHolder = new Map<Task, string[]>();
  for (const { path } of findings) {
    const holder = others.find([claimFor(state, task, path) ?? path], () => true);
    if (holder) byHolder.set(holder, [...(byHolder.get(holder) ?? []), path]);
  }
  return [...byHolder].map(([holder, paths]) => ({ holder, paths }));
}

/** Files that a PR had to wait for and that have become free are claimed, and the findings about them end. */
export function claimWhatIsFree(state: LaneState): FactBody[] {
  for (const task of Object.values(state.tasks)) {
    const verdict = task.pull?.verdict;
    const paths = (verdict?.findings ?? []).filter(isHeld).map((finding) => finding.path);
    if (!verdict || paths.length === 0 || !holdsClaims(task)) continue;
    const touched = settle(state, task, paths);
    if (touched.held.size > 0 || paths.some((path) => !matches(touched.owns, path))) continue;
    const findings = verdict.findings.filter((finding) => !isHeld(finding));
    return [
      ...touched.facts,
      { kind: 'arbiter-judged', issue: task.issue, verdict: { ...verdict, findings } },
    ];
  }
  return [];
}
