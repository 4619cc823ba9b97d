/**
 * The first of several rendered texts that fit into so many characters, at most fifty; `rest` counts the others.
 * GitHub refuses a body of more than 65,536 characters, and escaping can make eight of one.
 */
export function takeWithin(
  texts: readonly string[],
  mostCharacters: number,
): { shown: string[]; rest: number } {
  const shown: string[] = [];
  let left = mostCharacters;
  for (const text of texts.slice(0, 50)) {
    left -= text.length;
    if (left < 0) break;
    shown.push(text);
  }
  return { shown, rest: texts.length - shown.length };
}

/** The same as lines of a list, with a last line that counts what is left out. */
export function linesWithin(texts: readonly string[], mostCharacters: number): string[] {
  const { shown, rest } = takeWithin(texts, mostCharacters);
  return rest > 0 ? [...shown, `- and ${rest} more`] : shown;
}
