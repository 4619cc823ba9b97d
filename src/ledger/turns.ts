/**
 * Turns at lanes: who waits for a lane waits in this process, and not with a connection that others could use. Postgres'
 * lock says who has the lane; this only keeps the pool free for what needs no lane, such as claims and heartbeats.
 */

/** Steps of a lane mostly compute, and this process has one thread for that: more at once make each of them slower. */
const mostAtOnce = 4;

export class Turns {
  #free = mostAtOnce;
  readonly #waiting: (() => void)[] = [];
  readonly #last = new Map<string, Promise<unknown>>();

  /** Acts when nobody of this process is at the same lane any more, and few are at others. In order of asking. */
  async take<T>(lane: string, act: () => Promise<T>): Promise<T> {
    const before = this.#last.get(lane) ?? Promise.resolve();
    const mine = before.then(() => this.#withSlot(act));
    const ended = mine.catch(() => undefined);
    this.#last.set(lane, ended);
    try {
      return await mine;
    } finally {
      if (this.#last.get(lane) === ended) this.#last.delete(lane);
    }
  }

  async #withSlot<T>(act: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
