/** What `signalbox doctor` reads of one repository, and what it finds. */
import type { RequiredCheck } from '../gate/evidence.ts';
import type { Policy } from '../policy.ts';

/** A branch filter of a workflow; absent lists filter nothing. */
export interface PushTrigger {
  branches: string[] | null;
  ignored: string[] | null;
  /** Whether files decide, too: such a workflow may have nothing to run on a candidate. */
  hasPaths: boolean;
  /** It names tags and no branches, so that no push to a branch starts it. */
  tagsOnly: boolean;
}

/** A file below `.github/workflows/` of the base branch. */
export interface SeenWorkflow {
  /** Its name in that folder. */
  file: string;
  /** Null when pushes do not start it. */
  push: PushTrigger | null;
  canBeDispatched: boolean;
  /** The names under which its jobs report; `isMany`: a matrix or another workflow adds to the name. */
  jobs: { name: string; isMany: boolean }[];
  /** Why it could not be understood; null when it could. */
  problem: string | null;
}

/** One active rule of a ruleset on the base branch. */
export interface SeenRule {
  type: string;
  /** For required checks: whether branches must be up to date before they merge. */
  isStrict: boolean;
  /** Whether the App may pass it over; null when GitHub does not say. */
  mayBypass: boolean | null;
}

/** Classic branch protection, as far as it is asked for. */
export interface SeenProtection {
  isStrict: boolean;
  signatures: boolean;
  linearHistory: boolean;
  locked: boolean;
  /** Slugs of the Apps that may push; null: everybody who may write. */
  pushers: string[] | null;
  reviews: boolean;
}

export interface Checkup {
  owner: string;
  repo: string;
  base: string;
  app: { id: number; slug: string };
  /** What the installation grants, and which events it sends. */
  permissions: Readonly<Record<string, string>>;
  events: readonly string[];
  policy: { kind: 'accepted'; policy: Policy } | { kind: 'refused'; problem: string };
  /** What GitHub asks for on the base branch. */
  required: readonly RequiredCheck[];
  rules: readonly SeenRule[];
  protection: 'none' | 'unreadable' | SeenProtection;
  workflows: readonly SeenWorkflow[];
  /** Names of checks that were reported on the base branch's newest commits. */
  reported: readonly string[];
}

/** `error`: something will not work. `warning`: it works, and not as people expect. `note`: good to know. */
export type FindingLevel = 'error' | 'warning' | 'note';

export interface DoctorFinding {
  code: string;
  level: FindingLevel;
  what: string;
  why: string;
  todo: string;
}
