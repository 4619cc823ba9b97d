/** Generates `docs/schema/signalbox.json` from the policy's own schema. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { policySchema } from '../../src/core/policy-schema.ts';

export const schemaFile = fileURLToPath(new URL('../../docs/schema/signalbox.json', import.meta.url));

/** The file's text. */
export function renderPolicySchema(): string {
  return `${JSON.stringify(policySchema(), null, 2)}\n`;
}

if (import.meta.main) await writeFile(schemaFile, renderPolicySchema());
