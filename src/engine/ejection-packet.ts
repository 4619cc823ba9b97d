/**
 * The packet that an attempt gets about work that came back. What the ledger knows of it is certain; the rest is read
 * on GitHub when the attempt asks, and what cannot be read is named in the packet: it holds up nobody.
 */
import type { LaneState, Task } from '../core/lane/state.ts';
import { ejectionOf } from '../core/task/ejection.ts';
import type { Ejection, OtherWork } from '../core/task/ejection-record.ts';
import { attemptsAllowed } from '../core/task/retry.ts';
import { fetchBothChanged } from '../github/fetch-both-changed.ts';
import { fetchJobReport } from '../github/fetch-job-report.ts';
import { fetchPullFiles } from '../github/fetch-pull-files.ts';
import { redactSecrets } from '../github/redact.ts';
import { findConflictHunks } from '../inspect/conflict-hunks.ts';
import { loadForReading } from '../ledger/load-lane.ts';
import {
  beginningOf,
  type EjectionPacket,
  endOf,
  EjectionPacket as Packet,
  packetBounds,
} from '../protocol/ejection-packet.ts';
import type { LaneContext } from './context.ts';
import { cacheOf } from './observe-diff.ts';

type Job = EjectionPacket['jobs'][number];
type Other = EjectionPacket['others'][number];
type Conflict = EjectionPacket['conflicts'][number];

/** Reads one part of a packet; GitHub's refusal becomes a sentence in it. */
type Read = <T>(what: string, read: () => Promise<T>) => Promise<T | null>;

function reader(unread: string[]): Read {
  return async (what, read) => {
    try {
      return await read();
    } catch (error) {
      const why = redactSecrets(error instanceof Error ? error.message : String(error));
      unread.push(`${what} could not be read: ${beginningOf(why, 200).text}`);
      return null;
    }
  };
}

/** Where its jobs ran: the last candidate that failed, or the head itself. */
function testedSha({ evidence, headSha }: Ejection): string {
  const failed = (evidence.tested ?? []).filter(({ outcome, sha }) => outcome === 'failed' && sha !== null);
  return failed.at(-1)?.sha ?? headSha;
}

async function readJobs(ctx: LaneContext, ejection: Ejection, read: Read): Promise<Job[]> {
  const byName = new Map(ejection.evidence.checks.map((check) => [check.name, check]));
  const jobs: Job[] = [];
  for (const { name, conclusion, url } of [...byName.values()].slice(0, packetBounds.jobs)) {
    const report = await read(`the log of ${name}`, () =>
      fetchJobReport(ctx.client, ctx.repo, testedSha(ejection), name),
    );
    const log = report && {
      title: beginningOf(redactSecrets(report.title), 200).text,
      ...endOf(redactSecrets(report.text), packetBounds.log),
      annotations: report.annotations.slice(0, packetBounds.annotations).map(({ path, line, message }) => ({
        path,
        line,
        message: beginningOf(redactSecrets(message), 300).text,
      })),
    };
    jobs.push({ name, conclusion, url, log });
  }
  return jobs;
}

async function readOther(
  ctx: LaneContext,
  { issue, pull, headSha }: OtherWork,
  task: Task | undefined,
  read: Read,
): Promise<Other> {
  const found = await read(`the changes of #${pull}`, () => fetchPullFiles(ctx.client, ctx.repo, pull));
  let left: number = packetBounds.patches;
  let isCut = (found ?? []).length > packetBounds.files;
  const files = (found ?? []).slice(0, packetBounds.files).map(({ path, patch }) => {
    if (patch === null) return { path, patch: null };
    const shown = beginningOf(redactSecrets(patch), Math.min(packetBounds.patch, left));
    left -= shown.text.length;
    isCut ||= shown.truncated;
    return { path, patch: shown.text === '' ? null : shown.text };
  });
  const wanted = beginningOf(task?.spec.requirements ?? '', packetBounds.requirements);
  return {
    issue,
    pull,
    head_sha: headSha,
    landed: task?.landedAs != null,
    title: beginningOf(task?.spec.title ?? '', 200).text,
    requirements: wanted.text,
    files,
    truncated: isCut || wanted.truncated,
  };
}

function kindOf(file: { base: unknown; ours: unknown; theirs: unknown }): Conflict['kind'] {
  if (file.ours === null) return 'removed-here';
  if (file.theirs === null) return 'removed-there';
  return file.base === 'binary' || file.ours === 'binary' || file.theirs === 'binary' ? 'binary' : 'text';
}

/** What git cannot merge of the head and the base that it has to fit. */
async function readConflicts(
  ctx: LaneContext,
  sides: { ours: string; theirs: string },
): Promise<{ conflicts: Conflict[]; more: number }> {
  const source = { client: ctx.client, repo: ctx.repo, cache: cacheOf(ctx) };
  const { files, more } = await fetchBothChanged(source, sides, packetBounds.conflicts);
  const conflicts = files.flatMap((file): Conflict[] => {
    const kind = kindOf(file);
    if (kind !== 'text') return [{ path: file.path, kind, hunks: [], truncated: false }];
    const all = findConflictHunks(file.base ?? '', file.ours ?? '', file.theirs ?? '');
    if (all.length === 0) return [];
    let isCut = all.length > packetBounds.hunks;
    const side = (text: string): string => {
      const shown = beginningOf(redactSecrets(text), packetBounds.side);
      isCut ||= shown.truncated;
      return shown.text;
    };
    const hunks = all.slice(0, packetBounds.hunks).map(({ line, base, ours, theirs }) => ({
      line,
      base: side(base),
      ours: side(ours),
      theirs: side(theirs),
    }));
    return [{ path: file.path, kind, hunks, truncated: isCut }];
  });
  return { conflicts, more };
}

async function makePacket(
  ctx: LaneContext,
  { policy }: LaneState,
  task: Task,
  ejection: Ejection,
): Promise<EjectionPacket> {
  const unread: string[] = [];
  const read = reader(unread);
  const { evidence, code } = ejection;
  const baseSha = task.attempt?.baseSha ?? '';
  const named = (evidence.others ?? []).slice(-packetBounds.others);
  const { state } = await loadForReading(ctx.db, ctx.key, { issues: named.map(({ issue }) => issue) });
  const others: Other[] = [];
  for (const other of named) others.push(await readOther(ctx, other, state.tasks[other.issue], read));
  const jobs = await readJobs(ctx, ejection, read);
  // Once something was pushed on top, the hunks of the old head would mislead.
  const isHead = task.pull?.headSha === ejection.headSha;
  const sides = { ours: ejection.headSha, theirs: baseSha };
  const found = isHead ? await read('what conflicts', () => readConflicts(ctx, sides)) : null;
  if (found && found.more > 0) unread.push(`${found.more} more files were changed on both sides`);
  return {
    code,
    reason: beginningOf(redactSecrets(ejection.reason), 1_000).text,
    at: ejection.at,
    attempt: ejection.attempt,
    head_sha: ejection.headSha,
    base_sha: baseSha,
    attempts_left: Math.max(0, attemptsAllowed(policy, task) - task.record.used - 1),
    odds: evidence.odds,
    candidates: (evidence.tested ?? []).map((each) => ({
      build: each.build,
      outcome: each.outcome,
      base_sha: each.baseSha,
      sha: each.sha,
      tree: each.tree,
      with: each.with,
    })),
    jobs,
    others,
    conflicts: found?.conflicts ?? [],
    unread,
  };
}

/** The packet of the attempt under way; null when nothing came back. The same attempt always gets the same one. */
export async function readEjectionPacket(
  ctx: LaneContext,
  state: LaneState,
  task: Task,
): Promise<EjectionPacket | null> {
  const ejection = ejectionOf(task);
  if (!ejection || !task.attempt) return null;
  const name = `ejection:${ctx.key.laneId}:${task.issue}:${task.attempt.fence}`;
  const text = await cacheOf(ctx).take(name, async () =>
    JSON.stringify(await makePacket(ctx, state, task, ejection)),
  );
  return Packet.parse(JSON.parse(text));
}
