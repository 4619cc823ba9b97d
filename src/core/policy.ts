/**
 * The policy of a lane: `.github/signalbox.yml`, read from the base branch only. Every key has a default, so that
 * a repository without the file works. Keys that later parts of Signalbox will honour are already checked here.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isZone, readTime } from './queue/windows.ts';
import { normalisePattern } from './task/patterns.ts';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time as text (`500ms`, `60s`, `5m`, `4h`, `1d`), parsed to milliseconds. */
const Duration = z
  .string()
  .regex(/^\d{1,6}(ms|s|m|h|d)$/, 'a length of time such as 30s, 5m or 4h')
  .transform((text) => {
    const [, count = '0', unit = 's'] = /^(\d+)(\w+)$/.exec(text) ?? [];
    return Number(count) * unitMs[unit as keyof typeof unitMs];
  });

/** A pattern that takes time without end, or matches nothing, is refused where it is written (S43). */
const Pattern = z
  .string()
  .min(1)
  .max(256)
  .superRefine((text, context) => {
    const reading = normalisePattern(text);
    if (reading.kind === 'refused') context.addIssue({ code: 'custom', message: reading.why });
  })
  .overwrite((text) => {
    const reading = normalisePattern(text);
    return reading.kind === 'ok' ? reading.pattern : text;
  });
/** The first line of landed commits, and what follows it; trailers are added. Unknown placeholders are refused. */
const CommitMessage = z
  .string()
  .min(1)
  .max(2_000)
  .refine(
    (text) =>
      [...text.matchAll(/\{([^{}]*)\}/gu)].every(([, name = '']) => /^(title|pull|issue)$/u.test(name)),
    'placeholders are {title}, {pull} and {issue}',
  );
/** A time by the wall clock: of the week with a day, of every day without one. */
const WallTime = z
  .string()
  .refine((text) => readTime(text) !== null, 'a time such as 16:00, or with a day, fri 16:00');

/** From when to when nothing lands. */
const Window = z
  .strictObject({
    from: WallTime,
    to: WallTime,
    zone: z
      .string()
      .max(60)
      .refine(isZone, 'a time zone by its IANA name, such as Europe/Berlin')
      .default('UTC'),
    why: z.string().min(1).max(200).nullable().default(null),
  })
  .refine(
    ({ from, to }) => readTime(from)?.hasDay === readTime(to)?.hasDay,
    'both times with a day, or neither',
  )
  .refine(({ from, to }) => from !== to, 'a beginning and an end that are not the same');

const Patterns = z.array(Pattern).max(200);
/** What stands for all that CODEOWNERS gives to somebody: `owner:@org/team`. */
export const ownerPrefix = 'owner:';
const AreaEntry = z
  .string()
  .min(1)
  .max(256)
  .superRefine((text, context) => {
    if (text.startsWith(ownerPrefix)) {
      if (!/^owner:[^\s@]*@[^\s@]+$/u.test(text))
        context.addIssue({ code: 'custom', message: `"${text}" names no owner: owner:@org/team does.` });
      return;
    }
    const reading = normalisePattern(text);
    if (reading.kind === 'refused') context.addIssue({ code: 'custom', message: reading.why });
  })
  .overwrite((text) => {
    const reading = text.startsWith(ownerPrefix) ? null : normalisePattern(text);
    return reading?.kind === 'ok' ? reading.pattern : text;
  });
const Percent = z.number().min(0).max(1);
/** How much a rule of the arbiter weighs. */
const Weight = z.enum(['off', 'warn', 'fail']);

/** Bounds of what may be used; a kind that is absent is not bounded. */
const Budget = z
  .strictObject({
    minutes: z.number().positive().optional(),
    tokens: z.number().positive().optional(),
    usd: z.number().positive().optional(),
  })
  .prefault({});

/** What an agent may be for. */
const roles = ['planner', 'worker', 'reviewer'] as const;
export type Role = (typeof roles)[number];

const Agent = z.strictObject({
  via: z.enum(['dispatch', 'pull', 'assign', 'adopt']),
  workflow: z
    .string()
    .regex(/^[\w.-]{1,100}\.ya?ml$/, 'the name of a file below .github/workflows/')
    .optional(),
  login: z
    .string()
    .regex(/^[\w-]{1,80}(\[bot\])?$/, 'a login on GitHub')
    .optional(),
  capacity: z.int().min(1).max(100).default(1),
  capabilities: z.array(z.string().min(1).max(50).toLowerCase()).max(50).default([]),
  /** What it is given: a worker tasks, a planner tasks to split, a reviewer diffs to judge. */
  roles: z.array(z.enum(roles)).min(1).max(roles.length).default(['worker']),
  /** Handed to the agent's CLI as it is. */
  model: z
    .string()
    .regex(/^\w[\w.:/@-]{0,99}$/, 'the name of a model')
    .optional(),
});

export const PolicyFile = z.strictObject({
  version: z.literal(1).default(1),
  agents: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,38}$/), Agent).default({}),
  schedule: z
    .strictObject({
      mode: z.enum(['queue', 'locks', 'branches']).default('locks'),
      grace: Duration.default(60_000),
      edits: z.enum(['restart', 'finish']).default('restart'),
      /** The part of its paths, from 0 to 1, that others may own while a task starts. */
      overlap: Percent.default(0),
      weights: z
        .strictObject({
          complexity: z.number().min(0).default(3),
          overlap: z.number().min(0).default(3),
          dependencies: z.number().min(0).default(2),
          priority: z.number().min(0).default(2),
          load: z.number().min(0).default(1),
        })
        .prefault({}),
    })
    .prefault({}),
  limits: z
    .strictObject({
      running: z.int().min(1).default(3),
      in_review: z.int().min(1).default(5),
      escalated: z.int().min(1).default(5),
      // The first attempt, and one after each pause of `backoff`.
      attempts: z.int().min(1).default(4),
      // How often work that was ejected, or that conflicts, is given back before a person is asked.
      returns: z.int().min(0).max(20).default(2),
      backoff: z.array(Duration).default([60_000, 300_000, 900_000]),
      minutes: z.number().positive().default(45),
      tokens: z.number().positive().default(2_000_000),
      usd: z.number().positive().default(5),
      task: Budget,
      agent_day: Budget,
      repository_day: Budget,
      breaker: z
        .strictObject({
          agent: z.int().min(1).default(5),
          repository: z.int().min(1).default(10),
          pause: Duration.default(15 * 60_000),
        })
        .prefault({}),
    })
    .prefault({}),
  ownership: z
    .strictObject({
      lease: Duration.default(30 * 60_000),
      heartbeat: Duration.default(60_000),
      shared: Patterns.default(['package.json']),
      protected: Patterns.default(['.github/**']),
      outside: z.enum(['strict', 'expand']).default('strict'),
    })
    .prefault({}),
  spec: z
    .strictObject({
      require: z.array(z.enum(['requirements', 'design', 'acceptance', 'owned', 'budget'])).default([]),
    })
    .prefault({}),
  split: z
    .strictObject({
      /** Tasks with this label are planned before they are worked on. */
      label: z.string().trim().min(1).max(50).toLowerCase().default('plan-first'),
      /** So are those with these complexities. */
      complexity: z.array(z.enum(['low', 'medium', 'high'])).default([]),
      parts: z.int().min(2).max(50).default(12),
    })
    .prefault({}),
  areas: z.record(z.string(), z.array(AreaEntry).max(200)).default({}),
  gate: z
    .strictObject({
      checks: z.array(z.string().min(1)).default(['ci']),
      approvals: z.int().min(0).default(1),
      codeowners: z.boolean().default(true),
      labeller_may_approve: z.boolean().default(true),
      author_may_approve: z.boolean().default(true),
      apps: z.record(z.string().min(1), z.union([z.int().positive(), z.string().min(1)])).default({}),
      neutral_counts: z.boolean().default(false),
      report_timeout: Duration.default(10 * 60_000),
    })
    .prefault({}),
  arbiter: z
    .strictObject({
      size: z
        .strictObject({
          files: z.int().min(1).default(30),
          lines: z.int().min(1).default(600),
          paths: z.record(z.string().min(1).max(256), z.int().min(0)).default({}),
        })
        .prefault({}),
      packages: Weight.default('warn'),
      package_age: Duration.default(14 * unitMs.d),
      unreachable: Weight.default('warn'),
      tests: Weight.default('warn'),
      loosened_tests: Weight.default('warn'),
      binary: Weight.default('warn'),
      protected: Weight.default('fail'),
      /** Secrets in commits that a later commit of the same pull request undoes. */
      history: Weight.default('fail'),
      stale: Weight.default('warn'),
      stale_after: Duration.default(14 * unitMs.d),
      reversal: Weight.default('fail'),
      generated: z
        .array(z.strictObject({ files: Patterns, from: Patterns }))
        .max(50)
        .default([]),
      roles: z.record(z.string().min(1).max(39), Patterns).default({}),
      second_opinion: z.string().default('none'),
      /** How long another agent's opinion is waited for. */
      opinion_timeout: Duration.default(30 * 60_000),
    })
    .prefault({}),
  queue: z
    .strictObject({
      policy: z.enum(['strict', 'serial', 'trust-ownership']).default('strict'),
      method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
      message: CommitMessage.nullable().default(null),
      builds: z.int().min(1).max(1_000).default(4),
      batch: z.int().min(1).max(200).default(8),
      flake_retries: z.int().min(0).max(20).default(1),
      starvation: z.int().min(1).max(10_000).default(50),
      check_timeout: Duration.default(60 * 60_000),
      /** CI that is green sooner than this has tested nothing: it is no proof. */
      minimum_time: Duration.default(0),
      /** Who changes one of these is tested and landed alone, and whoever comes later waits. */
      barriers: Patterns.default([]),
      order: z.enum(['dependencies']).default('dependencies'),
      update_branches: z.enum(['never', 'before-review', 'before-queue']).default('before-review'),
      outside_push: z.enum(['absorb', 'freeze']).default('absorb'),
      windows: z.array(Window).max(20).default([]),
    })
    .prefault({}),
  autonomy: z
    .strictObject({
      default: z.enum(['in-the-loop', 'on-the-loop', 'out-of-the-loop']).default('in-the-loop'),
      grace: Duration.default(30 * 60_000),
      rules: z
        .array(
          z.strictObject({
            paths: Patterns.default(['**']),
            labels: z.array(z.string().min(1).max(50).toLowerCase()).max(50).default([]),
            level: z.enum(['in-the-loop', 'on-the-loop', 'out-of-the-loop']),
          }),
        )
        .default([]),
    })
    .prefault({}),
  escalate: z
    .strictObject({ to: z.array(z.string()).default([]), stale: Duration.default(4 * 3_600_000) })
    .prefault({}),
  alerts: z
    .strictObject({
      conflict: Percent.default(0.15),
      escalation: Percent.default(0.4),
      overhead: Percent.default(0.3),
    })
    .prefault({}),
});

/** The policy in force: every key present, lengths of time in milliseconds. */
export type Policy = z.output<typeof PolicyFile>;

/** What a repository without `.github/signalbox.yml` gets. */
export const defaultPolicy: Policy = PolicyFile.parse({});

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fillIn<T>(defaults: T, stored: unknown): T {
  if (stored === undefined) return defaults;
  if (!isGroup(defaults) || !isGroup(stored)) return stored as T;
  const keys = [...new Set([...Object.keys(stored), ...Object.keys(defaults)])];
  return Object.fromEntries(keys.map((key) => [key, fillIn(defaults[key], stored[key])])) as T;
}

const agentDefaults = Agent.parse({ via: 'pull' });

/** A policy that was written down before some of the keys existed, with their defaults. */
export function completePolicy(stored: Policy): Policy {
  const agents = Object.entries(stored.agents).map(([name, agent]) => [name, fillIn(agentDefaults, agent)]);
  return fillIn(defaultPolicy, { ...stored, agents: Object.fromEntries(agents) });
}

export type PolicyReading =
  | { kind: 'accepted'; policy: Policy; hash: string }
  | { kind: 'refused'; problem: string };

/**
 * Judges the parsed content of a policy file; `undefined` and `null` (no file, empty file) mean the defaults.
 * An unknown key or a wrong value refuses the whole file: a half-applied policy would be worse than none.
 */
export function readPolicy(
  content: unknown,
): { kind: 'accepted'; policy: Policy; hash: string } | { kind: 'refused'; error: z.ZodError } {
  const parsed = PolicyFile.safeParse(content ?? {});
  if (!parsed.success) return { kind: 'refused', error: parsed.error };
  return { kind: 'accepted', policy: parsed.data, hash: policyHash(parsed.data) };
}

/** Identifies a policy in approvals and verdicts: SHA-256 of its canonical form, first 16 hex digits. */
export function policyHash(policy: Policy): string {
  return createHash('sha256').update(JSON.stringify(policy)).digest('hex').slice(0, 16);
}
