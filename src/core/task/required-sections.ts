/** Sections of the issue that the policy asks for (`spec.require`). */
import type { LaneState, Task } from '../lane/state.ts';

const sectionNames = {
  requirements: 'Requirements',
  design: 'Design',
  acceptance: 'Acceptance criteria',
  owned: 'Owned files',
  budget: 'Budget',
} as const;

/** The sections that the policy asks for and the issue does not have. */
export function missingSections({ policy }: LaneState, { spec }: Task): string[] {
  const has = {
    requirements: spec.requirements !== '',
    design: spec.design !== '',
    acceptance: spec.acceptance.length > 0,
    owned: spec.ownsDeclared,
    budget: Object.values(spec.budget).some((amount) => amount !== null),
  };
  return policy.spec.require.filter((name) => !has[name]).map((name) => sectionNames[name]);
}
