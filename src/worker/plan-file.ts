/**
 * How a planner answers: it writes `.signalbox/plan.json` in its worktree (`$AGENT_PLAN_FILE`). Nothing else that it
 * leaves there counts, and nothing is pushed.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SplitPlan } from '../protocol/agent-contract.ts';

export const planFile = '.signalbox/plan.json';

/** More is no plan. */
const mostBytes = 200_000;

export type PlanReading = { kind: 'ok'; plan: SplitPlan } | { kind: 'unusable'; why: string };

/** What the planner wrote. */
export async function readPlan(tree: string): Promise<PlanReading> {
  let text: string;
  try {
    text = await readFile(join(tree, planFile), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EISDIR') throw error;
    return { kind: 'unusable', why: `the agent ended with code 0 and wrote no ${planFile}` };
  }
  return planOf(text);
}

/** Judges the file's text by the contract. */
export function planOf(text: string): PlanReading {
  if (Buffer.byteLength(text) > mostBytes) {
    return { kind: 'unusable', why: `${planFile} has more than ${mostBytes} bytes` };
  }
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: 'unusable', why: `${planFile} is no JSON: ${error.message}` };
  }
  const parsed = SplitPlan.safeParse(written);
  if (parsed.success) return { kind: 'ok', plan: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  return {
    kind: 'unusable',
    why: `${planFile} cannot be used: ${where}${issue?.message ?? 'not understood'}`,
  };
}

/** The plan with each of its texts cleaned. */
export function cleanPlan({ summary, parts }: SplitPlan, clean: (text: string) => string): SplitPlan {
  return {
    summary: clean(summary),
    parts: parts.map((part) => ({
      ...part,
      title: clean(part.title),
      requirements: clean(part.requirements),
      design: clean(part.design),
      acceptance: part.acceptance.map(clean),
    })),
  };
}

/** Removes what an earlier run has planned. */
export async function clearPlan(tree: string): Promise<void> {
  await rm(join(tree, planFile), { force: true, recursive: true });
}
