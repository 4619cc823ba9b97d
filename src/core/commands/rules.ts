/** Every command with its rule. A command without one does not compile. */
import { approve } from './approve.ts';
import { assignAgent } from './assign-agent.ts';
import { cancel } from './cancel.ts';
import type { CommandName, CommandRule } from './command.ts';
import { depends } from './depends.ts';
import { disown } from './disown.ts';
import { escalate } from './escalate.ts';
import { freeze } from './freeze.ts';
import { help } from './help.ts';
import { hold } from './hold.ts';
import { independent } from './independent.ts';
import { override } from './override.ts';
import { own } from './own.ts';
import { priority } from './priority.ts';
import { rebase } from './rebase.ts';
import { resume } from './resume.ts';
import { retry } from './retry.ts';
import { revert } from './revert.ts';
import { status } from './status.ts';
import { tryBuild } from './try.ts';
import { unapprove } from './unapprove.ts';
import { unfreeze } from './unfreeze.ts';
import { unhold } from './unhold.ts';
import { why } from './why.ts';

export const commandRules: { readonly [Name in CommandName]: CommandRule<Name> } = {
  approve,
  unapprove,
  hold,
  unhold,
  escalate,
  resume,
  retry,
  cancel,
  'assign-agent': assignAgent,
  own,
  disown,
  depends,
  independent,
  priority,
  rebase,
  try: tryBuild,
  revert,
  override,
  freeze,
  unfreeze,
  status,
  why,
  help,
};
