/**
 * Slash commands: what can be typed, and the shape of the one file that each command has. A command's answer is a
 * pure function of the lane's state; `gate/commands.ts` asks for the permission first.
 */
import type { CommandOutcome, FactBody } from '../lane/facts.ts';
import type { LaneState, Task } from '../lane/state.ts';
import type { LandedPull } from '../queue/reverting.ts';
import type { IssueReference } from '../task/specification.ts';

/** A command as it was written, with its arguments understood. */
export type Command =
  | { name: 'approve'; sha: string | null }
  | { name: 'unapprove' }
  | { name: 'hold'; why: string | null }
  | { name: 'unhold' }
  | { name: 'escalate'; why: string }
  | { name: 'resume'; guidance: string }
  | { name: 'retry' }
  | { name: 'cancel' }
  | { name: 'assign-agent'; agent: string }
  | { name: 'own'; paths: string[] }
  | { name: 'disown'; paths: string[] }
  | { name: 'depends'; issues: IssueReference[] }
  | { name: 'independent'; issues: IssueReference[] }
  | { name: 'priority'; level: 'high' | 'normal' | 'low' }
  | { name: 'rebase' }
  | { name: 'try'; pulls: number[] }
  | { name: 'revert'; pull: number }
  | { name: 'override'; rule: string; why: string }
  | { name: 'freeze'; why: string }
  | { name: 'unfreeze' }
  | { name: 'status' }
  | { name: 'why' }
  | { name: 'help' };

export type CommandName = Command['name'];

/** What a command needs: `write` and `maintain` are GitHub's roles in the repository; `read` is anyone who can comment. */
export type CommandRight = 'read' | 'write' | 'maintain';

/** One command that somebody typed, who is allowed to. */
export interface Typed<Name extends CommandName> {
  command: Extract<Command, { name: Name }>;
  by: string;
  /** The issue or PR under which it was typed. */
  under: number;
  /** When the comment was written, by GitHub's clock, ISO 8601. */
  writtenAt: string;
  /** Which owners of the changed files this person speaks for besides `@login`. */
  owns: string[];
  /** The open PRs to this lane's base that the command names. */
  named: { number: number; headSha: string }[];
  /** What `/revert` names, where it has landed. */
  landed: LandedPull | null;
  comment: number;
  /** Which of the comment's commands this is, from 0. */
  index: number;
}

/** What a command leads to. `detail` says why it was refused, and what to do. */
export interface Answer {
  outcome: CommandOutcome;
  detail: string;
  facts: FactBody[];
}

/**
 * Who may type a command, what it is about, and what it does.
 *
 * `task`: about what an issue asks for. `pull`: about a PR, whether or not a task owns it. `any-pull`: the same, and
 * it brings a PR that no task owns to Signalbox. `lane`: not about one task, may be typed anywhere in the repository.
 */
export type CommandRule<Name extends CommandName> = { needs: CommandRight } & (
  | {
      on: 'task' | 'pull' | 'any-pull';
      run: (state: LaneState, task: Task, typed: Typed<Name>) => Answer;
    }
  | { on: 'lane'; run: (state: LaneState, typed: Typed<Name>) => Answer }
);

/** Done, with the facts that it amounts to. */
export function accept(facts: FactBody[], detail = ''): Answer {
  return { outcome: 'done', detail, facts };
}

/** Allowed to this person, but not possible as things stand. */
export function refuse(detail: string): Answer {
  return { outcome: 'refused', detail, facts: [] };
}
