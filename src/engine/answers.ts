/** Chooses the words for what a command or a fact asks Signalbox to say. */
import type { Fact } from '../core/lane/facts.ts';
import type { LaneState } from '../core/lane/state.ts';
import type { PlanRow, QueueRow } from '../core/lane/view.ts';
import {
  renderEjectionNotice,
  renderEscalationNotice,
  renderFailureNotice,
  renderPathsNotice,
} from '../protocol/notices.ts';
import { renderPullRefused } from '../protocol/pull-notices.ts';
import {
  renderDenied,
  renderHelp,
  renderIgnored,
  renderLimited,
  renderNotYet,
  renderRefused,
  renderRequestRefused,
  renderStatusReply,
  renderUnknown,
  renderWhyReply,
} from '../protocol/replies.ts';
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
    case 'not-yet':
      return renderNotYet(command);
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

/** The new comment that a fact deserves because a person must act; null when none does. */
export function renderNotice(fact: Fact, state: LaneState): string | null {
  const mention = state.policy.escalate.to;
  switch (fact.kind) {
    case 'request-refused':
      return renderRequestRefused(fact.why.split('\n'));
    case 'escalated': {
      const pull = state.tasks[fact.issue]?.pull;
      const { trigger, context, by } = fact.escalation;
      return renderEscalationNotice({
        issue: fact.issue,
        pull: pull?.open ? pull.number : null,
        trigger,
        context,
        by,
        mention,
      });
    }
    case 'pull-refused':
      return renderPullRefused(fact);
    case 'paths-requested':
      return renderPathsNotice({ paths: fact.paths, why: fact.why, by: fact.by, mention });
    case 'edit-suspended':
      return renderSuspensionNotice({ ...fact, version: state.tasks[fact.issue]?.version ?? 1 });
    case 'prerequisite-questioned':
      return renderQuestionNotice(fact);
    case 'attempts-exhausted': {
      return renderFailureNotice({ issue: fact.issue, reason: fact.reason, mention });
    }
    case 'entry-ejected': {
      const pull = state.tasks[fact.issue]?.pull?.number ?? fact.issue;
      return renderEjectionNotice({ pull, code: fact.code, reason: fact.reason });
    }
    default:
      return null;
  }
}
