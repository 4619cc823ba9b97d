/** The environment of an agent's process: who it is, where its brief lies, and what it has for itself. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AgentTask } from '../protocol/agent-contract.ts';
import { traceparentOf } from '../protocol/trace-context.ts';
import { escalationFile } from './escalation.ts';
import { pathsAnswerFile, pathsFile } from './path-requests.ts';
import { planFile } from './plan-file.ts';
import type { PortRange } from './port-range.ts';
import type { WorkspacePaths } from './workspace.ts';

/** PATH, HOME and LANG have defaults. The agent commits as itself; `.invalid` can be nobody's address. */
export function basicEnvironment(
  agent: string,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: homedir(),
    LANG: 'C.UTF-8',
    GIT_AUTHOR_NAME: `${agent} (agent)`,
    GIT_AUTHOR_EMAIL: 'agent@signalbox.invalid',
    GIT_COMMITTER_NAME: 'Signalbox worker',
    GIT_COMMITTER_EMAIL: 'worker@signalbox.invalid',
    ...given,
  };
}

/** What an attempt adds. Titles are written by anyone, and a NUL cannot be in an environment. */
export function attemptVariables(
  task: AgentTask,
  paths: WorkspacePaths,
  ports: PortRange,
): Record<string, string> {
  const { minutes, tokens, usd } = task.budget;
  const traceparent = traceparentOf(task.correlation_id);
  return {
    AGENT_BRIEF: paths.brief,
    AGENT_TASK_FILE: paths.contract,
    AGENT_BASE_MOVED_FILE: paths.moved,
    ...(task.ejection ? { AGENT_EJECTION_FILE: paths.ejection } : {}),
    AGENT_BRANCH: task.branch,
    AGENT_BASE_SHA: task.base_sha,
    AGENT_REPORT_URL: task.report_url,
    AGENT_CORRELATION_ID: task.correlation_id,
    ...(traceparent === null ? {} : { TRACEPARENT: traceparent }),
    AGENT_ESCALATION_FILE: join(paths.tree, escalationFile),
    AGENT_PATHS_FILE: join(paths.tree, pathsFile),
    AGENT_PATHS_ANSWER_FILE: join(paths.tree, pathsAnswerFile),
    AGENT_SCRATCH: join(dirname(paths.tree), 'scratch'),
    ...(task.plan === null ? {} : { AGENT_PLAN_FILE: join(paths.tree, planFile) }),
    ...(task.model === null ? {} : { AGENT_MODEL: task.model, LLM_MODEL: task.model }),
    ...(minutes === null ? {} : { AGENT_BUDGET_MINUTES: String(minutes) }),
    ...(tokens === null ? {} : { AGENT_BUDGET_TOKENS: String(tokens) }),
    ...(usd === null ? {} : { AGENT_BUDGET_USD: String(usd) }),
    SIGNALBOX_ISSUE: String(task.issue),
    SIGNALBOX_TASK_NAME: task.spec.title.replaceAll('\0', ''),
    SIGNALBOX_PORT_BASE: String(ports.base),
    SIGNALBOX_PORT_COUNT: String(ports.count),
    SIGNALBOX_DATABASE: databaseName(task),
  };
}

/** A name for a database of the attempt's own: letters that every server takes, at most 63 of them. */
export function databaseName(task: AgentTask): string {
  const end = `_${task.issue}_${task.attempt}_${task.fence}`;
  const repo = task.repo.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  return `signalbox_${repo}`.slice(0, 63 - end.length) + end;
}
