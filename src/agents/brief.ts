/** What an agent is told about its attempt: the task of the contract, without the means to push. */
import { taskId } from '../core/ids.ts';
import { prerequisitesOf, type Task } from '../core/lane/state.ts';
import type { Policy } from '../core/policy.ts';
import { type AgentBrief, contractVersion } from '../protocol/agent-contract.ts';

export interface BriefInput {
  laneId: number;
  owner: string;
  repo: string;
  base: string;
  task: Task;
  policy: Policy;
  /** What the attempt may use. */
  budget: AgentBrief['budget'];
  leaseUntil: string;
  publicUrl: string;
  /** The first sequence number that no call of the attempt has used. */
  nextSequence: number;
  checkpoint: { attempt: number; head: string; bytes: number; savedAt: string } | null;
  ejection: AgentBrief['ejection'];
}

/** The task for its agent; null when there is no attempt, or no pull request that its work could be seen in. */
export function briefAgent(input: BriefInput): AgentBrief | null {
  const { task, policy, checkpoint } = input;
  const { attempt, pull, spec } = task;
  if (!attempt || (!pull && attempt.job === 'work')) return null;
  return {
    contract: contractVersion,
    task: taskId(input.laneId, task.issue),
    version: task.version,
    attempt: attempt.number,
    fence: attempt.fence,
    next_sequence: input.nextSequence,
    repo: `${input.owner}/${input.repo}`,
    issue: task.issue,
    pull: attempt.job === 'work' && pull ? pull.number : task.issue,
    branch: attempt.branch,
    base: input.base,
    base_sha: attempt.baseSha,
    spec: {
      title: spec.title,
      requirements: spec.requirements,
      design: spec.design,
      acceptance: spec.acceptance,
      guidance: task.record.guidance.map(({ by, question, answer }) => ({ by, question, answer })),
    },
    model: policy.agents[attempt.agent]?.model ?? null,
    plan: attempt.job === 'plan' ? { most_parts: policy.split.parts } : null,
    owns: spec.owns,
    depends_on: prerequisitesOf(task),
    budget: input.budget,
    lease_expires_at: input.leaseUntil,
    heartbeat_seconds: policy.ownership.heartbeat / 1000,
    correlation_id: task.correlationId,
    report_url: `${input.publicUrl}/api/agent/v1/report`,
    checkpoint: checkpoint && {
      attempt: checkpoint.attempt,
      head: checkpoint.head,
      bytes: checkpoint.bytes,
      saved_at: checkpoint.savedAt,
    },
    ejection: input.ejection,
  };
}
