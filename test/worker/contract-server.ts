/** A Signalbox of a few lines: speaks the agent contract, remembers what it was told, answers as a test wants. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type AgentTask,
  ClaimRequest,
  Escalate,
  Heartbeat,
  Release,
  Report,
  RequestPaths,
  type RequestPathsAnswer,
  SaveCheckpoint,
} from '../../src/protocol/agent-contract.ts';

/** `lost`: the request was served, and the connection broke before the answer. */
export type Reply = { status: number; body: unknown } | 'lost';

export const apiToken = 'sbx_worker_bearer_0123456789';

export class ContractServer {
  readonly claims: ClaimRequest[] = [];
  readonly heartbeats: Heartbeat[] = [];
  readonly reports: Report[] = [];
  readonly escalations: Escalate[] = [];
  readonly releases: Release[] = [];
  readonly pathRequests: RequestPaths[] = [];
  onPaths: (request: RequestPaths) => RequestPathsAnswer | 'lost' = ({ paths }) => ({
    outcome: 'granted',
    paths,
    reason: '',
  });
  /** The bundles that were sent, and the one that is given out. */
  readonly checkpoints: (SaveCheckpoint & { bundle: Buffer })[] = [];
  bundle: Buffer | null = null;
  readonly tasks: AgentTask[] = [];
  leaseExpiresAt = '2100-01-01T00:30:00Z';
  onClaim: (claim: ClaimRequest, count: number) => Reply | null = () => null;
  onHeartbeat: (heartbeat: Heartbeat) => Reply | null = () => null;
  onReport: (report: Report, count: number) => Reply | null = () => null;
  onCheckpoint: (checkpoint: SaveCheckpoint) => Reply | null = () => null;
  readonly #server: Server;
  readonly #given = new Map<string, AgentTask | null>();

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#serve(request).then((reply) => {
        if (reply === 'lost') return void request.socket.destroy();
        const type = Buffer.isBuffer(reply.body) ? 'application/x-git-bundle' : 'application/json';
        response.writeHead(reply.status, { 'content-type': type });
        response.end(Buffer.isBuffer(reply.body) ? reply.body : JSON.stringify(reply.body));
      });
    });
  }

  static async start(): Promise<ContractServer> {
    const server = new ContractServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage): Promise<Reply> {
    const bytes = await bytesOf(request);
    if (request.headers.authorization !== `Bearer ${apiToken}`) {
      return contractError(401, 'unauthorized');
    }
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = url.pathname.replace('/api/agent/v1/', '');
    if (path === 'checkpoint') return this.#checkpoint(request.method ?? '', url.searchParams, bytes);
    return this.#call(path, JSON.parse(bytes.toString('utf8')));
  }

  #call(path: string, body: unknown): Reply {
    switch (path) {
      case 'claim':
        return this.#claim(ClaimRequest.parse(body));
      case 'heartbeat': {
        const heartbeat = Heartbeat.parse(body);
        this.heartbeats.push(heartbeat);
        const ok = { status: 200, body: { lease_expires_at: this.leaseExpiresAt } };
        return this.onHeartbeat(heartbeat) ?? ok;
      }
      case 'report': {
        const report = Report.parse(body);
        this.reports.push(report);
        const state = report.kind === 'done' ? 'in-review' : 'waiting';
        return this.onReport(report, this.reports.length) ?? { status: 200, body: { state } };
      }
      case 'escalate':
        this.escalations.push(Escalate.parse(body));
        return { status: 200, body: { state: 'escalated' } };
      case 'request-paths': {
        const request = RequestPaths.parse(body);
        this.pathRequests.push(request);
        const answer = this.onPaths(request);
        return answer === 'lost' ? answer : { status: 200, body: answer };
      }
      case 'release':
        this.releases.push(Release.parse(body));
        return { status: 200, body: { state: 'waiting' } };
      default:
        return contractError(404, 'unknown');
    }
  }

  #checkpoint(method: string, query: URLSearchParams, bytes: Buffer): Reply {
    const read = Object.fromEntries(
      [...query].map(([name, value]) => [
        name,
        /^\d+$/.test(value) && name !== 'head' ? Number(value) : value,
      ]),
    );
    if (method === 'GET') {
      return this.bundle ? { status: 200, body: this.bundle } : contractError(404, 'no-checkpoint');
    }
    const checkpoint = SaveCheckpoint.parse(read);
    this.checkpoints.push({ ...checkpoint, bundle: bytes });
    const ok = { status: 200, body: { head: checkpoint.head, bytes: bytes.length } };
    return this.onCheckpoint(checkpoint) ?? ok;
  }

  #claim(claim: ClaimRequest): Reply {
    this.claims.push(claim);
    if (!this.#given.has(claim.claim_id)) this.#given.set(claim.claim_id, this.tasks.shift() ?? null);
    const task = this.#given.get(claim.claim_id) ?? null;
    return (
      this.onClaim(claim, this.claims.length) ?? { status: 200, body: { task, retry_after_seconds: 0.02 } }
    );
  }
}

export function contractError(status: number, code: string): Reply {
  return { status, body: { error: { code, message: 'No.', todo: 'Stop.' } } };
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
