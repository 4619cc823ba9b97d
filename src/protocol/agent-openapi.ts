/** The agent contract for machines: JSON Schemas of every message, and an OpenAPI document of every call. */
import { z } from 'zod';
import { ContractError, contractVersion, mostCheckpointBytes } from './agent-contract.ts';
import { type Operation, type OperationName, operationNames, operations } from './agent-operations.ts';

type Json = Record<string, unknown>;

/** The JSON Schema (2020-12) of a message as it is sent. */
function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

/** What a call of the operation carries, as MCP tools and the published schemas have it. */
export function requestSchema(name: OperationName): Json {
  return schemaOf(operations[name].request);
}

const pascal = (name: string): string =>
  name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Every published schema by its name: `agent-<name>`, requests and answers. */
export function agentSchemas(): Record<string, Json> {
  const schemas: Record<string, Json> = {};
  const add = (name: string, schema: z.ZodType): void => {
    schemas[`agent-${name}`] = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: `Signalbox agent contract v${contractVersion}: ${name}`,
      ...schemaOf(schema),
    };
  };
  for (const name of operationNames) {
    const { request, answer }: Operation = operations[name];
    add(`${name}-request`, request);
    if (answer) add(`${name}-answer`, answer);
  }
  add('error', ContractError);
  return schemas;
}

const errorAnswer = (description: string): Json => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
});

const refusals = {
  '400': errorAnswer('The message does not fit the contract.'),
  '401': errorAnswer('The token is missing, wrong, expired or revoked.'),
  '403': errorAnswer('The token is not for this agent or not for this repository.'),
  '404': errorAnswer('There is no such task, or nothing to give.'),
  '409': errorAnswer('The fence is old: stop working, push nothing.'),
  '413': errorAnswer('The body is too large.'),
  '422': errorAnswer('The sequence number cannot be used, or the bundle is none.'),
};

const binary = { 'application/x-git-bundle': { schema: { type: 'string', format: 'binary' } } };

function callOf(name: OperationName): Json {
  const { summary, answer, bundle }: Operation = operations[name];
  const request = requestSchema(name);
  const inQuery = bundle !== 'none';
  const parameters = Object.entries((request.properties ?? {}) as Record<string, Json>).map(
    ([field, schema]) => ({ name: field, in: 'query', required: true, schema }),
  );
  return {
    operationId: name,
    summary,
    ...(inQuery ? { parameters } : {}),
    ...(bundle === 'out'
      ? {}
      : {
          requestBody: {
            required: true,
            content: inQuery
              ? binary
              : { 'application/json': { schema: { $ref: `#/components/schemas/${pascal(name)}Request` } } },
          },
        }),
    responses: {
      '200': {
        description: answer ? 'Taken.' : 'The bundle; the headers say which attempt and which head it is of.',
        content: answer
          ? { 'application/json': { schema: { $ref: `#/components/schemas/${pascal(name)}Answer` } } }
          : binary,
      },
      ...refusals,
    },
  };
}

/** The OpenAPI 3.1 document of `/api/agent/v1`. */
export function openApiDocument(): Json {
  const schemas: Json = { Error: schemaOf(ContractError) };
  const paths: Record<string, Json> = {};
  for (const name of operationNames) {
    const { request, answer, method, path, bundle }: Operation = operations[name];
    if (bundle === 'none') schemas[`${pascal(name)}Request`] = schemaOf(request);
    if (answer) schemas[`${pascal(name)}Answer`] = schemaOf(answer);
    paths[path] = { ...paths[path], [method.toLowerCase()]: callOf(name) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Signalbox agent contract',
      version: String(contractVersion),
      description: `What an agent may say to Signalbox. A checkpoint holds at most ${mostCheckpointBytes} bytes.`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api/agent/v1' }],
    security: [{ agentToken: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        agentToken: {
          type: 'http',
          scheme: 'bearer',
          description:
            "An agent's token, or the OIDC token of the workflow run that was started for the attempt.",
        },
      },
    },
  };
}
