/** What the App may do and hears, its policy, and its agents. */
import { workflowOf } from '../task/workflow.ts';
import type { Checkup, DoctorFinding } from './checkup.ts';
import { neededEvents, neededPermissions, optionalPermissions } from './needs.ts';

const levels = ['none', 'read', 'write', 'admin'];

function permissionFindings({ permissions }: Checkup): DoctorFinding[] {
  return Object.entries(neededPermissions).flatMap(([name, needed]): DoctorFinding[] => {
    const held = permissions[name] ?? 'none';
    if (levels.indexOf(held) >= levels.indexOf(needed.level)) return [];
    return [
      {
        code: 'permission-missing',
        level: optionalPermissions.has(name) ? 'note' : 'error',
        what: `the App has ${held} permission for ${name}, and needs ${needed.level}`,
        why: `it is for ${needed.for}`,
        todo: `set "${name}" to ${needed.level} in the App's settings, then accept the change in the installation`,
      },
    ];
  });
}

function eventFindings({ events }: Checkup): DoctorFinding[] {
  const missing = neededEvents.filter((event) => !events.includes(event));
  if (missing.length === 0) return [];
  return [
    {
      code: 'events-missing',
      level: 'warning',
      what: `the App is not told of ${missing.join(', ')}`,
      why: 'without these webhooks, what happened is only seen at the next sweep',
      todo: `subscribe the App to ${missing.join(', ')} in its settings`,
    },
  ];
}

function policyFindings({ policy }: Checkup): DoctorFinding[] {
  if (policy.kind === 'accepted') return [];
  return [
    {
      code: 'policy-refused',
      level: 'error',
      what: '.github/signalbox.yml is not accepted',
      why: policy.problem,
      todo: 'correct the file: `signalbox validate` checks it',
    },
  ];
}

function agentFindings({ policy, workflows }: Checkup): DoctorFinding[] {
  if (policy.kind === 'refused') return [];
  const { agents } = policy.policy;
  if (Object.keys(agents).length === 0) {
    return [
      {
        code: 'no-agents',
        level: 'note',
        what: 'the policy names no agents',
        why: 'there is one, `default`: a worker where one asks for tasks, and whoever pushes otherwise',
        todo: 'nothing, if that is meant; otherwise name agents in .github/signalbox.yml',
      },
    ];
  }
  return Object.entries(agents).flatMap(([name, agent]): DoctorFinding[] => {
    if (agent.via !== 'dispatch') return [];
    const wanted = workflowOf(policy.policy, name);
    const file = workflows.find((workflow) => workflow.file === wanted);
    if (file?.canBeDispatched) return [];
    return [
      {
        code: 'agent-workflow',
        level: 'error',
        what: `the agent ${name} is started by ${wanted}, which ${file ? 'has no workflow_dispatch trigger' : 'is not on the base branch'}`,
        why: 'GitHub starts only workflows of the default branch that ask for it',
        todo: file ? `add \`workflow_dispatch\` to ${wanted}` : `add .github/workflows/${wanted}`,
      },
    ];
  });
}

export function examineApp(checkup: Checkup): DoctorFinding[] {
  return [
    ...permissionFindings(checkup),
    ...eventFindings(checkup),
    ...policyFindings(checkup),
    ...agentFindings(checkup),
  ];
}
