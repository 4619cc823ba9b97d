/** What a pull request changes, as the arbiter's rules see it. Made from git trees, so that nothing is left out. */

/** One changed line. `line` counts from 1: in the head for what was added, in the merge base for what was removed. */
export interface LineChange {
  line: number;
  text: string;
}

export interface ChangedLines {
  added: readonly LineChange[];
  removed: readonly LineChange[];
}

/** One path that a diff touches. A rename is a removal and an addition, so that both names are judged. */
export interface PathChange {
  path: string;
  change: 'added' | 'removed' | 'modified';
  /** Git's file mode, e.g. `100644`, `120000` for a symlink, `160000` for a submodule. */
  mode: string;
  /** The mode that a modified path had before. */
  modeBefore?: string;
  /** Absent where there are none: a binary, a link, a submodule, or a mode alone. */
  lines?: ChangedLines;
  /** Where a removed path was moved to; its lines are told of there. */
  movedTo?: string;
  /** The content is no text, or too large to be read as such. */
  isBinary?: boolean;
}

/** Something that looks like a secret. Never the secret itself: findings, logs and the journal are read by others (I10). */
export interface SecretSighting {
  path: string;
  line: number | null;
  /** What it looks like, e.g. `GitHub token`. */
  what: string;
}

/** Something like it in a commit on the way, and not in what the commits come to. */
export interface PastSighting {
  commit: string;
  /** Null: in the commit's message. */
  path: string | null;
  /** Of the file as it was in that commit. */
  line: number | null;
  what: string;
}

/** What the commits on the way hold; `unsearched` says in sentences which of them could not be searched. */
export interface SearchedHistory {
  secrets: readonly PastSighting[];
  unsearched: readonly string[];
}

/** What a package registry says of a name. `unknown`: it could not be asked. */
export type RegistryAnswer =
  | { kind: 'known'; firstPublishedAt: string | null }
  | { kind: 'missing' }
  | { kind: 'unknown'; why: string };

export type Ecosystem = 'npm' | 'pypi' | 'crates' | 'go';

/** A dependency that a manifest names at the head and did not name before. */
export interface NewDependency {
  ecosystem: Ecosystem;
  name: string;
  /** The manifest that names it, and where. */
  path: string;
  line: number | null;
}

export interface JudgedDependency extends NewDependency {
  answer: RegistryAnswer;
  /** `absent`: the repository keeps no lockfile for this manifest. */
  lockfile: { kind: 'absent' } | { kind: 'agrees' } | { kind: 'disagrees'; path: string; why: string };
}

/** Lines that a landed task added and that this diff removes. */
export interface Reversal {
  issue: number;
  pull: number;
  path: string;
  /** How many of the lines it added to this path go away, and how many it had added. */
  removed: number;
  added: number;
}

/** What the rules cannot know by themselves: it was found out while the diff was read. */
export interface DiffFacts {
  /** When that was, by the ledger's clock; ages are counted from here. */
  at: string;
  secrets: readonly SecretSighting[];
  history: SearchedHistory;
  dependencies: readonly JudgedDependency[];
  reversals: readonly Reversal[];
  /** How far the branch is behind; null where GitHub did not say. */
  base: { behind: number; mergeBaseAt: string } | null;
  /** Added paths that differ from another path of the head in the case of letters only. */
  caseCollisions: readonly { path: string; other: string }[];
  /** Logins of whoever wrote the commits, as far as GitHub knows them. */
  authors: readonly string[];
  /** The content of CODEOWNERS on the base branch; null where there is none. */
  codeowners: string | null;
}

/** What a diff may touch. */
export interface Scope {
  owns: readonly string[];
  /** Path for which the task has to wait → the issue that holds it; null: it is free, and waits for the others. */
  held: ReadonlyMap<string, number | null>;
}

/** A diff as it was read. `unread` says in sentences what could not be; anything in it fails the whole diff. */
export interface Diff {
  headSha: string;
  baseSha: string;
  changes: readonly PathChange[];
  unread: readonly string[];
  scope: Scope;
}

export const noFacts: DiffFacts = {
  at: '1970-01-01T00:00:00.000Z',
  secrets: [],
  history: { secrets: [], unsearched: [] },
  dependencies: [],
  reversals: [],
  base: null,
  caseCollisions: [],
  authors: [],
  codeowners: null,
};
