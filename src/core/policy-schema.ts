/** The policy file's format as JSON Schema: for editors, for suggestions, and to know which values are lengths of time. */
import { z } from 'zod';
import { PolicyFile } from './policy.ts';

/** The part of JSON Schema that the format needs. */
export interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  pattern?: string;
}

/** JSON Schema, draft 7, because that is what editors' YAML support reads best. */
export function policySchema(): SchemaNode & Record<string, unknown> {
  const schema = z.toJSONSchema(PolicyFile, { io: 'input', target: 'draft-7' });
  return { title: 'Signalbox policy: .github/signalbox.yml', ...(schema as SchemaNode) };
}

const root = policySchema();

/** What may stand at a path; undefined where nothing may. */
export function schemaAt(path: readonly string[]): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((node, step) => {
    const known =
      node?.properties && Object.hasOwn(node.properties, step) ? node.properties[step] : undefined;
    const others = typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
    return known ?? node?.items ?? others;
  }, root);
}

/** Every key of the format by its full name, e.g. `queue.builds`. */
export function allKeys(node: SchemaNode = root, path: readonly string[] = []): string[][] {
  return Object.entries(node.properties ?? {}).flatMap(([key, inner]) => [
    [...path, key],
    ...allKeys(inner, [...path, key]),
  ]);
}

const durationPattern = root.properties?.schedule?.properties?.grace?.pattern;

/** Whether the value at a path is a length of time, which a policy in force holds in milliseconds. */
export function isDuration(path: readonly string[]): boolean {
  return durationPattern !== undefined && schemaAt(path)?.pattern === durationPattern;
}
