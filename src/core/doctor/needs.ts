/** What the App must be allowed and told; app.yml asks for the same when the App is made. */
export const neededPermissions: Readonly<Record<string, { level: 'read' | 'write'; for: string }>> = {
  actions: { level: 'write', for: 'starting and cancelling workflow runs' },
  checks: { level: 'write', for: 'reading CI, and reporting signalbox/arbiter and signalbox/queue' },
  contents: { level: 'write', for: 'task branches, candidates and landings' },
  issues: { level: 'write', for: 'labels, comments and reactions' },
  members: { level: 'read', for: 'telling who belongs to a team that CODEOWNERS names' },
  metadata: { level: 'read', for: 'reading anything at all' },
  pull_requests: { level: 'write', for: 'opening pull requests and keeping their comment' },
  statuses: { level: 'read', for: 'CI that reports as commit statuses' },
};

/** Without these only comfort is lost, not the work. */
export const optionalPermissions: ReadonlySet<string> = new Set(['members']);

export const neededEvents: readonly string[] = [
  'check_run',
  'check_suite',
  'issue_comment',
  'issues',
  'pull_request',
  'pull_request_review',
  'push',
  'repository',
  'status',
  'sub_issues',
  'workflow_run',
];
