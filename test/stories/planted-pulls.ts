/** Pull requests with planted faults, and the CI that finds them: a pure function of a tree, but for the flakes. */

export interface PlantedPull {
  name: string;
  files: Record<string, string>;
  /** Names of pull requests that it depends on. */
  needs: string[];
}

/** While this file is on the base branch, faults count; branches that were begun before are green on their own. */
export const strictRules = 'rules/strict.txt';

/** The file of two pull requests that each change its only line. */
export const sharedFile = (pair: number): string => `shared/${pair}.txt`;

/**
 * One group of twenty: plain ones, two that are broken alone, two that are broken together, three of which any two
 * pass, two that git cannot merge, two flaky ones, and dependants of each kind.
 */
function plantGroup(group: number): PlantedPull[] {
  const one = (name: string, path: string, needs: string[] = [], text = `${name} of ${group}\n`) => ({
    name: `${name} ${group}`,
    files: { [path]: text },
    needs: needs.map((need) => `${need} ${group}`),
  });
  const at = (folder: string, file: string) => `${folder}/${group}/${file}.txt`;
  return [
    one('plain a', at('plain', 'a')),
    one('after b', at('plain', 'after-b'), ['plain b']),
    one('broken a', at('broken', 'a')),
    one('clash a', at('pair', 'a')),
    one('plain b', at('plain', 'b')),
    one('after broken', at('plain', 'after-broken'), ['broken a']),
    one('flaky a', at('flaky', 'a')),
    one('merge a', sharedFile(group), [], 'from a\n'),
    one('trio a', at('trio', 'a')),
    one('plain c', at('plain', 'c')),
    one('clash b', at('pair', 'b')),
    one('after that', at('plain', 'after-that'), ['after broken']),
    one('trio b', at('trio', 'b')),
    one('merge b', sharedFile(group), [], 'from b\n'),
    one('after merge', at('plain', 'after-merge'), ['merge b']),
    one('flaky b', at('flaky', 'b'), ['after b']),
    one('trio c', at('trio', 'c')),
    one('broken b', at('broken', 'b'), ['plain c']),
    one('plain d', at('plain', 'd')),
    one('after clash', at('plain', 'after-clash'), ['clash a', 'plain d']),
  ];
}

/** At least `count` pull requests, in groups of twenty. */
export function plantPulls(count: number): PlantedPull[] {
  return Array.from({ length: Math.ceil(count / 20) }, (_, group) => plantGroup(group)).flat();
}

/** What the base branch needs for them. */
export function filesBefore(count: number): Record<string, string> {
  const groups = Array.from({ length: Math.ceil(count / 20) }, (_, group) => group);
  return Object.fromEntries(groups.map((group) => [sharedFile(group), 'as it was\n']));
}

/** Why a tree with these files does not pass; null when it does. */
export function faultOf(paths: readonly string[]): string | null {
  if (!paths.includes(strictRules)) return null;
  const broken = paths.find((path) => path.startsWith('broken/'));
  if (broken !== undefined) return `${broken} is broken`;
  const groups = Map.groupBy(paths, (path) => path.slice(0, path.lastIndexOf('/')));
  for (const [folder, { length }] of groups) {
    if (folder.startsWith('pair/') && length >= 2) return `two in ${folder}`;
    if (folder.startsWith('trio/') && length >= 3) return `three in ${folder}`;
  }
  return null;
}

/** CI: a flaky file fails the first run in which it counts, whatever else is in the tree. */
export function plantedCi(): (paths: readonly string[]) => 'success' | 'failure' {
  const seen = new Set<string>();
  return (paths) => {
    const flaky = paths.includes(strictRules) ? paths.filter((path) => path.startsWith('flaky/')) : [];
    const isFlake = flaky.some((path) => !seen.has(path));
    for (const path of flaky) seen.add(path);
    return isFlake || faultOf(paths) !== null ? 'failure' : 'success';
  };
}
