import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openApiDocument } from '../../src/protocol/agent-openapi.ts';
import { operationNames, operations } from '../../src/protocol/agent-operations.ts';
import { contractFiles, schemaFolder } from '../support/contract-documents.ts';

describe('the published contract', () => {
  test('is what the schemas say now: `npm run contract` writes it', () => {
    const written = readdirSync(schemaFolder).filter((name) => name.startsWith('agent-'));
    const read = (name: string): unknown => JSON.parse(readFileSync(join(schemaFolder, name), 'utf8'));
    expect(Object.fromEntries(written.map((name) => [name, read(name)]))).toEqual(contractFiles());
  });
});

interface Call {
  operationId: string;
  parameters?: { name: string }[];
  responses: Record<string, unknown>;
}
const document = openApiDocument() as {
  paths: Record<string, Record<string, Call>>;
  components: { schemas: Record<string, unknown> };
};

describe('the OpenAPI document', () => {
  test('has every operation once, with every way in which it is refused', () => {
    const calls = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(calls.map((call) => call.operationId).sort()).toEqual([...operationNames].sort());
    for (const call of calls) {
      expect(Object.keys(call.responses)).toEqual(['200', '400', '401', '403', '404', '409', '413', '422']);
    }
  });

  test('refers to nothing that is not in it', () => {
    const referred = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)];
    expect(referred.length).toBeGreaterThan(10);
    for (const [, name = ''] of referred) expect(Object.keys(document.components.schemas)).toContain(name);
  });

  test('asks for every field of a checkpoint in the query', () => {
    const put = document.paths['/checkpoint']?.put;
    expect(put?.parameters?.map((parameter) => parameter.name)).toEqual(
      Object.keys(operations['save-checkpoint'].request.shape),
    );
  });
});
