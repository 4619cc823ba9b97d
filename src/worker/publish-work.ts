/** The last mile of an attempt: commit what the agent left, ask the fence once more, push. */
import type { AgentTask } from '../protocol/agent-contract.ts';
import type { AttemptOptions, Ending } from './attempt.ts';
import type { LeaseHolder } from './lease-holder.ts';
import { pause, pauses, untilAnswered } from './patience.ts';
import { type GitAccess, type PushResult, pushCommit } from './repo-store.ts';
import { attemptName } from './worker-event.ts';
import type { Workspace } from './workspace.ts';

/** Credentials that end within this time are renewed before they are used. */
const freshMs = 120_000;

/** Commits and pushes what the agent made. */
export async function publishWork(
  task: AgentTask,
  workspace: Workspace,
  lease: LeaseHolder,
  options: AttemptOptions,
  over: AbortSignal,
): Promise<Ending> {
  const work = await workspace.commitAll();
  if (work.kind === 'nothing') {
    return semantic('the agent ended with code 0 and changed nothing');
  }
  if (work.kind === 'unmerged') return semantic('the agent left unresolved merge conflicts');

  const standing = await untilAnswered(
    () => lease.beat(),
    options.patience,
    () => undefined,
    over,
  );
  if (standing.kind !== 'ok') {
    const message = `the work was not pushed, because the fence could not be checked: ${standing.reason}`;
    return { kind: 'failed', class: 'infra', message, kept: workspace.paths.tree };
  }
  const access = await freshAccess(task, options);
  return pushWork(task, workspace, access, work.head, options, over);
}

async function pushWork(
  task: AgentTask,
  workspace: Workspace,
  access: GitAccess,
  first: string,
  options: AttemptOptions,
  over: AbortSignal,
): Promise<Ending> {
  let head = first;
  let result = await pushPatiently(task, workspace, access, head, options, over);
  if (result.kind === 'behind') {
    const rebased = await workspace.rebaseOntoRemote(access, over);
    if (rebased === null)
      return semantic(`somebody else pushed to ${task.branch}, and the work conflicts with it`);
    head = rebased;
    result = await pushPatiently(task, workspace, access, head, options, over);
  }
  if (result.kind === 'pushed') {
    options.log({ kind: 'pushed', ...attemptName(task), branch: task.branch, head });
    return { kind: 'done', head };
  }
  if (result.kind === 'behind')
    return semantic(`${task.branch} keeps moving under the push; nothing was pushed`);
  if (result.kind === 'declined') return semantic(`the push was declined: ${result.reason}`);
  const message = `the push did not get through: ${result.reason}`;
  return { kind: 'failed', class: 'infra', message, kept: workspace.paths.tree };
}

async function pushPatiently(
  task: AgentTask,
  workspace: Workspace,
  access: GitAccess,
  head: string,
  options: AttemptOptions,
  over: AbortSignal,
): Promise<PushResult> {
  const push = () => pushCommit(workspace.store, access, task.branch, head, options.env, over);
  let result = await push();
  for (const ms of pauses(options.patience)) {
    if (result.kind !== 'unreachable') return result;
    options.log({ kind: 'problem', message: `push: ${result.reason}`, correlationId: task.correlation_id });
    await pause(ms, over);
    result = await push();
  }
  return result;
}

async function freshAccess(task: AgentTask, options: AttemptOptions): Promise<GitAccess> {
  if (Date.parse(task.git.expires_at) - Date.now() > freshMs) return task.git;
  return (await options.renewAccess()) ?? task.git;
}

function semantic(message: string): Ending {
  return { kind: 'failed', class: 'semantic', message };
}
