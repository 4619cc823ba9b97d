/** The last mile of an attempt: commit what the agent left, ask the fence once more, push. */
import type { AgentTask } from '../protocol/agent-contract.ts';
import type { AttemptOptions, Ending } from './attempt.ts';
import type { LeaseHolder } from './lease-holder.ts';
import { findMerge, settleMerge, unsettledFiles } from './merge-base-branch.ts';
import { pause, pauses, untilAnswered } from './patience.ts';
import { type GitAccess, type Push, type PushResult, pushCommit } from './repo-store.ts';
import { attemptName } from './worker-event.ts';
import type { CommitResult, Workspace } from './workspace.ts';

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
  const work = await readWork(task, workspace);
  if (work.kind === 'nothing') {
    return semantic('the agent ended with code 0 and changed nothing');
  }
  if (work.kind === 'unmerged') return semantic('the agent left unresolved merge conflicts');

  const standing = await untilAnswered(
    () => lease.beat('finished work'),
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

/** What there is to push; of work that came back, only what was done about it counts. */
async function readWork(task: AgentTask, workspace: Workspace): Promise<CommitResult> {
  const work = await workspace.commitAll();
  const merge = task.ejection && work.kind === 'commits' ? await findMerge(workspace) : null;
  if (merge === null) return work;
  const isUntouched = (await workspace.git('diff', '--quiet', merge.sha, 'HEAD')).code === 0;
  if (merge.kind === 'clean') {
    return isUntouched && task.ejection?.code === 'checks-failed' ? { kind: 'nothing' } : work;
  }
  if ((await unsettledFiles(workspace, merge.sha)).length > 0) return { kind: 'unmerged' };
  return { kind: 'commits', head: await settleMerge(workspace) };
}

async function pushWork(
  task: AgentTask,
  workspace: Workspace,
  access: GitAccess,
  first: string,
  options: AttemptOptions,
  over: AbortSignal,
): Promise<Ending> {
  let push: Push = { branch: task.branch, sha: first, expected: workspace.tip };
  // An agent that wrote history anew must not take anybody's commits off the branch.
  let result: PushResult = (await workspace.isOnTopOf(first, workspace.tip))
    ? await pushPatiently(task, workspace, access, push, options, over)
    : { kind: 'behind' };
  if (result.kind === 'behind') {
    const rebased = await workspace.rebaseOntoRemote(access, over);
    if (rebased === null)
      return semantic(`somebody else pushed to ${task.branch}, and the work conflicts with it`);
    push = { ...push, sha: rebased.head, expected: rebased.tip };
    result = await pushPatiently(task, workspace, access, push, options, over);
  }
  if (result.kind === 'pushed') {
    options.log({ kind: 'pushed', ...attemptName(task), branch: task.branch, head: push.sha });
    return { kind: 'done', head: push.sha };
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
  push: Push,
  options: AttemptOptions,
  over: AbortSignal,
): Promise<PushResult> {
  const tryOnce = () => pushCommit(workspace.store, access, push, options.env, over);
  let result = await tryOnce();
  for (const ms of pauses(options.patience)) {
    if (result.kind !== 'unreachable') return result;
    options.log({ kind: 'problem', message: `push: ${result.reason}`, correlationId: task.correlation_id });
    await pause(ms, over);
    result = await tryOnce();
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
