/** The operations of the agent contract as MCP tools. */
import { z } from 'zod';
import { requestSchema } from './agent-openapi.ts';
import { type Operation, type OperationName, operationNames, operations } from './agent-operations.ts';

export interface Tool {
  [key: string]: unknown;
  name: string;
  description: string;
  inputSchema: { type: 'object'; [key: string]: unknown };
  outputSchema?: { type: 'object'; [key: string]: unknown };
}

const toolName = (name: OperationName): string => name.replaceAll('-', '_');

/** The operation that a tool stands for; null when there is no such tool. */
export function toolNamed(tool: string): OperationName | null {
  return operationNames.find((name) => toolName(name) === tool) ?? null;
}

const bundleField = { type: 'string', description: 'The git bundle, as Base64.' };

/** MCP wants an object at the top; a bundle travels as one more field. */
function inputOf(name: OperationName): Tool['inputSchema'] {
  const schema = requestSchema(name);
  if (operations[name].bundle !== 'in') return { ...schema, type: 'object' };
  return {
    ...schema,
    type: 'object',
    properties: { ...(schema.properties as object), bundle_base64: bundleField },
    required: [...(schema.required as string[]), 'bundle_base64'],
  };
}

function outputOf({ answer }: Operation): Tool['outputSchema'] {
  if (answer) {
    const { $schema: _, ...schema } = z.toJSONSchema(answer);
    return { ...schema, type: 'object' };
  }
  return {
    type: 'object',
    properties: { attempt: { type: 'integer' }, head: { type: 'string' }, bundle_base64: bundleField },
    required: ['attempt', 'head', 'bundle_base64'],
  };
}

/** Every tool, in the order of the operations. */
export function agentTools(): Tool[] {
  return operationNames.map((name) => {
    const outputSchema = outputOf(operations[name]);
    return {
      name: toolName(name),
      description: operations[name].summary,
      inputSchema: inputOf(name),
      ...(outputSchema ? { outputSchema } : {}),
    };
  });
}
