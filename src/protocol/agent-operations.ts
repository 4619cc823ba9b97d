/**
 * Every operation of the agent contract, once: HTTP routes, MCP tools, JSON Schemas and the OpenAPI document are made
 * from this table.
 */
import type { z } from 'zod';
import {
  ClaimAnswer,
  ClaimRequest,
  ClaimReviewAnswer,
  ClaimReviewRequest,
  Escalate,
  Heartbeat,
  HeartbeatAnswer,
  LoadCheckpoint,
  ProposeSplit,
  ProposeSplitAnswer,
  Release,
  Report,
  ReportAnswer,
  ReportReview,
  ReportReviewAnswer,
  RequestPaths,
  RequestPathsAnswer,
  SaveCheckpoint,
  SaveCheckpointAnswer,
  StartAnswer,
  StartRequest,
} from './agent-contract.ts';

export interface Operation {
  method: 'POST' | 'PUT' | 'GET';
  /** Under `/api/agent/v1`. */
  path: string;
  summary: string;
  /** JSON in the body, or in the query where the body is a bundle. */
  request: z.ZodObject | z.ZodDiscriminatedUnion;
  /** Null: the answer is a bundle. */
  answer: z.ZodObject | null;
  /** Where a git bundle travels, as bytes over HTTP and as Base64 over MCP. */
  bundle: 'none' | 'in' | 'out';
}

export const operations = {
  claim: {
    method: 'POST',
    path: '/claim',
    summary: 'Ask for a task. The same claim_id again gets the same task; none means: ask again later.',
    request: ClaimRequest,
    answer: ClaimAnswer,
    bundle: 'none',
  },
  start: {
    method: 'POST',
    path: '/start',
    summary: 'Say that the workflow run of an attempt has begun, and get its brief. Only for such runs.',
    request: StartRequest,
    answer: StartAnswer,
    bundle: 'none',
  },
  heartbeat: {
    method: 'POST',
    path: '/heartbeat',
    summary:
      'Say that the attempt is alive, with evidence. It keeps the lease; without it the attempt is taken away.',
    request: Heartbeat,
    answer: HeartbeatAnswer,
    bundle: 'none',
  },
  report: {
    method: 'POST',
    path: '/report',
    summary: 'Say how the attempt ended: done, with the head that was pushed, or failed, with the reason.',
    request: Report,
    answer: ReportAnswer,
    bundle: 'none',
  },
  escalate: {
    method: 'POST',
    path: '/escalate',
    summary: 'Stop and ask a person to decide. The attempt ends, and the answer starts another one.',
    request: Escalate,
    answer: ReportAnswer,
    bundle: 'none',
  },
  'request-paths': {
    method: 'POST',
    path: '/request-paths',
    summary: 'Ask for files that the task does not own, before changing them.',
    request: RequestPaths,
    answer: RequestPathsAnswer,
    bundle: 'none',
  },
  'propose-split': {
    method: 'POST',
    path: '/propose-split',
    summary: 'Propose how to split the task into issues of their own. Only for attempts that are to plan.',
    request: ProposeSplit,
    answer: ProposeSplitAnswer,
    bundle: 'none',
  },
  release: {
    method: 'POST',
    path: '/release',
    summary: 'Give the attempt back unfinished, so that it can be given to somebody else at once.',
    request: Release,
    answer: ReportAnswer,
    bundle: 'none',
  },
  'save-checkpoint': {
    method: 'PUT',
    path: '/checkpoint',
    summary: 'Keep a git bundle of the work so far, in place of the earlier one.',
    request: SaveCheckpoint,
    answer: SaveCheckpointAnswer,
    bundle: 'in',
  },
  'load-checkpoint': {
    method: 'GET',
    path: '/checkpoint',
    summary:
      'Get the newest git bundle that this agent has kept of the task, in this attempt or an earlier one.',
    request: LoadCheckpoint,
    answer: null,
    bundle: 'out',
  },
  'claim-review': {
    method: 'POST',
    path: '/claim-review',
    summary: 'Ask for a change to give a second opinion on. Only for agents with the role reviewer.',
    request: ClaimReviewRequest,
    answer: ClaimReviewAnswer,
    bundle: 'none',
  },
  'report-review': {
    method: 'POST',
    path: '/report-review',
    summary: 'Give the opinion. It can only withhold; what does not fit its schema is no opinion.',
    request: ReportReview,
    answer: ReportReviewAnswer,
    bundle: 'none',
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
export const operationNames = Object.keys(operations) as OperationName[];

/** What a call of the operation carries, a bundle aside. */
export type BodyOf<K extends OperationName> = z.output<(typeof operations)[K]['request']>;
