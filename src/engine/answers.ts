/** Chooses the words for what a command or a fact asks Signalbox to say. */
import type { Fact } from '../core/lane/facts.ts';
import type { LaneState } from '../core/lane/state.ts';
import type { PlanRow, QueueRow } from '../core/lane/view.ts';
import { autonomyOf } from '../core/task/autonomy.ts';
import { whatWasTried } from '../core/task/escalation.ts';
import { isLinked } from '../core/task/prerequisites.ts';
import { renderActionAnswer } from '../protocol/action-answers.ts';
import {
  renderBudgetNotice,
  renderEjectionNotice,
  renderEscalationNotice,
  renderExtensionNotice,
  renderGraceNotice,
  renderLateBundleNotice,
  renderLateWorkNotice,
  renderPathsNotice,
  renderUpdateConflict,
} from '../protocol/notices.ts';
import { renderPullRefused } from '../protocol/pull-notices.ts';
import {
  renderDenied,
  renderHelp,
  renderIgnored,
  renderLimited,
  renderRefused,
  renderRequestRefused,
  renderStatusReply,
  renderUnknown,
  renderWhyReply,
} from '../protocol/replies.ts';
import { renderRevertFailed, renderRevertOpened } from '../protocol/revert-text.ts';
import { renderSplitNotice } from '../protocol/split-text.ts';
import { renderQuestionNotice, renderSuspensionNotice } from '../protocol/version-text.ts';

type Decided = Extract<Fact, { kind: 'command-decided' }>;

/** The answer to a command. `row` is null when the comment is not about a task. */
export function renderReply(fact: Decided, row: PlanRow | null, queue: QueueRow | null): string {
  const { command, detail } = fact;
  switch (fact.outcome) {
    case 'denied':
      return renderDenied({ command, needs: detail === 'maintain' || detail === 'read' ? detail : 'write' });
    case 'refused':
      if (command === 'too-many') return renderIgnored(Number(detail));
      return renderRefused({ command, why: detail });
    case 'unknown':
      return renderUnknown({ text: command, suggestion: detail === '' ? null : detail });
    case 'limited':
      return renderLimited(Number(detail));
    case 'done':
      if (row && command === 'status') return renderStatusReply(row, queue);
      return row && command === 'why' ? renderWhyReply(row) : renderHelp();
    default:
      return fact.outcome satisfies never;
  }
}

/** A question in the human queue, as it is put to people. */
function renderQuestion(state: LaneState, issue: number, unansweredSince?: string): string | null {
  const task = state.tasks[issue];
  if (!task?.escalation) return null;
  const { trigger, context, by, options } = task.escalation;
  return renderEscalationNotice({
    issue,
    pull: task.pull?.open && task.claims.length > 0 ? task.pull.number : null,
    trigger,
    context,
    by,
    options,
    tried: whatWasTried(task),
    mention: state.policy.escalate.to,
    ...(unansweredSince === undefined ? {} : { unansweredSince }),
  });
}

/** The new comment that a fact deserves because a person must act or should know; null when none does. */
export function renderNotice(fact: Fact, state: LaneState): string | null {
  const mention = state.policy.escalate.to;
  switch (fact.kind) {
    case 'request-refused':
      return renderRequestRefused(fact.why.split('\n'));
    case 'escalated':
    case 'attempts-exhausted':
      return renderQuestion(state, fact.issue);
    case 'escalation-repeated': {
      const since = state.tasks[fact.issue]?.escalation?.at;
      return since === undefined ? null : renderQuestion(state, fact.issue, since);
    }
    case 'pull-refused':
      return renderPullRefused(fact);
    case 'revert-opened':
      return renderRevertOpened(fact);
    case 'revert-failed':
      return renderRevertFailed(fact);
    case 'paths-requested':
      return renderPathsNotice({ paths: fact.paths, why: fact.why, by: fact.by, mention });
    case 'edit-suspended':
      return renderSuspensionNotice({ ...fact, version: state.tasks[fact.issue]?.version ?? 1 });
    case 'split-proposed':
      return renderSplitNotice({ ...fact, mention });
    case 'prerequisite-questioned': {
      const task = state.tasks[fact.issue];
      return task ? renderQuestionNotice({ ...fact, linked: isLinked(task, fact.prerequisite) }) : null;
    }
    case 'budget-warned':
      return renderBudgetNotice({ issue: fact.issue, what: fact.what, mention });
    case 'lease-extended': {
      const agent = state.tasks[fact.issue]?.attempt?.agent ?? 'the agent';
      return renderExtensionNotice({ attempt: fact.attempt, agent, evidence: fact.evidence });
    }
    case 'late-work-kept': {
      const work = state.tasks[fact.issue]?.record.late.find((each) => each.number === fact.number);
      if (!work) return null;
      const { attempt, branch, bundle } = work;
      if (fact.branch !== null)
        return renderLateWorkNotice({ attempt, branch, late: fact.branch, isBack: fact.isBack });
      const of = { attempt, repo: `${state.owner}/${state.repo}`, issue: fact.issue, why: fact.why ?? '' };
      return bundle === undefined ? null : renderLateBundleNotice(of);
    }
    case 'grace-started': {
      const task = state.tasks[fact.issue];
      if (!task?.pull) return null;
      const { why } = autonomyOf(task, state);
      return renderGraceNotice({ pull: task.pull.number, until: fact.until, why });
    }
    case 'entry-ejected': {
      const pull = state.tasks[fact.issue]?.pull?.number ?? fact.issue;
      const { code, reason, evidence, after } = fact;
      return renderEjectionNotice({ pull, code, reason, evidence, after });
    }
    case 'update-conflicted': {
      const task = state.tasks[fact.issue];
      const { reason, evidence, after } = fact;
      return renderUpdateConflict({
        pull: task?.pull?.number ?? fact.issue,
        base: state.base,
        reason,
        evidence,
        after,
      });
    }
    case 'action-requested':
      return renderActionAnswer(fact, state.tasks[fact.issue]?.pull?.verdict ?? null);
    default:
      return null;
  }
}
