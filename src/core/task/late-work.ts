/**
 * Late work: commits on a task's branch that belong to an attempt which has ended. Nothing is lost and nothing is
 * mixed: they are kept on a branch of their own and offered, and the task's branch goes back to where it was.
 *
 * A worker that finds itself fenced pushes nothing: it hands in a bundle, which becomes such a branch too.
 *
 * A push is known to be late when it is the commit that an ended attempt's heartbeats told of. A person's push is
 * never late: whoever pushes to the branch takes part in the work.
 */
import { lateBranchName } from '../ids.ts';
import type { Effect } from '../lane/effects.ts';
import type { Fact, FactBody } from '../lane/facts.ts';
import type { Task } from '../lane/state.ts';
import { type AttemptEnding, type LateWork, mostRemembered } from './record.ts';

type Of<K extends Fact['kind']> = Extract<Fact, { kind: K }>;

function unsettled(task: Task): LateWork[] {
  return task.record.late.filter((work) => work.settledAt === null);
}

/** Whether late work is being put aside, so that no attempt may open the branch yet. */
export function isPuttingAside(task: Task): boolean {
  return unsettled(task).some((work) => work.bundle === undefined);
}

/**
 * What a head seen on the task's branch amounts to when it is late work: nothing more while it is being put aside, a
 * fact when it is news. Null: it is not late, and the head has moved.
 */
export function readLateHead(task: Task, sha: string): FactBody[] | null {
  const { record, attempt, pull } = task;
  if (unsettled(task).some((work) => work.sha === sha)) return [];
  // Kept once, and back on the branch: a person has put it there.
  if (!pull || attempt?.head === sha || record.late.some((work) => work.sha === sha)) return null;
  const maker = record.endings.find((ending) => ending.head === sha && ending.fence !== attempt?.fence);
  if (!maker) return null;
  const { attempt: number, branch } = maker;
  return [{ kind: 'late-work-found', issue: task.issue, attempt: number, branch, sha, to: pull.headSha }];
}

/**
 * What a late bundle amounts to. Nothing when its work is on the branch, kept already, or landed. Past the number of
 * works that are remembered a bundle stays in the ledger alone, so that a broken worker cannot fill the repository.
 */
export function readLateBundle(
  task: Task,
  { attempt, fence, sha }: { attempt: number; fence: number; sha: string },
): FactBody[] {
  const { issue, record, pull, branch } = task;
  const isKnown = pull?.headSha === sha || record.late.some((work) => work.sha === sha);
  const isPresent = task.attempt?.fence === fence;
  if (isKnown || isPresent || branch === null || task.state === 'completed') return [];
  if (record.late.length >= mostRemembered) return [];
  const to = pull?.headSha ?? sha;
  return [{ kind: 'late-work-found', issue, attempt, branch, sha, to, bundle: fence }];
}

/** The last ending, when what it left on the branch is to be put aside before the next attempt. */
function leftBehind({ state, record, pull }: Task): AttemptEnding | null {
  const last = record.endings.at(-1);
  if (state !== 'waiting' || !record.afresh || !pull?.open || !last?.openedSha) return null;
  // A branch that held somebody's work before Signalbox came has no clean commit to go back to.
  return last.openedSha === last.baseSha || last.openedSha === pull.headSha ? null : last;
}

/** What failed attempts have left on their branches: the next attempt starts without it. */
export function findLeftWork(tasks: readonly Task[]): FactBody[] {
  return tasks.flatMap((task): FactBody[] => {
    const left = leftBehind(task);
    if (!left?.openedSha || !task.pull) return [];
    const { attempt, branch, openedSha: to } = left;
    return [{ kind: 'late-work-found', issue: task.issue, attempt, branch, sha: task.pull.headSha, to }];
  });
}

/** The effects that keep late work and put the branch back. */
export function keepLateWork(task: Task): Effect[] {
  return unsettled(task).map(({ number, branch, sha, to, bundle }): Effect => {
    const late = lateBranchName(branch, number);
    const work = { issue: task.issue, number, late, sha };
    return bundle === undefined
      ? { kind: 'keep-late-work', ...work, branch, to }
      : { kind: 'keep-late-bundle', ...work, fence: bundle };
  });
}

/** The lane goes on from where the branch goes back to: what a fenced attempt pushed has no effect (I8). */
export function foldLateWork(task: Task, fact: Of<'late-work-found'> | Of<'late-work-kept'>): Task {
  const { record, pull } = task;
  if (fact.kind === 'late-work-kept') {
    const late = record.late.map((work) =>
      work.number === fact.number ? { ...work, settledAt: fact.at } : work,
    );
    return { ...task, record: { ...record, late } };
  }
  const { attempt, branch, sha, to, bundle } = fact;
  const number = record.late.length + 1;
  const from = bundle === undefined ? {} : { bundle };
  const late = [...record.late, { number, attempt, branch, sha, to, ...from, settledAt: null }];
  const isHead = bundle === undefined && pull !== null && pull.headSha === sha;
  return {
    ...task,
    record: { ...record, late, afresh: isHead ? false : record.afresh },
    pull: isHead ? { ...pull, headSha: to, checks: [], verdict: null } : pull,
  };
}
