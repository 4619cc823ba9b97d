/** The lane as Signalbox's own API shows it; only what the demo uses. */
import { z } from 'zod';
import { repository } from './stage.ts';

export const Lane = z.object({
  baseSha: z.string().nullable(),
  plan: z.array(
    z.object({
      issue: z.number(),
      title: z.string(),
      branch: z.string().nullable(),
      owns: z.array(z.string()),
      dependsOn: z.array(z.number()),
      agent: z.string().nullable(),
      state: z.string(),
      status: z.string(),
      pull: z.number().nullable(),
      version: z.number(),
      attempts: z.number(),
      waitsOn: z.array(z.object({ kind: z.string(), what: z.string() })),
      startedAt: z.string().nullable(),
      landedAt: z.string().nullable(),
      landedAs: z.string().nullable(),
    }),
  ),
  escalations: z.array(
    z.object({ issue: z.number(), trigger: z.string(), context: z.string(), options: z.array(z.string()) }),
  ),
  collisions: z.array(
    z.object({
      a: z.number(),
      b: z.number(),
      paths: z.array(z.string()),
      announcedAt: z.string().nullable(),
    }),
  ),
  landings: z.array(
    z.object({
      sha: z.string(),
      tree: z.string(),
      testedSha: z.string(),
      testedTree: z.string(),
      issues: z.array(z.number()),
      pulls: z.array(z.number()),
    }),
  ),
});
export type Lane = z.infer<typeof Lane>;

/** The lane as it is now; null while Signalbox is not answering or does not know it yet. */
export async function readLane(url: string): Promise<Lane | null> {
  try {
    const response = await fetch(`${url}/api/v1/lanes/${repository.owner}/${repository.name}/main`);
    return response.ok ? Lane.parse(await response.json()) : null;
  } catch (error) {
    // Not up yet, or just killed: the story goes on when it answers again.
    if (error instanceof TypeError || (error instanceof Error && error.name === 'AbortError')) return null;
    throw error;
  }
}
