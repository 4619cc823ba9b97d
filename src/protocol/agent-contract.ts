/**
 * The contract between Signalbox and whatever runs an agent. Version 1, spoken over HTTP under `/api/agent/v1` and as
 * MCP tools on `/mcp`. Every call about an attempt carries its number and fence: an old fence is answered with 409 and
 * what to do. Every such call carries a sequence number too: the same number again gets the same answer and changes
 * nothing. The operations and their schemas are listed in agent-operations.ts.
 */
import { z } from 'zod';
import { EjectionPacket } from './ejection-packet.ts';

export const contractVersion = 1;

/** A commit's full name. */
const Sha = z.string().regex(/^[0-9a-f]{40}$/);
const positive = z.number().nonnegative().max(1e12);

/** POST /claim. A repeated claim with the same `claim_id` answers with the same task. */
export const ClaimRequest = z.strictObject({
  agent: z.string().min(1).max(64).describe('The name of the agent in .github/signalbox.yml.'),
  worker: z.string().min(1).max(128).describe('Who is asking: stable while it runs.'),
  claim_id: z.uuid().describe('Chosen by the worker; the same id again gets the same task.'),
});
export type ClaimRequest = z.infer<typeof ClaimRequest>;

/** What an earlier run of the same agent has saved of this task, at this version; see `checkpoint`. */
const SavedCheckpoint = z.object({
  attempt: z.int(),
  head: Sha,
  bytes: z.int(),
  saved_at: z.iso.datetime(),
});

/** An attempt as its agent is told about it. */
export const AgentBrief = z.object({
  contract: z.literal(contractVersion),
  /** Opaque id of the task: `<lane>.<issue>`. */
  task: z.string(),
  version: z.int(),
  attempt: z.int(),
  fence: z.int(),
  /** The first sequence number that no call of this attempt has used. */
  next_sequence: z.int(),
  repo: z.string(),
  issue: z.int(),
  /** Where its work is seen; for a plan, which changes nothing, the issue itself. */
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
  /** The model that the policy names for this agent; null: whichever its CLI takes by itself. */
  model: z.string().nullable().default(null),
  /** Set when the attempt is to propose a plan, with `propose-split`, and to change nothing. */
  plan: z.object({ most_parts: z.int() }).nullable().default(null),
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
  checkpoint: SavedCheckpoint.nullable(),
  /** Why the work came back, when it did; null otherwise. */
  ejection: EjectionPacket.nullable().default(null),
});
export type AgentBrief = z.infer<typeof AgentBrief>;

export const AgentTask = AgentBrief.extend({
  /** Where to fetch from and push to; the token reaches this repository's contents and nothing else. */
  git: z.object({ url: z.url(), username: z.string(), token: z.string(), expires_at: z.iso.datetime() }),
});
export type AgentTask = z.infer<typeof AgentTask>;

/** Answer to a claim: a task, or nothing to do for now. */
export const ClaimAnswer = z.object({ task: AgentTask.nullable(), retry_after_seconds: z.number() });
export type ClaimAnswer = z.infer<typeof ClaimAnswer>;

/** POST /start: a workflow run that was dispatched for an attempt has begun. Both are the run's inputs. */
export const StartRequest = z.strictObject({
  task: z.string().max(64).describe('The input `task` of the run.'),
  attempt: z
    .string()
    .regex(/^\d{1,9}-\d{1,15}$/)
    .describe('The input `attempt` of the run: attempt and fence.'),
});
export type StartRequest = z.infer<typeof StartRequest>;

/** The brief; none means: ask again, the run is not written down yet. */
export const StartAnswer = z.object({ task: AgentBrief.nullable(), retry_after_seconds: z.number() });
export type StartAnswer = z.infer<typeof StartAnswer>;

/** What names the attempt, and the call within it. */
export const attemptFields = {
  task: z.string().max(64).describe('The id of the task, as the claim gave it.'),
  attempt: z.int(),
  fence: z.int().describe('The fence of the attempt: an old one is refused with 409.'),
  version: z.int(),
  sequence: z
    .int()
    .min(1)
    .max(2 ** 40)
    .describe('Grows with every call of the attempt. The same number again gets the same answer.'),
};

/** What the attempt has used so far, in all. */
export const Usage = z.strictObject({
  minutes: positive.optional(),
  tokens: positive.optional(),
  usd: positive.optional(),
});
export type Usage = z.infer<typeof Usage>;

/** POST /heartbeat: the agent is alive and this is the evidence. */
export const Heartbeat = z.strictObject({
  ...attemptFields,
  head: z.string().max(64).nullable().describe('The commit the worktree is at, if any.'),
  note: z.string().max(500).optional(),
  usage: Usage.optional(),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** What has landed in files of the task, so that the branch is behind; the newest ten landings. */
export const BaseMoved = z.array(
  z.object({ base_sha: z.string(), pulls: z.array(z.int()), paths: z.array(z.string()) }),
);
export type BaseMoved = z.infer<typeof BaseMoved>;

export const HeartbeatAnswer = z.object({
  lease_expires_at: z.iso.datetime(),
  base_moved: BaseMoved.default([]).describe(
    'What has landed in files of the task and the branch does not have.',
  ),
});
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;

/** POST /report: how the attempt ended. */
export const Report = z.discriminatedUnion('kind', [
  z.strictObject({ ...attemptFields, kind: z.literal('done'), head: Sha, usage: Usage.optional() }),
  z.strictObject({
    ...attemptFields,
    kind: z.literal('failed'),
    error: z.strictObject({
      class: z.enum(['rate-limit', 'infra', 'semantic', 'budget']),
      message: z.string().max(4000),
      retry_after_seconds: z
        .number()
        .positive()
        .max(86_400)
        .optional()
        .describe('How long a rate limit lasts, where the agent was told.'),
    }),
    usage: Usage.optional(),
  }),
]);
export type Report = z.infer<typeof Report>;

/** Where the task stands now. */
export const ReportAnswer = z.object({ state: z.string() });
export type ReportAnswer = z.infer<typeof ReportAnswer>;

/** POST /escalate: the agent cannot go on without a person. It is free afterwards. */
export const Escalate = z.strictObject({
  ...attemptFields,
  trigger: z.string().min(1).max(200).describe('What made it stop, in a few words.'),
  context: z.string().max(4000).describe('What a person must know to decide, and what was tried.'),
  options: z
    .array(z.string().min(1).max(500))
    .min(2)
    .max(5)
    .optional()
    .describe('The ways on that the agent sees; a person picks one with `/resume A`.'),
  usage: Usage.optional(),
});
export type Escalate = z.infer<typeof Escalate>;

/** POST /request-paths: the work needs files that the task does not own. */
export const RequestPaths = z.strictObject({
  ...attemptFields,
  paths: z.array(z.string().min(1).max(256)).min(1).max(20).describe('Path patterns, as in the issue form.'),
  why: z.string().max(500).optional(),
});
export type RequestPaths = z.infer<typeof RequestPaths>;

/**
 * `granted`: the paths are the task's now. `asked`: a person was asked, and a change there fails the arbiter until one
 * agrees. `refused`: not possible; `reason` says why.
 */
export const RequestPathsAnswer = z.object({
  outcome: z.enum(['granted', 'asked', 'refused']),
  paths: z.array(z.string()),
  reason: z.string(),
});
export type RequestPathsAnswer = z.infer<typeof RequestPathsAnswer>;

/** One part of a plan, as an issue of its own would ask for it. */
export const SplitPart = z.strictObject({
  title: z.string().min(1).max(200),
  requirements: z.string().min(1).max(8_000).describe('What is to be done.'),
  design: z.string().max(8_000).default(''),
  acceptance: z.array(z.string().min(1).max(500)).max(30).default([]),
  owns: z.array(z.string().min(1).max(256)).min(1).max(50).describe('Path patterns, as in the issue form.'),
  after: z
    .array(z.int().min(1).max(50))
    .max(50)
    .default([])
    .describe('The parts that must be done before it, by their places in the list, from 1.'),
});

/** What a planner writes: the parts in an order in which they could be done one after the other. */
export const SplitPlan = z.strictObject({
  summary: z.string().max(4_000).default('').describe('Why it is split like this, for whoever accepts it.'),
  parts: z.array(SplitPart).min(2).max(50),
});
export type SplitPlan = z.infer<typeof SplitPlan>;

/** POST /propose-split: only for attempts with `plan` in their task. The attempt ends; people accept the plan, or not. */
export const ProposeSplit = SplitPlan.extend({ ...attemptFields, usage: Usage.optional() });
export type ProposeSplit = z.infer<typeof ProposeSplit>;

/** `refused`: it cannot be used as it is, and the attempt has failed; `reason` says why. */
export const ProposeSplitAnswer = z.object({
  outcome: z.enum(['proposed', 'refused']),
  state: z.string(),
  reason: z.string(),
});
export type ProposeSplitAnswer = z.infer<typeof ProposeSplitAnswer>;

/** POST /release: the worker gives the attempt back unfinished, through no fault of the work. */
export const Release = z.strictObject({ ...attemptFields, reason: z.string().max(500).optional() });
export type Release = z.infer<typeof Release>;

/** The most that one checkpoint may hold, in bytes. */
export const mostCheckpointBytes = 32 * 1024 * 1024;

/** PUT /checkpoint: these in the query, and a git bundle as the body. It replaces the attempt's earlier one. */
export const SaveCheckpoint = z.strictObject({
  ...attemptFields,
  head: Sha.describe('The commit that the bundle ends at.'),
});
export type SaveCheckpoint = z.infer<typeof SaveCheckpoint>;

export const SaveCheckpointAnswer = z.object({ head: Sha, bytes: z.int() });
export type SaveCheckpointAnswer = z.infer<typeof SaveCheckpointAnswer>;

const { sequence: _, ...named } = attemptFields;

/**
 * GET /checkpoint: the newest bundle of the task that this agent has saved at this version, in this attempt or an
 * earlier one. Reading takes no sequence number.
 */
export const LoadCheckpoint = z.strictObject(named);
export type LoadCheckpoint = z.infer<typeof LoadCheckpoint>;

/** POST /claim-review. The same `claim_id` again keeps the review, and gets the same one. */
export const ClaimReviewRequest = z.strictObject({
  agent: z.string().min(1).max(64).describe('The name of an agent with the role reviewer.'),
  worker: z.string().min(1).max(128).describe('Who is asking: stable while it runs.'),
  claim_id: z.uuid().describe('Chosen by the worker; repeated within two minutes it keeps the review.'),
});
export type ClaimReviewRequest = z.infer<typeof ClaimReviewRequest>;

/** One head to give an opinion on. */
export const ReviewJob = z.object({
  contract: z.literal(contractVersion),
  task: z.string(),
  version: z.int(),
  head: Sha,
  base_sha: Sha,
  repo: z.string(),
  issue: z.int(),
  pull: z.int(),
  correlation_id: z.string(),
  /** What to look for, and how to answer. */
  instructions: z.string(),
  /** Untrusted: written by others, and no instruction to anybody. */
  untrusted: z.object({
    title: z.string(),
    requirements: z.string(),
    design: z.string(),
    acceptance: z.array(z.string()),
    owns: z.array(z.string()),
    diff: z.string(),
  }),
  /** Whether the diff was cut off. */
  truncated: z.boolean(),
  /** After this it counts as no opinion. */
  answer_by: z.iso.datetime(),
});
export type ReviewJob = z.infer<typeof ReviewJob>;

export const ClaimReviewAnswer = z.object({ review: ReviewJob.nullable(), retry_after_seconds: z.number() });
export type ClaimReviewAnswer = z.infer<typeof ClaimReviewAnswer>;

/** POST /report-review: what the reviewer answered, as it is. */
export const ReportReview = z.strictObject({
  task: attemptFields.task,
  version: z.int(),
  head: Sha,
  claim_id: z.uuid(),
  answer: z
    .string()
    .max(20_000)
    .describe(
      'JSON as the instructions ask for it. Anything else counts as no opinion, and is shown as that.',
    ),
});
export type ReportReview = z.infer<typeof ReportReview>;

/** How the answer was understood. */
export const ReportReviewAnswer = z.object({
  verdict: z.enum(['pass', 'withhold', 'none']),
  summary: z.string(),
});
export type ReportReviewAnswer = z.infer<typeof ReportReviewAnswer>;

/** Every refusal: a stable code, what happened and what to do. */
export const ContractError = z.object({
  error: z.object({ code: z.string(), message: z.string(), todo: z.string() }),
});
export type ContractError = z.infer<typeof ContractError>;
