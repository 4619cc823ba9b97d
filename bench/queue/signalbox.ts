/** Signalbox's own planner behind the interface of the benchmark. No policy is here: it reads and carries out. */
import { planQueue } from '../../src/core/queue/planner.ts';
import type { QueueAction, QueueMode, QueuePolicy } from '../../src/core/queue/snapshot.ts';
import { defaultTuning, type Tuning } from '../../src/core/queue/tuning.ts';
import { SimulatedLedger } from './ledger.ts';
import type { Command, Policy } from './policy.ts';

export interface SignalboxState {
  readonly ledger: SimulatedLedger;
  next: number;
}

export interface SignalboxOptions {
  readonly name?: string;
  readonly mode?: QueueMode;
  readonly tuning?: Partial<Tuning>;
  readonly policy?: Partial<QueuePolicy>;
}

/** A switch over the mode: both lanes modes land side by side. */
export function createSignalbox(options: SignalboxOptions = {}): Policy<SignalboxState> {
  const { mode = 'strict' } = options;
  const tuning = { ...defaultTuning, ...options.tuning };
  return {
    name: options.name ?? `Signalbox, ${mode}`,
    class: mode === 'trust-ownership' ? 'lanes' : 'strict',
    start: ({ runners }) => ({
      ledger: new SimulatedLedger({
        mode,
        builds: runners,
        retries: 3,
        batch: 40,
        starvation: 200,
        ...options.policy,
      }),
      next: 0,
    }),
    step(state, event, at) {
      state.ledger.note(event, at);
      const { actions, wakeAt } = planQueue(state.ledger.snapshot(at), tuning);
      const commands = actions.map((action) => commandFor(action, state, at));
      if (wakeAt !== null) commands.push({ do: 'wake', at: wakeAt / 60_000 });
      return { state, commands };
    },
  };
}

function commandFor(action: QueueAction, state: SignalboxState, at: number): Command {
  const { ledger } = state;
  if (action.do === 'start') {
    const id = `b${state.next++}`;
    const { base, set, purpose } = action;
    ledger.noteBuild({ id, base, set, purpose, outcome: 'running', startedAt: at * 60_000 });
    return { do: 'build', build: id, base, set: set.map((one) => ledger.prOf(one)), purpose };
  }
  if (action.do === 'cancel') {
    ledger.forgetBuild(action.build);
    return { do: 'cancel', build: action.build };
  }
  if (action.do === 'land') return { do: 'land', build: action.build };
  ledger.noteEjection(action.entry);
  return { do: 'eject', pr: ledger.prOf(action.entry), code: action.code };
}
