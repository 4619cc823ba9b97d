/** Package registries: whether a name exists, and since when. Small, patient and polite: each name is asked for once. */
import { z } from 'zod';
import type { Ecosystem, RegistryAnswer } from '../core/gate/diff.ts';
import { popularNames } from '../core/gate/packages/popular.ts';

/** Base URLs, without a slash at the end; null: this registry is not asked. */
export type RegistryUrls = Readonly<Record<Ecosystem, string | null>>;

export interface Registries {
  /** Never throws: what cannot be found out is `unknown`, with the reason. */
  lookUp(ecosystem: Ecosystem, name: string): Promise<RegistryAnswer>;
}

/** Why a registry's answer is of no use, in words for people. */
class RegistryProblem extends Error {
  override name = 'RegistryProblem';
}

interface Adapter {
  /** A name that cannot be one is not asked for. */
  name: RegExp;
  /** The path of what tells when the name was first published. */
  path: (name: string) => string;
  firstPublished: (answer: string, ask: (path: string) => Promise<string | null>) => Promise<string | null>;
}

const NpmPackage = z.object({ time: z.object({ created: z.string().optional() }).optional() });
const PypiProject = z.object({
  releases: z
    .record(z.string(), z.array(z.object({ upload_time_iso_8601: z.string().optional() })))
    .optional(),
});
const Crate = z.object({ crate: z.object({ created_at: z.string() }) });
const GoInfo = z.object({ Time: z.string() });

function earliest(times: readonly (string | undefined)[]): string | null {
  const known = times.filter((time) => time !== undefined).map((time) => Date.parse(time));
  const valid = known.filter((time) => !Number.isNaN(time));
  return valid.length === 0 ? null : new Date(Math.min(...valid)).toISOString();
}

/** The module proxy writes capitals as `!` and the small letter (go.dev/ref/mod, "GOPROXY protocol"). */
function goPath(name: string): string {
  return name
    .replace(/[A-Z]/gu, (letter) => `!${letter.toLowerCase()}`)
    .split('/')
    .map(encodeURIComponent)
    .map((part) => part.replaceAll('%21', '!'))
    .join('/');
}

const compareVersions = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

const adapters: Readonly<Record<Ecosystem, Adapter>> = {
  npm: {
    name: /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~-]*$/iu,
    path: (name) => `/${name.replace('/', '%2F')}`,
    firstPublished: async (answer) => earliest([NpmPackage.parse(JSON.parse(answer)).time?.created]),
  },
  pypi: {
    name: /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/iu,
    path: (name) => `/pypi/${name.toLowerCase().replace(/[-_.]+/gu, '-')}/json`,
    firstPublished: async (answer) =>
      earliest(
        Object.values(PypiProject.parse(JSON.parse(answer)).releases ?? {})
          .flat()
          .map((file) => file.upload_time_iso_8601),
      ),
  },
  crates: {
    name: /^[a-z0-9_-]+$/iu,
    path: (name) => `/api/v1/crates/${name}`,
    firstPublished: async (answer) => earliest([Crate.parse(JSON.parse(answer)).crate.created_at]),
  },
  go: {
    name: /^[a-z0-9.-]+\.[a-z]{2,}(\/[\w.~-]+)*$/iu,
    path: (name) => `/${goPath(name)}/@v/list`,
    // A module without tags has pseudo-versions only, and they are as old as their commits.
    firstPublished: async (answer, ask) => {
      const [first] = answer.split('\n').filter(Boolean).sort(compareVersions);
      const info = await ask(first === undefined ? '/@latest' : `/@v/${encodeURIComponent(first)}.info`);
      return info === null ? null : earliest([GoInfo.parse(JSON.parse(info)).Time]);
    },
  },
};

const timeoutMs = 5_000;
const mostBytes = 30 * 1024 * 1024;
/** What is known stays true; what is missing may be published; what failed may answer again. */
const lifeMs = { known: 24 * 3_600_000, missing: 5 * 60_000, unknown: 30_000 } as const;
const mostKept = 5_000;

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > mostBytes) throw new RegistryProblem('its answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The answer's text; null when the registry knows no such thing. */
async function ask(url: string): Promise<string | null> {
  const response = await fetch(url, {
    headers: { accept: 'application/json, text/plain', 'user-agent': 'signalbox (package check)' },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.ok) return readBody(response);
  await response.body?.cancel();
  if (response.status === 404 || response.status === 410) return null;
  throw new RegistryProblem(`it answered ${response.status}`);
}

function explain(error: unknown): string {
  if (error instanceof RegistryProblem) return error.message;
  if (error instanceof z.ZodError || error instanceof SyntaxError)
    return 'its answer could not be understood';
  return error instanceof Error && error.name === 'TimeoutError'
    ? 'it did not answer in time'
    : 'it could not be reached';
}

async function lookUpAfresh(base: string, ecosystem: Ecosystem, name: string): Promise<RegistryAnswer> {
  const adapter = adapters[ecosystem];
  try {
    const answer = await ask(base + adapter.path(name));
    if (answer === null) return { kind: 'missing' };
    const askFurther = (path: string) => ask(`${base}/${goPath(name)}${path}`);
    return { kind: 'known', firstPublishedAt: await adapter.firstPublished(answer, askFurther) };
  } catch (error) {
    return { kind: 'unknown', why: explain(error) };
  }
}

/** Opens the registries. Answers are kept in this process: a registry changes slowly, and a restart costs little. */
export function openRegistries(urls: RegistryUrls): Registries {
  const kept = new Map<string, { until: number; answer: Promise<RegistryAnswer> }>();

  return {
    async lookUp(ecosystem, name) {
      if (!adapters[ecosystem].name.test(name)) return { kind: 'missing' };
      if (popularNames[ecosystem].has(name.toLowerCase())) return { kind: 'known', firstPublishedAt: null };
      const base = urls[ecosystem];
      if (base === null) return { kind: 'unknown', why: 'this Signalbox does not ask it' };
      const key = `${ecosystem}:${name}`;
      const known = kept.get(key);
      if (known && known.until > performance.now()) return known.answer;
      const answer = lookUpAfresh(base, ecosystem, name);
      const entry = { until: Number.POSITIVE_INFINITY, answer };
      kept.delete(key);
      kept.set(key, entry);
      for (const [oldest] of kept) {
        if (kept.size <= mostKept) break;
        kept.delete(oldest);
      }
      entry.until = performance.now() + lifeMs[(await answer).kind];
      return answer;
    },
  };
}
