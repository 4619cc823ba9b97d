/**
 * Finds who owns something that overlaps with given patterns, without comparing with everybody: the subtrees of the
 * patterns as a tree of their segments. It finds exactly what `overlap` finds (a property test compares them).
 */
import { minimalSubtrees } from './patterns.ts';

interface Node<T> {
  /** Whose subtree is exactly this one. */
  owners: T[];
  children: Map<string, Node<T>>;
}

const newNode = <T>(): Node<T> => ({ owners: [], children: new Map() });

/** Owners of path patterns. To be filled where it is made, and only asked from then on. */
export class PathIndex<T> {
  readonly #root: Node<T> = newNode();

  add(patterns: readonly string[], owner: T): void {
    for (const subtree of segmentsOf(patterns)) {
      let node = this.#root;
      for (const name of subtree) {
        const next = node.children.get(name) ?? newNode<T>();
        node.children.set(name, next);
        node = next;
      }
      node.owners.push(owner);
    }
  }

  /** An owner of something that overlaps and that `accepts` takes; the search ends with it. */
  find(patterns: readonly string[], accepts: (owner: T) => boolean): T | undefined {
    for (const subtree of segmentsOf(patterns)) {
      const found = this.#findIn(subtree, accepts);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Every owner of something that overlaps, once each. */
  all(patterns: readonly string[]): Set<T> {
    const found = new Set<T>();
    this.find(patterns, (owner) => {
      found.add(owner);
      return false;
    });
    return found;
  }

  /** What contains the subtree lies on the way to it; what it contains, below its end. */
  #findIn(subtree: readonly string[], accepts: (owner: T) => boolean): T | undefined {
    let node: Node<T> | undefined = this.#root;
    for (const name of subtree) {
      const found = node.owners.find(accepts);
      if (found !== undefined) return found;
      node = node.children.get(name);
      if (node === undefined) return undefined;
    }
    return findBelow(node, accepts);
  }
}

function findBelow<T>(node: Node<T>, accepts: (owner: T) => boolean): T | undefined {
  const found = node.owners.find(accepts);
  if (found !== undefined) return found;
  for (const child of node.children.values()) {
    const deeper = findBelow(child, accepts);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

/** Patterns are never changed once they are part of a state, and are asked about many times in one decision. */
const known = new WeakMap<readonly string[], readonly (readonly string[])[]>();

/** The subtrees of the patterns, each as its segments. */
function segmentsOf(patterns: readonly string[]): readonly (readonly string[])[] {
  const before = known.get(patterns);
  if (before) return before;
  const segments = minimalSubtrees(patterns).map((subtree) => (subtree === '' ? [] : subtree.split('/')));
  known.set(patterns, segments);
  return segments;
}
