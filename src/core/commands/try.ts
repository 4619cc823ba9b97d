/**
 * `/try [#<pull request>…]`: tests the PR merged with its base, and with others where they are named, and lands
 * nothing. What CI says is told in the PR's comment; a new commit or another `/try` ends it.
 */
import type { BuildEntry } from '../lane/queue-state.ts';
import type { LaneState } from '../lane/state.ts';
import { mostTriedWith, startTry, triesProblem } from '../queue/tries.ts';
import { accept, type CommandRule, refuse, type Typed } from './command.ts';

/** The heads of the PRs that were named, as GitHub has them; or the number of one that is not to be had. */
function namedEntries(state: LaneState, { command, named }: Typed<'try'>): BuildEntry[] | number {
  const entries: BuildEntry[] = [];
  for (const number of new Set(command.pulls)) {
    const headSha = named.find((pull) => pull.number === number)?.headSha;
    if (headSha === undefined) return number;
    const task = Object.values(state.tasks).find(({ pull }) => pull?.number === number);
    entries.push({ issue: task?.issue ?? number, pull: number, headSha });
  }
  return entries;
}

export const tryBuild: CommandRule<'try'> = {
  needs: 'write',
  on: 'any-pull',
  run: (state, task, typed) => {
    const { issue, pull, attempt } = task;
    const { baseSha } = state;
    if (!pull?.open) return refuse('there is no open pull request to try');
    if (attempt?.openedSha === pull.headSha) return refuse('the branch has no changes yet');
    if (pull.gate.retargeted !== null) return refuse(`it goes to ${pull.gate.retargeted} now`);
    if (baseSha === null) return refuse('the base branch has not been read yet: type it again in a moment');
    if (typed.command.pulls.includes(pull.number)) return refuse('it is in its own try already');
    if (typed.command.pulls.length > mostTriedWith)
      return refuse(`at most ${mostTriedWith} others can be tried with it`);
    const problem = triesProblem(state, issue);
    if (problem) return refuse(problem);
    const others = namedEntries(state, typed);
    if (typeof others === 'number')
      return refuse(
        `#${others} is no open pull request to ${state.base}: leave it out, or try it when it is`,
      );
    return accept(startTry(state, baseSha, others, { issue, pull: pull.number, headSha: pull.headSha }));
  },
};
