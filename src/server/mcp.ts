/**
 * The agent contract as MCP tools on `/mcp` (streamable HTTP). Every request stands alone: no sessions, so that any
 * replica answers it. The tools are made from the same table as the HTTP routes.
 */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { Hono } from 'hono';
import type { Caller } from '../engine/agent-caller.ts';
import type { EngineContext } from '../engine/context.ts';
import { mostCheckpointBytes } from '../protocol/agent-contract.ts';
import { operations } from '../protocol/agent-operations.ts';
import { agentTools, toolNamed } from '../protocol/agent-tools.ts';
import { authenticate, tokenAdvice } from './agent-auth.ts';
import { describeMisfit, performOperation } from './agent-operations.ts';

/** A bundle travels as Base64 here, which is a third longer. */
const mostBytes = Math.ceil(mostCheckpointBytes * 1.4);

const refusal = (code: string, message: string, todo: string): CallToolResult => ({
  isError: true,
  content: [{ type: 'text', text: JSON.stringify({ error: { code, message, todo } }) }],
});

async function callTool(
  engine: EngineContext,
  caller: Caller,
  tool: string,
  given: Record<string, unknown>,
): Promise<CallToolResult> {
  const name = toolNamed(tool);
  if (name === null) return refusal('unknown-tool', `There is no tool ${tool}.`, 'List the tools.');
  const takesBundle = operations[name].bundle === 'in';
  const { bundle_base64: encoded, ...fields } = given;
  const body = operations[name].request.safeParse(takesBundle ? fields : given);
  if (!body.success) return refusal('invalid', describeMisfit(body.error), "Fit the tool's input schema.");
  const sent = takesBundle ? Buffer.from(String(encoded ?? ''), 'base64') : null;
  const outcome = await performOperation(engine, caller, name, body.data, sent);
  if (outcome.kind === 'refused') return refusal(outcome.code, outcome.message, outcome.todo);
  const answer = outcome.bundle
    ? { ...outcome.answer, bundle_base64: outcome.bundle.toString('base64') }
    : outcome.answer;
  return { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: answer };
}

function openMcpServer(engine: EngineContext, caller: Caller): Server {
  const server = new Server({ name: 'signalbox', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: agentTools() }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) =>
    callTool(engine, caller, params.name, params.arguments ?? {}),
  );
  return server;
}

/**
 * The MCP endpoint.
 * @param token the server's own token, which is good for every agent; null: only agents' own tokens are good
 */
export function mcpEndpoint(engine: EngineContext, token: string | null): Hono {
  const app = new Hono();
  app.post('/', async (c) => {
    const caller = await authenticate(engine, token, c.req.header('authorization'));
    if (!caller) return c.json({ error: 'unauthorized', error_description: tokenAdvice }, 401);
    const server = openMcpServer(engine, caller);
    const transport = new WebStandardStreamableHTTPServerTransport({
      enableJsonResponse: true,
      maxRequestBodySize: mostBytes,
    });
    await server.connect(transport);
    try {
      return await transport.handleRequest(c.req.raw);
    } finally {
      await server.close();
    }
  });
  // Nothing is pushed to clients and there are no sessions to end.
  app.on(['GET', 'DELETE'], '/', (c) => c.body(null, 405, { allow: 'POST' }));
  return app;
}
