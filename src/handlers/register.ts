/** The Probot app: every event becomes looks in our words. Deliveries reach it through `probot.receive`. */
import type { Probot } from 'probot';
import type { EngineContext } from '../engine/context.ts';
import { ensureLane, pauseInstallation, sweep } from '../engine/sweep.ts';
import { askForLooks } from '../engine/wake.ts';
import { type HeardEvent, heardEvents, laneOf, looksOf } from './looks-of.ts';

async function hear(engine: EngineContext, event: HeardEvent): Promise<void> {
  if (event.name === 'installation') {
    const { action, installation } = event.payload;
    if (action === 'deleted') return pauseInstallation(engine, installation.id, 'the App was removed');
    if (action === 'suspend') return pauseInstallation(engine, installation.id, 'the App is suspended');
    return sweep(engine);
  }
  if (event.name === 'installation_repositories' || event.name === 'repository') return sweep(engine);
  const address = laneOf(event);
  if (!address) return;
  const looks = looksOf(event);
  if (looks.length > 0) await askForLooks(engine, await ensureLane(engine, address), looks);
}

/** Registers the handlers; each is idempotent and does no more than ask for looks. */
export function registerHandlers(probot: Probot, engine: EngineContext): void {
  probot.on([...heardEvents], (context) => hear(engine, context as HeardEvent));
}
