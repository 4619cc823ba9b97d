// Enough of GraphQL to read the operations people send: fields, aliases, arguments, variables, nested selections.
// Of fragments only inline ones, whose fields count for every type. No directives.

export interface Field {
  alias: string;
  name: string;
  args: Record<string, unknown>;
  selection: Field[];
}

const TOKEN = /"(?:\\.|[^"\\])*"|\.\.\.|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[{}()[\]:!$=]/g;

export class GraphqlSyntaxError extends Error {}

interface Cursor {
  tokens: string[];
  at: number;
  variables: Record<string, unknown>;
}

function take(cursor: Cursor, wanted?: string): string {
  const token = cursor.tokens[cursor.at];
  if (token === undefined || (wanted !== undefined && token !== wanted))
    throw new GraphqlSyntaxError(`Parse error on ${JSON.stringify(token ?? 'end of file')}`);
  cursor.at += 1;
  return token;
}

function peek(cursor: Cursor): string | undefined {
  return cursor.tokens[cursor.at];
}

function readValue(cursor: Cursor): unknown {
  const token = take(cursor);
  if (token === '$') return cursor.variables[take(cursor)];
  if (token === '{') return readPairs(cursor, '}');
  if (token === '[') {
    const items: unknown[] = [];
    while (peek(cursor) !== ']') items.push(readValue(cursor));
    take(cursor, ']');
    return items;
  }
  if (token.startsWith('"') || /^-?\d/.test(token)) return JSON.parse(token);
  const words: Record<string, unknown> = { true: true, false: false, null: null };
  return token in words ? words[token] : token;
}

function readPairs(cursor: Cursor, end: string): Record<string, unknown> {
  const pairs: Record<string, unknown> = {};
  while (peek(cursor) !== end) {
    const name = take(cursor);
    take(cursor, ':');
    pairs[name] = readValue(cursor);
  }
  take(cursor, end);
  return pairs;
}

function readSelection(cursor: Cursor): Field[] {
  const fields: Field[] = [];
  take(cursor, '{');
  while (peek(cursor) !== '}') {
    const first = take(cursor);
    if (first === '...') {
      take(cursor, 'on');
      take(cursor);
      fields.push(...readSelection(cursor));
      continue;
    }
    const aliased = peek(cursor) === ':';
    if (aliased) take(cursor, ':');
    const name = aliased ? take(cursor) : first;
    let args: Record<string, unknown> = {};
    if (peek(cursor) === '(') {
      take(cursor, '(');
      args = readPairs(cursor, ')');
    }
    fields.push({ alias: first, name, args, selection: peek(cursor) === '{' ? readSelection(cursor) : [] });
  }
  take(cursor, '}');
  return fields;
}

/** The root fields of a document with one operation. */
export function readDocument(
  text: string,
  variables: Record<string, unknown>,
): { kind: 'query' | 'mutation'; fields: Field[] } {
  const tokens = text.replace(/#[^\n]*/g, '').match(TOKEN) ?? [];
  const cursor: Cursor = { tokens, at: 0, variables };
  const kind = peek(cursor) === 'mutation' ? 'mutation' : 'query';
  let depth = 0;
  // Skips the operation's name and its variable definitions, whose types the server knows already.
  while (depth > 0 || peek(cursor) !== '{') {
    const token = take(cursor);
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
  }
  return { kind, fields: readSelection(cursor) };
}
