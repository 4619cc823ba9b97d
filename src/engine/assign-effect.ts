/** Carrying out an assignment: in the name of whoever asked for the task, or by asking for the click. */
import type { Effect } from '../core/lane/effects.ts';
import type { Task } from '../core/lane/state.ts';
import { assignAgent } from '../github/assign-agent.ts';
import { classifyFailure } from '../github/failure.ts';
import type { LaneContext } from './context.ts';
import { tokenOf } from './sign-in.ts';

type AskAssignment = Extract<Effect, { kind: 'ask-assignment' }>;

/** The person in whose name the agent was assigned; null when somebody has to do it. */
export async function assignInName(
  ctx: LaneContext,
  { issue }: AskAssignment,
  task: Task,
  login: string,
): Promise<string | null> {
  const { signIn } = ctx;
  const person = task.requestedBy;
  const token = signIn ? await tokenOf(ctx, signIn, person) : null;
  if (token === null) return null;
  try {
    const done = await assignAgent(ctx.github.asUser(token), ctx.repo, issue, login);
    return done === 'assigned' ? person : null;
  } catch (error) {
    if (classifyFailure(error).kind !== 'refused') throw error;
    ctx.log.warn({ issue, person }, 'GitHub refused to assign the agent in this person’s name');
    return null;
  }
}
