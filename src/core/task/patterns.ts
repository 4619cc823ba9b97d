/**
 * Path patterns: what a task owns. A pattern is a path or a glob (`*`, `**`, `?`, `{a,b}`, `[x]`), relative to the
 * root of the repository, with forward slashes. Two laws hold here, and property tests state them:
 * overlap() never says "no overlap" when one path could match both sides, and matching takes time that no pattern
 * can blow up (patterns and paths come from strangers, and a glob turned into one expression can take hours).
 */
import picomatch from 'picomatch';

export type PatternReading = { kind: 'ok'; pattern: string } | { kind: 'refused'; why: string };

const longestPattern = 256;
const mostExpansions = 16;
/** One segment becomes one regular expression; its cost grows as the length of the name to this power. */
const mostStarsInASegment = 3;
const wildcard = /[*?[]/u;

/** Brings a pattern into the one form that is stored and compared, or says in a sentence why it cannot be used. */
export function normalisePattern(text: string): PatternReading {
  const trimmed = text.normalize('NFC').trim();
  const why = refusalOfText(trimmed);
  if (why !== null) return { kind: 'refused', why };
  const pattern = trimSegments(trimmed);
  const expansions = expandBraces(pattern);
  if (expansions === null)
    return refuse(
      trimmed,
      `has braces that are not closed, empty, nested too deep or more than ${mostExpansions} in effect`,
    );
  for (const path of expansions) {
    const fault = refusalOfPath(path);
    if (fault !== null) return refuse(trimmed, fault);
  }
  return { kind: 'ok', pattern };
}

/** The pattern's subtrees: files or directories so that every path it matches is one of them or lies below one. */
export function subtreesOf(pattern: string): string[] {
  if (!pattern.includes('{')) return [subtreeOf(pattern)];
  return outermost((expandBraces(pattern) ?? [pattern]).map(subtreeOf));
}

/**
 * The subtrees of several patterns together, none within another, and in folded case: what the ledger stores as
 * claims, so that the database refuses exactly what overlap() finds.
 */
export function minimalSubtrees(patterns: readonly string[]): string[] {
  return outermost(patterns.flatMap(subtreesOf).map(foldCase));
}

/** The one file or directory below which everything lies that a pattern matches; `''` is the whole repository. */
export function subtreeOf(pattern: string): string {
  const fixed: string[] = [];
  for (const segment of pattern.split('/')) {
    if (wildcard.test(segment) || /[{}]/u.test(segment)) break;
    fixed.push(segment);
  }
  return fixed.join('/');
}

/**
 * The pairs of patterns that may match a common path, each as a text people can read: the narrower of the two where
 * one lies in the other. Conservative: it compares subtrees, without regard to case, because some file systems fold
 * it. Exact for two plain paths.
 */
export function overlap(a: readonly string[], b: readonly string[]): string[] {
  const left = a.map(withFoldedSubtrees);
  const right = b.map(withFoldedSubtrees);
  const pairs = left.flatMap((one) =>
    right.filter((other) => meet(one, other)).map((other) => nameOfPair(one, other)),
  );
  return [...new Set(pairs)].sort();
}

/**
 * Whether everything that `inner` matches is certainly part of `outer`. Where that cannot be told from the patterns'
 * fixed parts, the answer is no.
 */
export function covers(outer: string, inner: string): boolean {
  if (outer === inner || outer === '**') return true;
  const isPlain = (pattern: string) => !wildcard.test(pattern) && !/[{}]/u.test(pattern);
  const tree = outer.endsWith('/**') ? outer.slice(0, -3) : outer;
  if (isPlain(tree)) return subtreesOf(inner).every((subtree) => contains(tree, subtree));
  return isPlain(inner) && matches([outer], inner);
}

/** Whether any of the patterns covers the path. A pattern also covers the path it spells out, and all below that. */
export function matches(patterns: readonly string[], path: string): boolean {
  return compilePatterns(patterns)(path);
}

/** The same question for many paths: compiled once, asked often. */
export function compilePatterns(patterns: readonly string[]): (path: string) => boolean {
  const plain = patterns.map((pattern) => pattern.normalize('NFC')).filter((pattern) => pattern !== '');
  const globs = plain.flatMap((pattern) => expandBraces(pattern) ?? []).map(compileGlob);
  return (path) => {
    const name = path.normalize('NFC');
    const segments = name.split('/');
    return (
      plain.some((pattern) => contains(pattern, name)) || globs.some((glob) => globMatches(glob, segments))
    );
  };
}

function refusalOfText(text: string): string | null {
  if (text === '') return 'An owned path is empty.';
  if (/[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u.test(text))
    return 'An owned path has invisible characters in it.';
  if (text.length > longestPattern) return `An owned path is longer than ${longestPattern} characters.`;
  if (text.includes('\\')) return `${quote(text)} has a backslash: write paths with forward slashes.`;
  if (text.startsWith('!'))
    return `${quote(text)} starts with "!": say what the task owns, not what it does not.`;
  return null;
}

function refusalOfPath(path: string): string | null {
  for (const segment of path.split('/')) {
    if (segment === '') return 'has an empty part between two slashes';
    if (segment === '.' || segment === '..')
      return 'has a "." or ".." in it: write the path from the root of the repository';
    if (/[[\]]/u.test(segment.replace(/\[[!^]?[^![\]^{}/][^[\]{}/]*\]/gu, '')))
      return 'has a bracket that is not closed or is empty';
    const stars = segment === '**' ? 0 : (segment.match(/\*+/gu) ?? []).length;
    if (stars > mostStarsInASegment) return `has more than ${mostStarsInASegment} stars between two slashes`;
  }
  return null;
}

function refuse(text: string, fault: string): PatternReading {
  return { kind: 'refused', why: `${quote(text)} ${fault}.` };
}

function quote(text: string): string {
  return `"${text}"`;
}

function trimSegments(text: string): string {
  const withoutDots = text.replace(/^(\.?\/)+/u, '');
  if (withoutDots === '' || withoutDots === '.') return '**';
  return withoutDots.endsWith('/') ? `${withoutDots}**` : withoutDots;
}

/** Every way to read the braces, at most `mostExpansions`; null when the braces make no sense or are too many. */
function expandBraces(pattern: string): string[] | null {
  let open: string[] = [pattern];
  const done: string[] = [];
  while (open.length > 0) {
    if (open.length + done.length > mostExpansions) return null;
    const next: string[] = [];
    for (const text of open) {
      const innermost = /\{([^{}]*)\}/u.exec(text);
      if (innermost === null) {
        if (/[{}]/u.test(text)) return null;
        done.push(text);
        continue;
      }
      const [whole, inside = ''] = innermost;
      if (!inside.includes(',')) return null;
      const before = text.slice(0, innermost.index);
      const after = text.slice(innermost.index + whole.length);
      // A nested list joins the one around it: {a,{b,c}} reads as {a,b,c}; a prefix inside ({a,x{b,c}}) is refused.
      const nested = (before.match(/\{/gu) ?? []).length > (before.match(/\}/gu) ?? []).length;
      if (nested && !(/[{,]$/u.test(before) && /^[,}]/u.test(after))) return null;
      if (nested) next.push(before + inside + after);
      else next.push(...inside.split(',').map((choice) => before + choice + after));
    }
    open = next;
  }
  return [...new Set(done)];
}

type Glob = ('**' | ((name: string) => boolean))[];

function compileGlob(pattern: string): Glob {
  return pattern.split('/').map((segment) => (segment === '**' ? '**' : compileSegment(segment)));
}

function compileSegment(segment: string): (name: string) => boolean {
  if (!wildcard.test(segment)) return (name) => name === segment;
  const literalElsewhere = segment
    .replace(/\[!/gu, '[^')
    .replace(/\*{2,}/gu, '*')
    .replace(
      /(\[[^\]]*\])|([^\p{L}\p{N}*?[\]._-])/gu,
      (_, set: string | undefined, mark: string) => set ?? `\\${mark}`,
    );
  return picomatch(literalElsewhere, {
    dot: true,
    windows: false,
    nonegate: true,
    noextglob: true,
    nobrace: true,
  });
}

/** Segment by segment; `**` stands for any number of them, also none. Takes |glob| × |path| steps at most. */
function globMatches(glob: Glob, path: readonly string[]): boolean {
  // reached[i]: the part of the glob read so far can end just before path[i].
  let reached: boolean[] = [true, ...path.map(() => false)];
  for (const part of glob) {
    const next: boolean[] = reached.map(() => false);
    let above = false;
    for (let i = 0; i <= path.length; i++) {
      if (part === '**') {
        above ||= reached[i] === true;
        next[i] = above;
      } else if (i > 0) {
        next[i] = reached[i - 1] === true && part(path[i - 1] ?? '');
      }
    }
    reached = next;
  }
  return reached[path.length] === true;
}

function outermost(subtrees: readonly string[]): string[] {
  if (subtrees.length === 1) return [...subtrees];
  if (subtrees.includes('')) return [''];
  const kept: string[] = [];
  // In this order, what contains a subtree directly precedes all that it contains.
  const bySegments = [...new Set(subtrees)].map((tree) => `${tree}/`).sort();
  for (const tree of bySegments) {
    const last = kept.at(-1);
    if (last === undefined || !tree.startsWith(last)) kept.push(tree);
  }
  return kept.map((tree) => tree.slice(0, -1)).sort();
}

interface Territory {
  pattern: string;
  subtrees: string[];
}

function withFoldedSubtrees(pattern: string): Territory {
  return { pattern, subtrees: subtreesOf(pattern).map(foldCase) };
}

function meet(one: Territory, other: Territory): boolean {
  return one.subtrees.some((x) => other.subtrees.some((y) => contains(x, y) || contains(y, x)));
}

function nameOfPair(one: Territory, other: Territory): string {
  const inOther = isWithin(one, other);
  const inOne = isWithin(other, one);
  if (one.pattern === other.pattern || (inOther && !inOne)) return one.pattern;
  return inOne && !inOther ? other.pattern : `${one.pattern} and ${other.pattern}`;
}

function isWithin(inner: Territory, outer: Territory): boolean {
  return inner.subtrees.every((x) => outer.subtrees.some((y) => contains(y, x)));
}

function foldCase(path: string): string {
  if (/^[ -~]*$/u.test(path)) return path.toLowerCase();
  return path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

function contains(tree: string, path: string): boolean {
  return tree === '' || tree === path || path.startsWith(`${tree}/`);
}
