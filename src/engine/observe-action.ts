/** Observing a button that somebody pressed: who that was comes with the press, what they may do is asked of GitHub. */
import { type Look, readActionSubject } from '../core/lane/look.ts';
import type { LaneState } from '../core/lane/state.ts';
import { fetchPermission } from '../github/fetch-permission.ts';
import type { DueLook } from '../ledger/looks.ts';
import type { Sighting } from './advance.ts';
import type { LaneContext } from './context.ts';

/** A press counts once, however often it is told of. */
export async function observeAction(
  ctx: LaneContext,
  look: DueLook,
  state: LaneState,
): Promise<{ sightings: Sighting[]; more: Look[]; isSettled: true }> {
  const press = readActionSubject(look.subject);
  if (press === null || press.by.endsWith('[bot]')) return { sightings: [], more: [], isSettled: true };
  const { action, headSha, by, id } = press;
  const permission = await fetchPermission(ctx.client, ctx.repo, by);
  const pull = Object.values(state.tasks).find((task) => task.pull?.headSha === headSha)?.pull;
  return {
    sightings: [
      {
        observation: { kind: 'action', headSha, action, by, permission },
        read: { subject: `action:${id}`, ticket: 1 },
      },
    ],
    more: pull && action === 'retry' ? [{ kind: 'pull', subject: String(pull.number) }] : [],
    isSettled: true,
  };
}
