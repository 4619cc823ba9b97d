/** Reads a line of JSON as far as it can be understood: what is missing or of another type is null, never an error. */

/** The object in a line, or null when there is none. */
export function objectIn(line: string): object | null {
  if (!line.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch (error) {
    // Agents write all sorts of lines between their events.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** What lies at the end of a path of names, or undefined. */
export function at(value: unknown, ...path: string[]): unknown {
  let here = value;
  for (const name of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = Object.getOwnPropertyDescriptor(here, name)?.value;
  }
  return here;
}

/** The text at a path, or null. */
export function textAt(value: unknown, ...path: string[]): string | null {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : null;
}

/** The number at a path; 0 where there is none. */
export function countAt(value: unknown, ...path: string[]): number {
  return amountAt(value, ...path) ?? 0;
}

/** The number at a path, or null. Negative and infinite ones are none. */
export function amountAt(value: unknown, ...path: string[]): number | null {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) && found >= 0 ? found : null;
}

/** The list at a path; empty where there is none. */
export function listAt(value: unknown, ...path: string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}
