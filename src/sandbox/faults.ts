export type DeliveryFault = 'deliver' | 'drop' | 'duplicate' | { delayMs: number };

/** Fail before the effect, or after it took place. */
export type RequestFault = undefined | { when: 'before' | 'after'; answer: number | 'disconnect' };

export interface SandboxFaults {
  /** asked once per webhook delivery; default 'deliver'. A dropped one is never seen in `/app/hook/deliveries`. */
  delivery?: (d: { guid: string; event: string; action: string | null; index: number }) => DeliveryFault;
  /** hold back this many deliveries and release them in reverse (reordering); 0 = off */
  reorderWindow?: number;
  /**
   * Asked before and again after the effect of each API request made with an App's JWT or installation token
   * (same index both times); may be async, to kill the App at an exact moment. From phase 'before', the answer
   * `when: 'after'` is remembered until the effect took place; from phase 'after', `when: 'before'` comes too late.
   */
  request?: (r: {
    method: string;
    path: string;
    index: number;
    write: boolean;
    phase: 'before' | 'after';
  }) => RequestFault | Promise<RequestFault>;
}
