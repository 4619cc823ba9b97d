/**
 * `/revert #<pull request>`: opens a PR that takes back what a landed one has changed, and queues it, approved by
 * whoever asked where the policy lets them. What landed since and may rest on it is named.
 */
import { accept, type CommandRule, refuse } from './command.ts';

export const revert: CommandRule<'revert'> = {
  needs: 'write',
  on: 'lane',
  run: (state, { command: { pull }, landed, by, under, comment, index }) => {
    if (!landed) return refuse(`#${pull} has not landed on ${state.base} through this queue`);
    if (!landed.exact)
      return refuse(
        `#${pull} landed in a sum that was put together untested, so its own commits are not known: revert it with git`,
      );
    return accept([{ kind: 'revert-asked', comment, index, under, landed, by }]);
  },
};
