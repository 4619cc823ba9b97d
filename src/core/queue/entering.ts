/** Who enters the queue, and who leaves it because its gate is gone. */
import { gateIsOpen, reasonToEject } from '../gate/gate.ts';
import { findRed } from '../gate/required-checks.ts';
import type { FactBody } from '../lane/facts.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { ejectFact, landedSince } from '../task/ejection.ts';
import { mayBeLanding } from './may-be-landing.ts';
import { isQueued } from './order.ts';

/** Paths that an entry is known by; past it, its claims speak for it. */
const mostPaths = 100;

/** What it changes, and what it owns where that was declared. */
export function pathsOf(task: Task): string[] {
  const touched = task.pull?.verdict?.touched ?? [];
  if (touched.length === 0 && task.claims.length === 0) return ['**'];
  const owned = touched.length === 0 || task.spec.ownsDeclared ? task.claims : [];
  const paths = [...new Set([...touched, ...owned])].sort();
  if (paths.length <= mostPaths) return paths;
  return task.claims.length > 0 && task.claims.length <= mostPaths ? task.claims : ['**'];
}

function sizeOf(count: number): string {
  if (count <= 2) return 'small';
  return count <= 10 ? 'medium' : 'large';
}

/**
 * The part of the lane's history that an entry's odds are taken from: whose work it is, how much of it, where, and
 * whether it was sent back before. Never a label of people.
 */
export function groupOf(task: Task): string {
  const touched = task.pull?.verdict?.touched ?? [];
  const folders = new Set(touched.map((path) => path.split('/', 1)[0] ?? ''));
  const [folder = ''] = folders;
  const where = folders.size === 1 ? folder.slice(0, 40) : 'several';
  const again = task.attempts > 1 || task.ejectedHead !== null ? 'again' : 'first';
  return [task.attempt?.agent ?? 'nobody', sizeOf(touched.length), where, again].join(' ');
}

/** Approved tasks whose gate holds and that are not queued yet. A prerequisite that is queued is waited for there. */
export function enterQueue(state: LaneState): FactBody[] {
  return Object.values(state.tasks)
    .filter((task) => task.state === 'approved' && task.entry === null && gateIsOpen(task, state))
    .flatMap((task): FactBody[] =>
      task.pull
        ? [
            {
              kind: 'queue-entered',
              issue: task.issue,
              headSha: task.pull.headSha,
              group: groupOf(task),
              paths: pathsOf(task),
            },
          ]
        : [],
    );
}

/** Entries whose gate no longer holds leave the queue, each with its reason. */
export function ejectEntries(state: LaneState): FactBody[] {
  return Object.values(state.tasks).flatMap((task): FactBody[] => {
    if (!isQueued(task) || mayBeLanding(state, task.issue)) return [];
    if (!task.pull.open) {
      return task.pull.merged
        ? []
        : [ejectFact(state, task, { code: 'pull-closed', reason: 'the pull request was closed' })];
    }
    const withheld = reasonToEject(task, state);
    if (withheld !== null) return [ejectFact(state, task, { code: 'approval-void', reason: withheld })];
    const red = findRed(state, task.pull.checks);
    if (red) {
      const reason = `the check ${red.name} turned to ${red.conclusion} on the head commit`;
      const others = landedSince(state, task).map(({ paths: _, ...work }) => work);
      const evidence = { builds: [], checks: [red], peers: [], odds: null, attemptsLeft: 0, others };
      return [ejectFact(state, task, { code: 'checks-failed', reason, evidence })];
    }
    return [];
  });
}
