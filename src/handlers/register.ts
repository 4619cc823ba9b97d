/** The Probot app: every event becomes looks in our words. Deliveries reach it through `probot.receive`. */
import type { Probot } from 'probot';
import { referenceTo } from '../core/task/specification.ts';
import type { EngineContext } from '../engine/context.ts';
import { pauseInstallation, sweep } from '../engine/sweep.ts';
import { askElsewhere } from '../engine/wake.ts';
import { type AskForLooks, openLookCollector } from './collect-looks.ts';
import { type HeardEvent, heardEvents, type Identity, isOwnEcho, laneOf, looksOf } from './looks-of.ts';

type IsEcho = (event: HeardEvent) => boolean;

async function hear(
  engine: EngineContext,
  ask: AskForLooks,
  isEcho: IsEcho,
  event: HeardEvent,
): Promise<void> {
  if (event.name === 'installation') {
    const { action, installation } = event.payload;
    if (action === 'deleted') return pauseInstallation(engine, installation.id, 'the App was removed');
    if (action === 'suspend') return pauseInstallation(engine, installation.id, 'the App is suspended');
    return sweep(engine);
  }
  if (event.name === 'installation_repositories' || event.name === 'repository') return sweep(engine);
  const address = laneOf(event);
  if (!address) return;
  if (event.name === 'issues') {
    const reference = referenceTo(`${address.owner}/${address.repo}`, event.payload.issue.number);
    await askElsewhere(engine, address.installationId, reference);
  }
  const looks = looksOf(event);
  if (looks.length > 0 && !isEcho(event)) await ask(address, looks);
}

/** Registers the handlers; each is idempotent and does no more than ask for looks. */
export function registerHandlers(probot: Probot, engine: EngineContext): void {
  const ask = openLookCollector(engine);
  // Until GitHub has told us who we are, nothing is taken for an echo; that only costs a few readings.
  let identity: Identity | null = null;
  engine.github.fetchAppIdentity().then(
    (known) => {
      identity = known;
    },
    (error: unknown) => engine.log.warn({ problem: String(error) }, 'GitHub did not say who this App is'),
  );
  const isEcho: IsEcho = (event) => identity !== null && isOwnEcho(event, identity);
  probot.on([...heardEvents], (context) => hear(engine, ask, isEcho, context as HeardEvent));
}
