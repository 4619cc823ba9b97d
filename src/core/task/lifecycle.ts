/**
 * The life of a task, as a table of every state and every event that could move it.
 *
 *   waiting ─ task-assigned ─▶ assigned ─ work-started ─▶ working ─ work-done ─▶ in-review ─ approved ─▶ approved
 *      ▲                          │                          │                      ▲                       │
 *      └────── attempt-ended ─────┴──────────────────────────┘                      └─ approval-voided ─────┤
 *              attempt-superseded                                                      entry-ejected        │
 *              split-proposed; from waiting, parts-completed leads to completed                            │
 *                                                                                      version-accepted     │
 *   escalated, failed, cancelled: reached from wherever work is under way                  completed ◀──────┘
 *   escalated and failed are the human queue: `resumed` leads from there to waiting, with a new attempt
 *   a PR that no task owns begins in review, with pull-enlisted
 *
 * `same` = the event is welcome and changes nothing of the state; `never` = the event cannot follow, and whoever
 * proposes it has a bug (folding it throws).
 */
import type { LifecycleEvent } from '../lane/facts.ts';
import type { TaskState } from '../lane/state.ts';

export type Step = TaskState | 'same' | 'never';

/** A task that does not exist yet has the state `absent`. */
export const lifecycle: Record<TaskState | 'absent', Record<LifecycleEvent, Step>> = {
  absent: {
    'task-requested': 'waiting',
    'pull-enlisted': 'in-review',
    'version-accepted': 'never',
    'attempt-superseded': 'never',
    'task-assigned': 'never',
    'work-started': 'never',
    'work-done': 'never',
    'split-proposed': 'never',
    'attempt-ended': 'never',
    'attempts-exhausted': 'never',
    resumed: 'never',
    approved: 'never',
    'approval-voided': 'never',
    'entry-ejected': 'never',
    escalated: 'never',
    'task-completed': 'never',
    'parts-completed': 'never',
    'task-cancelled': 'never',
  },
  waiting: {
    'task-requested': 'never',
    'pull-enlisted': 'never',
    'version-accepted': 'same',
    'attempt-superseded': 'never',
    'task-assigned': 'assigned',
    'work-started': 'never',
    'work-done': 'never',
    'split-proposed': 'never',
    'attempt-ended': 'never',
    'attempts-exhausted': 'failed',
    resumed: 'same',
    approved: 'never',
    'approval-voided': 'never',
    'entry-ejected': 'never',
    escalated: 'escalated',
    'task-completed': 'never',
    'parts-completed': 'completed',
    'task-cancelled': 'cancelled',
  },
  assigned: {
    'task-requested': 'never',
    'pull-enlisted': 'never',
    'version-accepted': 'same',
    'attempt-superseded': 'waiting',
    'task-assigned': 'never',
    'work-started': 'working',
    'work-done': 'in-review',
    'split-proposed': 'waiting',
    'attempt-ended': 'waiting',
    'attempts-exhausted': 'failed',
    resumed: 'waiting',
    approved: 'approved',
    'approval-voided': 'never',
    'entry-ejected': 'never',
    escalated: 'escalated',
    'task-completed': 'completed',
    'parts-completed': 'never',
    'task-cancelled': 'cancelled',
  },
  working: {
    'task-requested': 'never',
    'pull-enlisted': 'never',
    'version-accepted': 'same',
    'attempt-superseded': 'waiting',
    'task-assigned': 'never',
    'work-started': 'same',
    'work-done': 'in-review',
    'split-proposed': 'waiting',
    'attempt-ended': 'waiting',
    'attempts-exhausted': 'failed',
    resumed: 'waiting',
    approved: 'approved',
    'approval-voided': 'never',
    'entry-ejected': 'never',
    escalated: 'escalated',
    'task-completed': 'completed',
    'parts-completed': 'never',
    'task-cancelled': 'cancelled',
  },
  'in-review': {
    'task-requested': 'never',
    'pull-enlisted': 'never',
    'version-accepted': 'same',
    'attempt-superseded': 'waiting',
    'task-assigned': 'never',
    'work-started': 'never',
    'work-done': 'same',
    'split-proposed': 'never',
    'attempt-ended': 'waiting',
    'attempts-exhausted': 'failed',
    resumed: 'waiting',
    approved: 'approved',
    'approval-voided': 'same',
    'entry-ejected': 'never',
    escalated: 'escalated',
    'task-completed': 'completed',
    'parts-completed': 'never',
    'task-cancelled': 'cancelled',
  },
  approved: {
    'task-requested': 'never',
    'pull-enlisted': 'never',
    'version-accepted': 'in-review',
    'attempt-superseded': 'never',
    'task-assigned': 'never',
    'work-started': 'never',
    'work-done': 'same',
    'split-proposed': 'never',
    'attempt-ended': 'waiting',
    'attempts-exhausted': 'failed',
    resumed: 'never',
    approved: 'same',
    'approval-voided': 'in-review',
    'entry-ejected': 'in-review',
    escalated: 'escalated',
    'task-completed': 'completed',
    'parts-completed': 'never',
    'task-cancelled': 'cancelled',
  },
  escalated: {
    'task-requested': 'waiting',
    'pull-enlisted': 'never',
    'version-accepted': 'same',
    'attempt-superseded': 'never',
    'task-assigned': 'never',
    'work-started': 'never',
    'work-done': 'never',
    'split-proposed': 'never',
    'attempt-ended': 'never',
    'attempts-exhausted': 'never',
    resumed: 'waiting',
    approved: 'approved',
    'approval-voided': 'never',
    'entry-ejected': 'never',
    escalated: 'same',
    'task-completed': 'completed',
    'parts-completed': 'never',
    'task-cancelled': 'cancelled',
  },
  failed: {
    'task-requested': 'waiting',
    'pull-enlisted': 'never',
    'version-accepted': 'same',
    'attempt-superseded': 'never',
    'task-assigned': 'never',
    'work-started': 'never',
    'work-done': 'never',
    'split-proposed': 'never',
    'attempt-ended': 'never',
    'attempts-exhausted': 'never',
    resumed: 'waiting',
    approved: 'never',
    'approval-voided': 'never',
    'entry-ejected': 'never',
    escalated: 'never',
    'task-completed': 'completed',
    'parts-completed': 'never',
    'task-cancelled': 'cancelled',
  },
  completed: {
    'task-requested': 'never',
    'pull-enlisted': 'never',
    'version-accepted': 'never',
    'attempt-superseded': 'never',
    'task-assigned': 'never',
    'work-started': 'never',
    'work-done': 'never',
    'split-proposed': 'never',
    'attempt-ended': 'never',
    'attempts-exhausted': 'never',
    resumed: 'never',
    approved: 'never',
    'approval-voided': 'never',
    'entry-ejected': 'never',
    escalated: 'never',
    'task-completed': 'never',
    'parts-completed': 'never',
    'task-cancelled': 'never',
  },
  cancelled: {
    'task-requested': 'waiting',
    'pull-enlisted': 'in-review',
    'version-accepted': 'never',
    'attempt-superseded': 'never',
    'task-assigned': 'never',
    'work-started': 'never',
    'work-done': 'never',
    'split-proposed': 'never',
    'attempt-ended': 'never',
    'attempts-exhausted': 'never',
    resumed: 'never',
    approved: 'never',
    'approval-voided': 'never',
    'entry-ejected': 'never',
    escalated: 'never',
    'task-completed': 'never',
    'parts-completed': 'never',
    'task-cancelled': 'never',
  },
};

/** Whether the event may follow in this state; whoever proposes facts asks this first. */
export function allows(state: TaskState | 'absent', event: LifecycleEvent): boolean {
  return lifecycle[state][event] !== 'never';
}

/** The state after the event. Throws for a pair that cannot happen: a bug, never a user's mistake. */
export function nextState(state: TaskState | 'absent', event: LifecycleEvent): TaskState {
  const step = lifecycle[state][event];
  if (step === 'never' || (step === 'same' && state === 'absent')) {
    throw new Error(`a task that is ${state} cannot take ${event}`);
  }
  return step === 'same' ? (state as TaskState) : step;
}
