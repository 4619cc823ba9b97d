/** An agent changes the kinds of files that its `capabilities` name. Without such names it may change all. */
import { compilePatterns } from '../../task/patterns.ts';
import { roleKinds } from './kinds.ts';
import { type Rule, report } from './rule.ts';

export const judgeRole: Rule = ({ changes }, task, policy) => {
  const agent = task.attempt?.agent;
  const capabilities = (agent === undefined ? undefined : policy.agents[agent]?.capabilities) ?? [];
  const covers = capabilities.flatMap((name) => {
    const patterns = Object.hasOwn(policy.arbiter.roles, name) ? policy.arbiter.roles[name] : undefined;
    if (patterns) return [compilePatterns(patterns)];
    return Object.hasOwn(roleKinds, name) ? (roleKinds[name] ?? []) : [];
  });
  // Other words say what an agent is good at, not what it may touch.
  if (covers.length === 0) return [];
  return report(
    'role',
    'fail',
    changes
      .filter(({ path }) => !covers.some((isCovered) => isCovered(path)))
      .map(({ path }) => ({
        path,
        message: `the agent ${agent} is for ${capabilities.join(', ')} and changed another kind of file`,
        remedy: 'Give this part to another agent, or add the kind to its capabilities in the policy.',
      })),
  );
};
