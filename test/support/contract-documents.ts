/** Writes the published form of the agent contract to `docs/schema/`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentSchemas, openApiDocument } from '../../src/protocol/agent-openapi.ts';

export const schemaFolder = fileURLToPath(new URL('../../docs/schema/', import.meta.url));

/** Every file of the contract by its name. */
export function contractFiles(): Record<string, unknown> {
  const documents = { ...agentSchemas(), 'agent-openapi': openApiDocument() };
  return Object.fromEntries(Object.entries(documents).map(([name, document]) => [`${name}.json`, document]));
}

if (import.meta.main) {
  await mkdir(schemaFolder, { recursive: true });
  for (const [name, document] of Object.entries(contractFiles())) {
    await writeFile(join(schemaFolder, name), JSON.stringify(document, null, 2));
  }
}
