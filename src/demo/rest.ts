/** The sandbox as a person's programs see it: plain calls of GitHub's REST API. */

export interface Rest {
  call<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<T>;
  /** All pages of a list. */
  list<T>(path: string): Promise<T[]>;
}

/** Calls with one person's token. @throws naming the call and the answer when it is not a 2xx */
export function openRest(url: string, token: string): Rest {
  const call = async <T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<T> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    // The caller names the shape of the sandbox's answer, which the sandbox's own types hold to GitHub's.
    return (await response.json()) as T;
  };
  return {
    call,
    list: async <T>(path: string) => {
      const all: T[] = [];
      for (let page = 1; ; page++) {
        const items = await call<T[]>(
          'GET',
          `${path}${path.includes('?') ? '&' : '?'}per_page=100&page=${page}`,
        );
        all.push(...items);
        if (items.length < 100) return all;
      }
    },
  };
}
