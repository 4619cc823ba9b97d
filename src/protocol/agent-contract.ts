/**
 * The contract between Signalbox and whatever runs an agent. Version 1, spoken over HTTP under `/api/agent/v1`.
 * Every call carries the attempt's number and fence: an old fence is answered with 409 and what to do.
 */
import { z } from 'zod';

export const contractVersion = 1;

/** POST /claim. A repeated claim with the same `claim_id` answers with the same task. */
export const ClaimRequest = z.strictObject({
  agent: z.string().min(1).max(64),
  worker: z.string().min(1).max(128),
  claim_id: z.uuid(),
});
export type ClaimRequest = z.infer<typeof ClaimRequest>;

export const AgentTask = z.object({
  contract: z.literal(contractVersion),
  /** Opaque id of the task: `<lane>.<issue>`. */
  task: z.string(),
  version: z.int(),
  attempt: z.int(),
  fence: z.int(),
  repo: z.string(),
  issue: z.int(),
  pull: z.int(),
  branch: z.string(),
  base: z.string(),
  base_sha: z.string(),
  spec: z.object({
    title: z.string(),
    requirements: z.string(),
    design: z.string(),
    acceptance: z.array(z.string()),
    /** What people answered when earlier attempts asked, oldest first. */
    guidance: z.array(z.object({ by: z.string(), question: z.string(), answer: z.string() })).default([]),
  }),
  owns: z.array(z.string()),
  depends_on: z.array(z.int()),
  budget: z.object({
    minutes: z.number().nullable(),
    tokens: z.number().nullable(),
    usd: z.number().nullable(),
  }),
  lease_expires_at: z.iso.datetime(),
  heartbeat_seconds: z.number(),
  correlation_id: z.string(),
  report_url: z.url(),
  /** Where to fetch from and push to; the token reaches this repository's contents and nothing else. */
  git: z.object({ url: z.url(), username: z.string(), token: z.string(), expires_at: z.iso.datetime() }),
});
export type AgentTask = z.infer<typeof AgentTask>;

/** Answer to a claim: a task, or nothing to do for now. */
export const ClaimAnswer = z.object({ task: AgentTask.nullable(), retry_after_seconds: z.number() });
export type ClaimAnswer = z.infer<typeof ClaimAnswer>;

const attemptFields = { task: z.string(), attempt: z.int(), fence: z.int(), version: z.int() };

/** POST /heartbeat: the agent is alive and this is the evidence. */
export const Heartbeat = z.strictObject({
  ...attemptFields,
  head: z.string().nullable(),
  note: z.string().max(500).optional(),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

export const HeartbeatAnswer = z.object({ lease_expires_at: z.iso.datetime() });
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;

/** POST /report: how the attempt ended, or why it needs a human. */
export const Report = z.discriminatedUnion('kind', [
  z.strictObject({ ...attemptFields, kind: z.literal('done'), head: z.string().regex(/^[0-9a-f]{40}$/) }),
  z.strictObject({
    ...attemptFields,
    kind: z.literal('failed'),
    error: z.strictObject({
      class: z.enum(['rate-limit', 'infra', 'semantic', 'budget']),
      message: z.string().max(4000),
    }),
  }),
  z.strictObject({
    ...attemptFields,
    kind: z.literal('escalate'),
    escalation: z.strictObject({ trigger: z.string().max(200), context: z.string().max(4000) }),
  }),
]);
export type Report = z.infer<typeof Report>;

export const ReportAnswer = z.object({ state: z.string() });
export type ReportAnswer = z.infer<typeof ReportAnswer>;

/** Every refusal: a stable code, what happened and what to do. */
export const ContractError = z.object({
  error: z.object({ code: z.string(), message: z.string(), todo: z.string() }),
});
export type ContractError = z.infer<typeof ContractError>;
