/** A queue whose CI answers what the test says. PRs are single letters, sets of PRs are words. */
import type { Command, Event, Outcome, Policy, PrNumber, PrView } from '../../../bench/queue/policy.ts';

interface Running {
  readonly word: string;
  readonly set: readonly PrNumber[];
}

export interface Arrival {
  readonly files?: readonly number[];
  readonly needs?: string;
  readonly predicted?: number;
}

export class ScriptedQueue<State> {
  /** What landed and what was sent back, in order. */
  landed = '';
  ejected = '';
  readonly #policy: Policy<State>;
  #state: State;
  #now = 0;
  readonly #letters: string[] = [];
  readonly #needs = new Map<PrNumber, readonly PrNumber[]>();
  readonly #running = new Map<string, Running>();
  readonly #passed = new Map<string, Running>();
  readonly #wakes = new Set<number>();

  constructor(policy: Policy<State>) {
    this.#policy = policy;
    this.#state = policy.start({ runners: Number.POSITIVE_INFINITY, ciMinutes: 10 });
  }

  /** Each letter of the word enters the queue. */
  arrive(word: string, { files = [], needs = '', predicted }: Arrival = {}): void {
    for (const letter of word) {
      const pr = this.#letters.push(letter) - 1;
      const prerequisites = [...needs].map((each) => this.#letters.indexOf(each));
      this.#needs.set(pr, prerequisites);
      const view: PrView = {
        pr,
        attempt: 0,
        arrivedAt: this.#now,
        branchedFrom: 0,
        files,
        prerequisites,
        group: 0,
        ownCi: null,
        predicted: predicted ?? null,
      };
      this.#tell({ kind: 'arrived', view });
    }
  }

  /** The sets under test, each with what is tested below the tip, in the order in which they were asked for. */
  get running(): string[] {
    return [...this.#running.values()].map(({ word }) => word);
  }

  pass(word: string): void {
    this.#finish(word, 'passed');
  }

  fail(word: string): void {
    this.#finish(word, 'failed');
  }

  wait(minutes: number): void {
    this.#now += minutes;
    for (const at of this.#wakes) {
      if (at > this.#now || !this.#wakes.delete(at)) continue;
      this.#tell({ kind: 'woken' });
    }
  }

  #finish(word: string, outcome: Outcome): void {
    const found = [...this.#running].find(([, running]) => running.word === word);
    if (!found) throw new Error(`${word} is not under test; these are: ${this.running.join(' ')}`);
    const [build, running] = found;
    this.#running.delete(build);
    if (outcome === 'passed') this.#passed.set(build, running);
    this.#tell({ kind: 'finished', build, outcome, startedAt: this.#now });
  }

  #tell(event: Event): void {
    const { state, commands } = this.#policy.step(this.#state, event, this.#now);
    this.#state = state;
    for (const follows of commands.flatMap((command) => this.#obey(command))) this.#tell(follows);
  }

  #obey(command: Command): Event[] {
    const wordOf = (set: readonly PrNumber[]) => set.map((pr) => this.#letters[pr]).join('');
    if (command.do === 'build') {
      this.#running.set(command.build, { word: wordOf(command.set), set: command.set });
    } else if (command.do === 'cancel') {
      this.#running.delete(command.build);
    } else if (command.do === 'wake') {
      this.#wakes.add(command.at);
    } else if (command.do === 'eject') {
      return this.#leave(command.pr);
    } else {
      const build = this.#passed.get(command.build);
      if (!build) throw new Error(`${command.build} has not passed`);
      const prs = build.set.filter((pr) => !this.landed.includes(this.#letters[pr] ?? ''));
      this.landed += wordOf(prs);
      return [{ kind: 'landed', prs, base: this.landed.length }];
    }
    return [];
  }

  /** A PR leaves, and with it what needs it. */
  #leave(pr: PrNumber): Event[] {
    this.ejected += this.#letters[pr];
    const dependants = [...this.#needs].filter(([, needs]) => needs.includes(pr)).map(([each]) => each);
    return [{ kind: 'left', pr }, ...dependants.flatMap((each) => this.#leave(each))];
  }
}
