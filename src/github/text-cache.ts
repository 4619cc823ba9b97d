/** Keeps what never changes (what is named by its own hash) up to so many characters; the longest unused goes first. */
export interface TextCache {
  /** The kept text, or what `read` gives; a failed reading is not kept. */
  take(key: string, read: () => Promise<string>): Promise<string>;
}

export function createTextCache(mostCharacters: number): TextCache {
  const kept = new Map<string, string>();
  let size = 0;
  const keep = (key: string, text: string): void => {
    if (text.length * 4 > mostCharacters) return;
    size += text.length - (kept.get(key)?.length ?? 0);
    kept.delete(key);
    kept.set(key, text);
    for (const [oldest, old] of kept) {
      if (size <= mostCharacters) break;
      kept.delete(oldest);
      size -= old.length;
    }
  };
  return {
    async take(key, read) {
      const text = kept.get(key) ?? (await read());
      keep(key, text);
      return text;
    },
  };
}
