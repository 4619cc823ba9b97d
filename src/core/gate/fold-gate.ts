/** How the facts of the gate change a task: the part of `fold` that this folder owns. */
import type { Fact, GateFact } from '../lane/facts.ts';
import type { Approval } from '../lane/pull-state.ts';
import type { Task } from '../lane/state.ts';
import type { GateEvidence } from './evidence.ts';

type FactOf<K extends Fact['kind']> = Extract<Fact, { kind: K }>;
type TaskGateFact = Exclude<GateFact, { kind: 'required-checks-read' }> & { at: string };

/** GitHub's logins differ in case from what people type, and mean the same. */
export function isSameLogin(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Remembered so that a review counts once; more than anybody writes under one pull request. */
const mostSpentReviews = 200;

/** One approval for each person: a newer one takes the place of the older. */
export function addApproval(task: Task, fact: FactOf<'approved'>): Task {
  const approval: Approval = {
    headSha: fact.headSha,
    version: fact.version,
    policyHash: fact.policyHash,
    by: fact.by,
    at: fact.at,
    source: fact.source ?? 'command',
    review: fact.review ?? null,
    epoch: task.pull?.gate.forcePushes ?? 0,
    owns: fact.owns ?? [],
  };
  const others = task.approvals.filter((each) => !isSameLogin(each.by, fact.by));
  const approvals = [...others, approval].sort((a, b) =>
    a.at === b.at ? compare(a.by, b.by) : compare(a.at, b.at),
  );
  const { review } = approval;
  const next = { ...task, approvals };
  return review === null
    ? next
    : changeEvidence(next, ({ spentReviews }) => ({
        spentReviews: [...spentReviews.filter((id) => id !== review), review].slice(-mostSpentReviews),
      }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What is left when one person's approval goes, or with nobody named, all of them. */
export function dropApproval(task: Task, by: string | undefined): Approval[] {
  return by === undefined ? [] : task.approvals.filter((each) => !isSameLogin(each.by, by));
}

/** What is answered once for a head: each explanation, and each person who may not press a button. */
export function answerKey({
  action,
  by,
  outcome,
}: Pick<FactOf<'action-requested'>, 'action' | 'by' | 'outcome'>): string {
  return outcome === 'done' ? action : `not ${by.toLowerCase()}`;
}

function changeEvidence(task: Task, change: (gate: GateEvidence) => Partial<GateEvidence>): Task {
  const { pull } = task;
  return pull ? { ...task, pull: { ...pull, gate: { ...pull.gate, ...change(pull.gate) } } } : task;
}

export function foldGateFact(task: Task, fact: TaskGateFact): Task {
  switch (fact.kind) {
    case 'force-pushed':
      return changeEvidence(task, () => ({ forcePushes: fact.count }));
    case 'pull-retargeted':
      return changeEvidence(task, () => ({ retargeted: fact.base }));
    case 'objections-changed':
      return changeEvidence(task, () => ({ objections: fact.objections }));
    case 'approver-checked':
      return {
        ...task,
        approvals: task.approvals.map((each) =>
          isSameLogin(each.by, fact.by) ? { ...each, owns: fact.owns } : each,
        ),
      };
    case 'rule-overridden':
      return changeEvidence(task, ({ overrides }) => ({
        overrides: [
          ...overrides.filter((each) => each.rule !== fact.override.rule),
          { ...fact.override, at: fact.at },
        ],
      }));
    case 'opinion-asked': {
      const { agent, headSha, version, at } = fact;
      return changeEvidence(task, () => ({ asked: { agent, headSha, version, at } }));
    }
    case 'opinion-given':
      return changeEvidence(task, () => ({ opinion: fact.opinion, asked: null }));
    case 'action-requested': {
      const { pull } = task;
      if (pull?.headSha !== fact.headSha) return task;
      if (fact.action !== 'retry' || fact.outcome !== 'done')
        return changeEvidence(task, ({ answered }) => ({ answered: [...answered, answerKey(fact)] }));
      // Judged again: until that is done, there is no verdict, and what was explained may read differently after it.
      return {
        ...task,
        pull: { ...pull, verdict: null, gate: { ...pull.gate, opinion: null, asked: null, answered: [] } },
      };
    }
    default:
      return fact satisfies never;
  }
}
