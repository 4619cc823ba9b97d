/**
 * A worker that gives second opinions: claim a review → run a command that reads it from a file and writes its answer
 * to another → report the answer as it is. What the command writes is judged by Signalbox; without an answer it says
 * nothing, and that is what people are shown.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ClaimReviewAnswer, ReportReviewAnswer, type ReviewJob } from '../protocol/agent-contract.ts';
import { runAgentProcess } from './agent-process.ts';
import { basicEnvironment } from './agent-variables.ts';
import { ContractClient } from './contract-client.ts';
import { defaultPatience, type Patience, pause, untilAnswered } from './patience.ts';
import { redact, secretsIn } from './redact.ts';
import type { ReviewEvent } from './worker-event.ts';

export interface ReviewerOptions {
  url: string;
  token: string;
  /** An agent with the role reviewer. */
  agent: string;
  worker: string;
  /** Run by `/bin/sh`; finds the review in $AGENT_REVIEW_FILE and answers into $AGENT_ANSWER_FILE. */
  command: string;
  directory: string;
  once?: boolean;
  log: (event: ReviewEvent) => void;
  env: Record<string, string>;
  patience?: Patience;
}

/** More often than the two minutes after which somebody else may have the review. */
const keepMs = 60_000;
const mostAnswerBytes = 20_000;
const longestShown = 2_000;

/** Gives opinions until the signal is aborted. Throws when Signalbox refuses the worker itself. */
export async function runReviewer(options: ReviewerOptions, signal: AbortSignal): Promise<void> {
  const { agent, worker, log, patience = defaultPatience } = options;
  const client = new ContractClient(options.url, options.token);
  const directory = resolve(options.directory, 'reviews');
  await mkdir(directory, { recursive: true });
  const problem = (message: string): void => log({ kind: 'problem', message, correlationId: null });
  while (!signal.aborted) {
    const claim = { agent, worker, claim_id: randomUUID() };
    const ask = () => client.post('claim-review', claim, ClaimReviewAnswer);
    const outcome = await untilAnswered(ask, patience, problem, signal);
    if (outcome.kind === 'refused') throw new Error(`Signalbox refuses this reviewer: ${outcome.reason}`);
    if (outcome.kind !== 'ok') continue;
    const { review, retry_after_seconds } = outcome.value;
    if (review === null) {
      await pause(retry_after_seconds * 1_000, signal);
      continue;
    }
    const keep = setInterval(() => void ask(), keepMs);
    try {
      await giveOpinion({ client, claimId: claim.claim_id, review, directory, patience }, options, signal);
    } finally {
      clearInterval(keep);
    }
    if (options.once) return;
  }
}

interface Review {
  client: ContractClient;
  claimId: string;
  review: ReviewJob;
  directory: string;
  patience: Patience;
}

async function giveOpinion(
  { client, claimId, review, directory, patience }: Review,
  options: ReviewerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { log } = options;
  const { repo, issue, pull, head, version, task, correlation_id: correlationId } = review;
  const name = { repo, issue, pull, head, correlationId };
  log({ kind: 'reviewing', ...name });
  const folder = await mkdtemp(join(directory, 'review-'));
  try {
    const answer = await runCommand(review, folder, options, signal);
    // Stopped: another reviewer may have it as soon as the claim has lapsed.
    if (signal.aborted) return;
    const body = { task, version, head, claim_id: claimId, answer };
    const outcome = await untilAnswered(
      () => client.post('report-review', body, ReportReviewAnswer),
      patience,
      (message) => log({ kind: 'problem', message, correlationId }),
      signal,
    );
    if (outcome.kind === 'ok') log({ kind: 'reviewed', ...name, ...outcome.value });
    else log({ kind: 'problem', message: outcome.reason, correlationId });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs the command beside the review. @returns what it answered; empty when that is nothing of use */
async function runCommand(
  review: ReviewJob,
  folder: string,
  options: ReviewerOptions,
  signal: AbortSignal,
): Promise<string> {
  const { log } = options;
  const correlationId = review.correlation_id;
  const file = join(folder, 'review.json');
  const answerFile = join(folder, 'answer.json');
  await writeFile(file, `${JSON.stringify(review, null, 2)}\n`);
  const env = {
    ...basicEnvironment(options.agent, options.env),
    AGENT_REVIEW_FILE: file,
    AGENT_ANSWER_FILE: answerFile,
    AGENT_CORRELATION_ID: correlationId,
  };
  const secrets = [options.token, ...secretsIn(options.env)];
  const left = AbortSignal.timeout(Math.max(1_000, Date.parse(review.answer_by) - Date.now()));
  const onLine = (line: string): void =>
    log({ kind: 'review-output', line: redact(line.slice(0, longestShown), secrets), correlationId });
  const command = { exec: options.command, cwd: folder, env, onLine };
  const exit = await runAgentProcess(command, AbortSignal.any([signal, left]), () => undefined);
  if (exit.code === 0) return redact(await readAnswer(answerFile), secrets);
  const how = exit.signal === null ? `exited with code ${exit.code}` : `was ended by ${exit.signal}`;
  log({ kind: 'problem', message: `the reviewer's command ${how}: it has no opinion`, correlationId });
  return '';
}

/** Not more of it than a report may carry: too much is no answer, and neither is half of one. */
async function readAnswer(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(
        Buffer.alloc(mostAnswerBytes + 1),
        0,
        mostAnswerBytes + 1,
        0,
      );
      return bytesRead > mostAnswerBytes ? '' : buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
