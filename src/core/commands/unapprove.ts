/** `/unapprove`: takes back one's own approval; those of others stay. */
import { isSameLogin } from '../gate/fold-gate.ts';
import { mayBeLanding } from '../queue/may-be-landing.ts';
import { accept, type CommandRule, refuse } from './command.ts';

export const unapprove: CommandRule<'unapprove'> = {
  needs: 'write',
  on: 'pull',
  run: (state, { issue, approvals }, { by }) => {
    const mine = approvals.find((approval) => isSameLogin(approval.by, by));
    if (!mine) return refuse('you have not approved this commit, or your approval has ended already');
    if (mayBeLanding(state, issue)) return refuse('it is landing at this moment');
    return accept([{ kind: 'approval-voided', issue, reason: `${by} took the approval back`, by }]);
  },
};
