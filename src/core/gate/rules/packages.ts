/** Every dependency that is newly named exists, is not brand new, is not a near-miss, and is locked as it is named. */
import type { JudgedDependency } from '../diff.ts';
import { nearMiss } from '../packages/near-miss.ts';
import { amount, type Rule, report } from './rule.ts';

const dayMs = 86_400_000;
const registryOf = { npm: 'npm', pypi: 'PyPI', crates: 'crates.io', go: 'the Go module proxy' } as const;

function ageProblem({ answer }: JudgedDependency, at: string, leastMs: number): string | null {
  if (answer.kind !== 'known' || answer.firstPublishedAt === null) return null;
  const ageMs = Date.parse(at) - Date.parse(answer.firstPublishedAt);
  if (!(ageMs < leastMs)) return null;
  return `was first published ${amount(Math.max(0, Math.floor(ageMs / dayMs)), 'day')} ago; at least ${amount(Math.ceil(leastMs / dayMs), 'day')} are asked for`;
}

export const judgePackages: Rule = (_diff, _task, policy, { at, dependencies }) => {
  const { packages, package_age, unreachable } = policy.arbiter;
  if (packages === 'off') return [];
  return dependencies.flatMap((dependency) => {
    const { ecosystem, name, path, line, answer, lockfile } = dependency;
    const place = { path, line };
    const registry = registryOf[ecosystem];
    const lookalike = nearMiss(ecosystem, name);
    const young = ageProblem(dependency, at, package_age);
    return [
      // A name that does not exist yet can be registered by anybody, so this one fails whatever the weight (S52).
      ...report(
        'packages',
        'fail',
        answer.kind === 'missing'
          ? [
              {
                ...place,
                message: `${name} does not exist in ${registry}`,
                remedy: 'Correct the name, or remove it.',
              },
            ]
          : [],
      ),
      ...report(
        'packages',
        unreachable,
        answer.kind === 'unknown'
          ? [
              {
                ...place,
                message: `${name} could not be looked up in ${registry}: ${answer.why}`,
                remedy: 'Press Retry on this check when the registry answers again, or look it up yourself.',
              },
            ]
          : [],
      ),
      ...report('packages', packages, [
        ...(young === null
          ? []
          : [
              {
                ...place,
                message: `${name} ${young}`,
                remedy: 'Use a package that others have tried for longer.',
              },
            ]),
        ...(lookalike === null
          ? []
          : [
              {
                ...place,
                message: `${name} looks like ${lookalike}, and is another package`,
                remedy: `Make sure that ${name} is meant.`,
              },
            ]),
        ...(lockfile.kind === 'disagrees'
          ? [
              {
                ...place,
                message: `${name} is not in ${lockfile.path}: ${lockfile.why}`,
                remedy: 'Install it, and commit the lockfile together with the manifest.',
              },
            ]
          : []),
      ]),
    ];
  });
};
