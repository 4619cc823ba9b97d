/** What one page's request adds to the query. */
export type PageQuery = { per_page: number; page: number; after?: string };

export interface Page<T> {
  items: T[];
  /** The `Link` header. */
  link?: string | undefined;
  /** `total_count`, where the endpoint gives one. */
  total?: number | undefined;
}

const perPage = 100;
/** Beyond this the answer cannot be right; better to stop than to act on part of it. */
const mostPages = 1_000;

/**
 * All items of a list, however the server pages: by `Link` (GitHub's docs, "Using pagination in the REST API"), by
 * its count, or by full pages. Of a link only the page and the cursor are taken, never the address, so that the
 * token goes nowhere else.
 */
export async function fetchPages<T>(fetchPage: (query: PageQuery) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let query: PageQuery = { per_page: perPage, page: 1 };
  let previous = '';
  for (let count = 0; count < mostPages; count += 1) {
    const page = await fetchPage(query);
    if (!Array.isArray(page.items)) throw new Error('GitHub sent something else than a list');
    // Octokit parses ids beyond 2^53 as bigint, which JSON has no word for.
    const content = JSON.stringify(page.items, (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    // A server that ignores `page` would send its one full page for ever.
    if (page.items.length === 0 || content === previous) return items;
    previous = content;
    items.push(...page.items);
    const next = nextQuery(page, query, items.length);
    if (next === null) return items;
    query = next;
  }
  throw new Error(`GitHub's list has more than ${mostPages} pages`);
}

function nextQuery<T>(page: Page<T>, query: PageQuery, soFar: number): PageQuery | null {
  const link = /<([^<>]+)>\s*;[^,<]*rel="?next"?/.exec(page.link ?? '')?.[1];
  if (link !== undefined) {
    const params = new URL(link, 'https://relative.invalid').searchParams;
    const after = params.get('after');
    return {
      per_page: perPage,
      page: Number(params.get('page') ?? query.page + 1),
      ...(after === null ? {} : { after }),
    };
  }
  // With a `Link` header but no next one, this was the last page.
  if (page.link !== undefined && page.link !== '') return null;
  const more = page.total === undefined ? page.items.length >= perPage : soFar < page.total;
  return more ? { per_page: perPage, page: query.page + 1 } : null;
}
