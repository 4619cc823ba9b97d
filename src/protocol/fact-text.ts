/** One plain sentence for each fact that people want to read about; not Markdown, so whoever shows it escapes it. */
import { countFindings } from '../core/gate/arbiter.ts';
import type { CommandOutcome, Fact, GateFact } from '../core/lane/facts.ts';
import type { CheckResult, Verdict } from '../core/lane/pull-state.ts';
import type { PrerequisiteState } from '../core/lane/state.ts';
import { agentName, describeAttemptFact, describeLength } from './attempt-text.ts';
import { describeGateFact } from './gate-fact-text.ts';
import { removeInvisible } from './hidden-text.ts';
import { shorten } from './shorten.ts';

/** Facts about the lane and its builds; all others are about one task. */
type LaneFact = Extract<
  Fact,
  {
    kind:
      | 'lane-opened'
      | 'lane-renamed'
      | 'base-moved'
      | 'revert-asked'
      | 'revert-opened'
      | 'revert-failed'
      | 'lane-frozen'
      | 'lane-unfrozen'
      | 'policy-read'
      | 'policy-refused'
      | 'build-started'
      | 'candidate-made'
      | 'build-reported'
      | 'build-passed'
      | 'build-failed'
      | 'build-interrupted'
      | 'build-abandoned'
      | 'landing-decided'
      | 'landing-missed'
      | 'landing-audited'
      | 'landed'
      | 'agent-paused'
      | 'breaker-closed';
  }
>;

/** The sentence; null for facts that only machines need. */
export function describeFact(fact: Fact): string | null {
  switch (fact.kind) {
    case 'lane-opened':
    case 'lane-renamed':
    case 'base-moved':
    case 'revert-asked':
    case 'revert-opened':
    case 'revert-failed':
    case 'lane-frozen':
    case 'lane-unfrozen':
    case 'policy-read':
    case 'policy-refused':
    case 'build-started':
    case 'candidate-made':
    case 'build-reported':
    case 'build-passed':
    case 'build-failed':
    case 'build-interrupted':
    case 'build-abandoned':
    case 'landing-decided':
    case 'landing-missed':
    case 'landing-audited':
    case 'landed':
    case 'agent-paused':
    case 'breaker-closed':
      return describeLaneFact(fact);
    default:
      return describeTaskFact(fact);
  }
}

function describeLaneFact(fact: LaneFact): string | null {
  switch (fact.kind) {
    case 'lane-opened':
      return `Signalbox looks after ${fact.owner}/${fact.repo}, branch ${fact.base}, from now on.`;
    case 'lane-renamed':
      return `The repository is now called ${fact.owner}/${fact.repo}.`;
    case 'base-moved':
      return fact.by === 'outside' ? `Somebody pushed ${short(fact.sha)} to the base branch.` : null;
    case 'revert-asked':
      return `${words(fact.by)} wants #${fact.landed.pull} taken back.`;
    case 'revert-opened':
      return `Pull request #${fact.pull} takes back #${fact.reverts}.`;
    case 'revert-failed':
      return `#${fact.reverts} could not be taken back: ${words(fact.why)}.`;
    case 'lane-frozen':
      return `${words(fact.by)} froze landings: ${words(fact.why)}.`;
    case 'lane-unfrozen':
      return `${words(fact.by)} let changes land again.`;
    case 'policy-read':
      return 'The policy was read.';
    case 'policy-refused':
      return `The policy was not accepted: ${words(fact.problem)}.`;
    case 'build-started':
      return `Candidate ${fact.build} was started (${fact.purpose ?? 'train'}) with ${fact.entries.map((entry) => `#${entry.pull}`).join(', ')}.`;
    case 'candidate-made':
      return `Candidate ${fact.build} is ${short(fact.sha)}; CI tests it.`;
    case 'build-reported':
      return describeChecks(`Candidate ${fact.build}`, fact.checks);
    case 'build-passed':
      return `Candidate ${fact.build} passed.`;
    case 'build-failed':
      return `Candidate ${fact.build} failed: ${words(fact.reason)}.`;
    case 'build-abandoned':
      return `Candidate ${fact.build} was given up: ${words(fact.reason)}.`;
    case 'build-interrupted':
      return `Candidate ${fact.build} ended without a verdict: ${words(fact.reason)}.`;
    case 'landing-decided':
      return `Candidate ${fact.build} is on its way to the base branch with ${fact.flight.entries.map((entry) => `#${entry.pull}`).join(', ')}${fact.flight.exact ? '' : ', whose sum was not tested'}.`;
    case 'landing-missed':
      return `Candidate ${fact.build} has not landed: ${words(fact.reason)}.`;
    case 'landing-audited':
      return fact.vanished.length === 0
        ? null
        : `After candidate ${fact.build}, ${words(fact.vanished.map(({ path }) => path).join(', '))} is not as it had landed.`;
    case 'landed':
      return `Candidate ${fact.landing.build} landed as ${short(fact.landing.sha)}.`;
    case 'agent-paused':
      return `Pause: ${agentName(fact.agent)} starts nothing for ${describeLength(fact.ms)}: ${words(fact.reason)}.`;
    case 'breaker-closed':
      return `${words(fact.by)} let ${agentName(fact.agent)} start again.`;
    default:
      return fact satisfies never;
  }
}

function describeTaskFact(fact: Exclude<Fact, LaneFact>): string | null {
  switch (fact.kind) {
    case 'task-requested':
      return `${words(fact.requestedBy)} asked for this task.`;
    case 'request-refused':
      return `The issue could not be given to an agent: ${words(fact.why)}.`;
    case 'request-withdrawn':
      return null;
    case 'version-accepted':
      return `${words(fact.by)} changed what is asked for: version ${fact.version}.`;
    case 'attempt-superseded':
      return `Attempt ${fact.attempt} was stopped: it was for version ${fact.version}.`;
    case 'edit-suspended':
      return `${fact.by === null ? 'Somebody' : words(fact.by)} edited the text; nobody with write access has accepted it.`;
    case 'edit-settled':
      return 'The text is as it was accepted.';
    case 'dependencies-linked': {
      const links = [...fact.blockedBy.map((issue) => `#${issue}`), ...fact.blockedElsewhere.map(words)];
      return links.length === 0 ? 'No other issue blocks it.' : `It is blocked by ${links.join(', ')}.`;
    }
    case 'prerequisite-questioned':
      return `Its prerequisite ${words(fact.prerequisite)} was closed as not planned.`;
    case 'elsewhere-seen':
      return `Prerequisite ${words(fact.reference)} ${prerequisiteWords[fact.state]}.`;
    case 'prerequisite-seen':
      return `Prerequisite #${fact.issue} ${prerequisiteWords[fact.state]}.`;
    case 'task-held':
      return fact.held ? 'It is on hold by its label.' : 'It is no longer on hold by its label.';
    case 'hold-set':
      return `${words(fact.by)} put it on hold${fact.why === null ? '' : `: ${words(fact.why)}`}.`;
    case 'hold-lifted':
      return `${words(fact.by)} ended the hold.`;
    case 'request-dismissed':
      return null;
    case 'task-assigned':
      return `Attempt ${fact.attempt} was given to ${words(fact.agent)}.`;
    case 'branch-opened':
      return `Its branch was opened at ${short(fact.sha)}.`;
    case 'pull-opened':
      return `Pull request #${fact.pull} was opened.`;
    case 'work-started':
      return fact.worker === null ? 'Work has started.' : `Worker ${words(fact.worker)} has started to work.`;
    case 'head-moved':
      return `New commit ${short(fact.sha)}.`;
    case 'draft-changed':
      return fact.draft ? 'The pull request is a draft again.' : 'The pull request is ready for review.';
    case 'arbiter-judged':
      return describeVerdict(fact.verdict);
    case 'checks-reported':
      return describeChecks(`Commit ${short(fact.sha)}`, fact.checks);
    case 'work-done':
      return `${words(fact.by)} says that the work is done.`;
    case 'escalated':
      return `Stopped for a person to decide (${words(fact.escalation.trigger)}).`;
    case 'task-completed':
      return `The task was completed with ${short(fact.sha)}.`;
    case 'task-cancelled':
      return `The task was cancelled: ${words(fact.reason)}.`;
    case 'attempt-ended':
    case 'attempts-exhausted':
    case 'progress-seen':
    case 'run-seen':
    case 'lease-extended':
    case 'usage-reported':
    case 'budget-warned':
    case 'resumed':
    case 'rebuild-asked':
    case 'escalation-repeated':
    case 'late-work-found':
    case 'late-work-kept':
    case 'grace-started':
    case 'split-proposed':
    case 'split-accepted':
    case 'part-created':
    case 'part-opened':
    case 'parts-completed':
      return describeAttemptFact(fact);
    default:
      return describeReviewFact(fact);
  }
}

type ReviewFact = Extract<
  Fact,
  {
    kind:
      | 'approved'
      | 'approval-voided'
      | 'queue-entered'
      | 'entry-ejected'
      | 'conflict-found'
      | 'base-overlapped'
      | 'update-asked'
      | 'branch-updated'
      | 'update-conflicted'
      | 'pull-closed'
      | 'command-decided'
      | 'pull-enlisted'
      | 'labels-read'
      | 'task-routed'
      | 'claims-expanded'
      | 'claims-released'
      | 'collision-foreseen'
      | 'collision-announced'
      | 'run-dispatched'
      | 'pull-adopted'
      | 'pull-refused'
      | 'paths-requested'
      | GateFact['kind'];
  }
>;

function describeReviewFact(fact: ReviewFact): string | null {
  switch (fact.kind) {
    case 'approved':
      return `${words(fact.by)} approved ${short(fact.headSha)}.`;
    case 'approval-voided':
      return `The approval no longer holds: ${words(fact.reason)}.`;
    case 'queue-entered':
      return `It entered the queue with ${short(fact.headSha)}.`;
    case 'entry-ejected':
      return `It left the queue: ${words(fact.reason)}.`;
    case 'conflict-found':
      return `Git cannot merge it with the work on #${fact.with}: the later of the two waits.`;
    case 'base-overlapped': {
      const by = fact.by.map(({ pull }) => `#${pull}`).join(', ');
      return `${by === '' ? 'A push to the base branch' : by} changed ${paths(fact.paths)} as well: its branch is behind.`;
    }
    case 'update-asked':
      return `${words(fact.by)} asked to bring the branch up to date.`;
    case 'branch-updated':
      return `Its branch has the base up to ${short(fact.baseSha)}.`;
    case 'update-conflicted':
      return `Its branch could not be brought up to date: ${words(fact.reason)}.`;
    case 'pull-closed':
      return fact.merged ? 'The pull request was merged.' : 'The pull request was closed.';
    case 'command-decided': {
      const outcome = outcomeWords[fact.outcome];
      return outcome === null
        ? null
        : `${words(fact.by)} typed /${words(fact.command.replace(/^\//u, ''))}: ${outcome}.`;
    }
    case 'pull-enlisted':
      return `${words(fact.by)} brought this pull request to Signalbox.`;
    case 'labels-read':
      return null;
    case 'task-routed':
      return describeRouting(fact);
    case 'claims-expanded':
      return `It owns ${paths(fact.paths)} as well from now on.`;
    case 'claims-released':
      return `It no longer owns ${paths(fact.paths)}: ${words(fact.reason)}.`;
    case 'collision-foreseen':
      return `#${fact.a} and #${fact.b} touch the same files: they run one after the other.`;
    case 'collision-announced':
      return null;
    case 'pull-adopted':
      return `Pull request #${fact.pull} of ${words(fact.by)} was taken for its work.`;
    case 'pull-refused':
      return `Pull request #${fact.pull} of ${words(fact.by)} was not taken.`;
    case 'run-dispatched':
      return `Workflow run ${fact.run} was started.`;
    case 'paths-requested':
      return `${words(fact.by)} asks for ${words(fact.paths.join(', '))}.`;
    case 'required-checks-read':
    case 'force-pushed':
    case 'pull-retargeted':
    case 'objections-changed':
    case 'approver-checked':
    case 'rule-overridden':
    case 'opinion-asked':
    case 'opinion-given':
    case 'action-requested':
      return describeGateFact(fact);
    default:
      return fact satisfies never;
  }
}

const prerequisiteWords: Record<PrerequisiteState, string> = {
  open: 'is open',
  completed: 'is completed',
  'not-planned': 'was closed as not planned',
  missing: 'was not found',
};

/** What a command led to is told by its own facts, so only the ones that led to nothing are told here. */
const outcomeWords: Record<CommandOutcome, string | null> = {
  done: null,
  denied: 'not allowed',
  refused: 'not possible now',
  unknown: 'not understood',
  limited: null,
};

function describeVerdict(verdict: Verdict): string {
  const failing = countFindings(verdict.findings.filter((finding) => finding.severity === 'fail'));
  if (failing === 0) return `The arbiter passed ${short(verdict.headSha)}.`;
  return `The arbiter found ${failing} thing${failing === 1 ? '' : 's'} to settle in ${short(verdict.headSha)}.`;
}

/** Silent while every check is still running: that they started is no news. */
function describeChecks(subject: string, checks: readonly CheckResult[]): string | null {
  const done = checks.filter((check) => check.conclusion !== 'pending');
  if (done.length === 0) return null;
  return `${subject}: ${done.map((check) => `${words(check.name)} ${check.conclusion}`).join(', ')}.`;
}

function describeRouting({ routing }: Extract<Fact, { kind: 'task-routed' }>): string {
  const said = [
    ...(routing.priority ? [`its priority is ${routing.priority}`] : []),
    ...(routing.agent ? [`it is for the agent ${words(routing.agent)}`] : []),
  ];
  return `From now on ${said.join(' and ')}.`;
}

function paths(all: readonly string[]): string {
  if (all.includes('**')) return 'the whole repository';
  const more = all.length > 5 ? ` and ${all.length - 5} more` : '';
  return words(all.slice(0, 5).join(', ')) + more;
}

function short(sha: string): string {
  return sha.slice(0, 12);
}

function words(text: string): string {
  return shorten(removeInvisible(text).replace(/\s+/gu, ' ').trim().replace(/\.$/u, ''), 300);
}
