/**
 * What a webhook asks us to look at. An event is only a hint that something may have changed: nothing is taken from
 * the payload but names and numbers.
 */
import type { EmitterWebhookEvent, EmitterWebhookEventName } from '@octokit/webhooks';
import { checkNames, type LaneAddress } from '../core/ids.ts';
import { type Look, lookAtComment, lookAtPress, readActionSubject } from '../core/lane/look.ts';

/** The events that say something to us; all others are recorded and have no effect. */
export const heardEvents = [
  'check_run',
  'check_suite',
  'create',
  'delete',
  'installation',
  'installation_repositories',
  'issue_comment',
  'issue_dependencies',
  'issues',
  'pull_request',
  'pull_request_review',
  'push',
  'repository',
  'status',
  'sub_issues',
  'workflow_run',
] as const satisfies EmitterWebhookEventName[];

export type HeardEvent = EmitterWebhookEvent<(typeof heardEvents)[number]>;

const issue = (number: number): Look => ({ kind: 'issue', subject: String(number) });
const pull = (number: number): Look => ({ kind: 'pull', subject: String(number) });
const checks = (sha: string): Look => ({ kind: 'checks', subject: sha });

/** Our check's buttons, and GitHub's own button to run it again. Other Apps' checks have theirs. */
function pressesOf(event: HeardEvent): Look[] {
  if (event.name !== 'check_suite' && event.name !== 'check_run') return [];
  // Nobody has pressed a button that no sender is told of.
  const by: string | undefined = event.payload.sender?.login;
  if (by === undefined) return [];
  if (event.name === 'check_suite') {
    const { action, check_suite } = event.payload;
    if (action !== 'rerequested') return [];
    return [lookAtPress({ action: 'retry', headSha: check_suite.head_sha, by, id: event.id })];
  }
  const { payload } = event;
  if (payload.check_run.name !== checkNames.arbiter) return [];
  const identifier =
    payload.action === 'requested_action'
      ? payload.requested_action?.identifier
      : payload.action === 'rerequested'
        ? 'retry'
        : undefined;
  const press = readActionSubject([identifier, payload.check_run.head_sha, by, event.id].join(':'));
  return press ? [lookAtPress(press)] : [];
}

/** The looks an event asks for in its repository's lane. */
export function looksOf(event: HeardEvent): Look[] {
  switch (event.name) {
    case 'issues':
      return [issue(event.payload.issue.number)];
    case 'issue_dependencies':
      return 'blocked_issue' in event.payload && event.payload.blocked_issue
        ? [issue(event.payload.blocked_issue.number)]
        : [];
    case 'sub_issues':
      return 'parent_issue' in event.payload ? [issue(event.payload.parent_issue.number)] : [];
    case 'issue_comment':
      // Only new comments carry commands: an edit could put words into somebody's mouth.
      return event.payload.action === 'created'
        ? [lookAtComment(event.payload.comment.id, event.payload.comment.body ?? null)]
        : [];
    case 'pull_request':
    case 'pull_request_review':
      return [pull(event.payload.pull_request.number)];
    case 'push': {
      const base = `refs/heads/${event.payload.repository.default_branch}`;
      return event.payload.ref === base ? [{ kind: 'base', subject: '' }] : [];
    }
    case 'check_run':
      return [checks(event.payload.check_run.head_sha), ...pressesOf(event)];
    case 'check_suite':
      return [checks(event.payload.check_suite.head_sha), ...pressesOf(event)];
    case 'status':
      return [checks(event.payload.sha)];
    case 'workflow_run':
      return [
        checks(event.payload.workflow_run.head_sha),
        { kind: 'run', subject: String(event.payload.workflow_run.id) },
      ];
    case 'create':
    case 'delete':
    case 'installation':
    case 'installation_repositories':
    case 'repository':
      return [];
    default:
      return event satisfies never;
  }
}

/** The lane of the repository that an event is about; null for events about an installation. */
export function laneOf(event: HeardEvent): LaneAddress | null {
  const { payload } = event;
  const repository = 'repository' in payload ? payload.repository : undefined;
  const installation = 'installation' in payload ? payload.installation : undefined;
  if (!repository?.owner || !installation || !('default_branch' in repository)) return null;
  return {
    installationId: installation.id,
    repoId: repository.id,
    owner: repository.owner.login,
    repo: repository.name,
    base: repository.default_branch,
  };
}

/** What an event may be compared with to know it as the echo of something we did ourselves. */
export interface Identity {
  appId: number;
  botLogin: string;
}

/**
 * Whether the event tells only what we did ourselves and have recorded (F39). Pushes are never taken for our own: an
 * agent pushes with a token of ours, and CI's checks may come in our name because we pushed what they test.
 */
export function isOwnEcho(event: HeardEvent, { appId, botLogin }: Identity): boolean {
  const isByUs =
    'sender' in event.payload && event.payload.sender?.login.toLowerCase() === botLogin.toLowerCase();
  switch (event.name) {
    case 'check_run':
      return (
        event.payload.check_run.app?.id === appId &&
        event.payload.action !== 'rerequested' &&
        event.payload.action !== 'requested_action'
      );
    case 'issues':
    case 'issue_comment':
      return isByUs;
    case 'pull_request':
      return isByUs && event.payload.action !== 'synchronize' && event.payload.action !== 'closed';
    default:
      return false;
  }
}
