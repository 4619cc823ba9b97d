/**
 * The calls of one attempt, each under a sequence number of its own. A call is made once and may be sent as often as
 * needed: it keeps its number, so Signalbox gives the same answer and does nothing twice.
 */
import {
  type AgentTask,
  type Escalate,
  HeartbeatAnswer,
  type ProposeSplit,
  type Report,
  ReportAnswer,
  RequestPathsAnswer,
  SaveCheckpointAnswer,
  type Usage,
} from '../protocol/agent-contract.ts';
import type { ContractClient, Outcome } from './contract-client.ts';
import type { PathWish } from './path-requests.ts';

/** Sends the call; may be repeated. */
export type Call<T> = () => Promise<Outcome<T>>;

type Without<T> = T extends unknown ? Omit<T, 'task' | 'attempt' | 'fence' | 'version' | 'sequence'> : never;

/** The last word of an attempt, as it goes over the wire; kept on disk until it was answered. */
export interface FinalCall {
  path: 'report' | 'escalate' | 'release' | 'propose-split';
  body: Record<string, unknown>;
}

export type FinalWord =
  | { path: 'report'; body: Without<Report> }
  | { path: 'escalate'; body: Without<Escalate> }
  | { path: 'propose-split'; body: Without<ProposeSplit> }
  | { path: 'release'; body: { reason?: string } };

/** Speaks for one attempt. */
export class AttemptCalls {
  readonly #client: ContractClient;
  readonly #named: { task: string; attempt: number; fence: number; version: number };
  #next: number;

  constructor(client: ContractClient, task: AgentTask) {
    this.#client = client;
    this.#named = { task: task.task, attempt: task.attempt, fence: task.fence, version: task.version };
    this.#next = task.next_sequence;
  }

  /** Renews the lease and learns whether the attempt still counts. */
  heartbeat(beat: { head: string | null; note?: string; usage?: Usage }): Promise<Outcome<HeartbeatAnswer>> {
    return this.#client.post('heartbeat', this.#numbered(beat), HeartbeatAnswer);
  }

  /** Asks for files that the task does not own. */
  requestPaths(wish: PathWish): Call<RequestPathsAnswer> {
    const body = this.#numbered(wish);
    return () => this.#client.post('request-paths', body, RequestPathsAnswer);
  }

  /** Makes the attempt's last call. */
  final(word: FinalWord): FinalCall {
    return { path: word.path, body: this.#numbered(word.body) };
  }

  /** Saves a bundle; of an attempt that has ended it is kept as late work. */
  saveCheckpoint(head: string, bundle: Buffer<ArrayBuffer>): Call<SaveCheckpointAnswer> {
    const query = this.#numbered({ head });
    return () => this.#client.put('checkpoint', query, bundle, SaveCheckpointAnswer);
  }

  /** The newest bundle of the task that this agent has saved at this version. */
  loadCheckpoint(): Promise<Outcome<Buffer>> {
    return this.#client.get('checkpoint', this.#named);
  }

  #numbered<T extends object>(fields: T): T & { sequence: number } {
    const sequence = this.#next;
    this.#next += 1;
    return { ...this.#named, sequence, ...fields };
  }
}

/** Sends an attempt's last call; may be repeated, by another process too. */
export function sendFinal(client: ContractClient, call: FinalCall): Promise<Outcome<ReportAnswer>> {
  return client.post(call.path, call.body, ReportAnswer);
}
