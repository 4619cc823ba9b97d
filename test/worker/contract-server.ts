/** A Signalbox of a few lines: speaks the agent contract, remembers what it was told, answers as a test wants. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AgentTask, ClaimRequest, Heartbeat, Report } from '../../src/protocol/agent-contract.ts';

/** `lost`: the request was served, and the connection broke before the answer. */
export type Reply = { status: number; body: unknown } | 'lost';

export const apiToken = 'sbx_worker_bearer_0123456789';

export class ContractServer {
  readonly claims: ClaimRequest[] = [];
  readonly heartbeats: Heartbeat[] = [];
  readonly reports: Report[] = [];
  readonly tasks: AgentTask[] = [];
  onClaim: (claim: ClaimRequest, count: number) => Reply | null = () => null;
  onHeartbeat: (heartbeat: Heartbeat) => Reply | null = () => null;
  onReport: (report: Report, count: number) => Reply | null = () => null;
  readonly #server: Server;
  readonly #given = new Map<string, AgentTask | null>();

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#serve(request).then((reply) => {
        if (reply === 'lost') return void request.socket.destroy();
        response.writeHead(reply.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(reply.body));
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
    const body: unknown = JSON.parse(await textOf(request));
    if (request.headers.authorization !== `Bearer ${apiToken}`) {
      return contractError(401, 'unauthorized');
    }
    if (request.url === '/api/agent/v1/claim') return this.#claim(ClaimRequest.parse(body));
    if (request.url === '/api/agent/v1/heartbeat') {
      const heartbeat = Heartbeat.parse(body);
      this.heartbeats.push(heartbeat);
      const ok = { status: 200, body: { lease_expires_at: '2026-01-01T00:30:00Z' } };
      return this.onHeartbeat(heartbeat) ?? ok;
    }
    const report = Report.parse(body);
    this.reports.push(report);
    const state = report.kind === 'done' ? 'in-review' : 'waiting';
    return this.onReport(report, this.reports.length) ?? { status: 200, body: { state } };
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

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
