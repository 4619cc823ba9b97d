/** Whether every required check can report on the branches of candidates, and who may report it. */
import { requiredChecks } from '../gate/required-checks.ts';
import { buildRef } from '../ids.ts';
import { defaultPolicy } from '../policy.ts';
import { startsOn } from './branch-filter.ts';
import type { Checkup, DoctorFinding, SeenWorkflow } from './checkup.ts';

const trigger = 'add `signalbox/build/**` to `on: push: branches:`';

/** A job's check is called like the job, or `job (20, linux)` of a matrix, or `job / inner` of a called workflow. */
function isReportedBy(workflow: SeenWorkflow, check: string): boolean {
  return workflow.jobs.some(
    ({ name, isMany }) =>
      name === check || (isMany && (check.startsWith(`${name} (`) || check.startsWith(`${name} / `))),
  );
}

function checkFindings(checkup: Checkup, name: string): DoctorFinding[] {
  const branch = buildRef(checkup.base, 1);
  const ours = checkup.workflows.filter((workflow) => isReportedBy(workflow, name));
  const base = { why: 'a candidate waits for every required check, and would be given up each time' };
  if (ours.length > 0) {
    const started = ours.filter(({ push }) => startsOn(push, branch));
    if (started.length === 0)
      return [
        {
          ...base,
          code: 'check-never-reports',
          level: 'error',
          what: `the check ${name} of ${ours.map(({ file }) => file).join(', ')} does not run on pushes to signalbox/build/**`,
          todo: `${trigger} in ${ours[0]?.file}`,
        },
      ];
    if (started.every(({ push }) => push?.hasPaths))
      return [
        {
          ...base,
          code: 'check-by-paths',
          level: 'warning',
          what: `the check ${name} of ${started[0]?.file} runs only when certain files change`,
          todo: 'take `paths` off the push trigger, and let the job decide what there is to do',
        },
      ];
    return [];
  }
  if (checkup.reported.includes(name))
    return [
      {
        code: 'check-from-outside',
        level: 'note',
        what: `the check ${name} comes from no workflow of this repository`,
        why: 'whether it runs on pushes to signalbox/build/** is set up where it comes from',
        todo: `see to it that ${name} runs there, and reports on the commit that was pushed`,
      },
    ];
  return [
    {
      ...base,
      code: 'check-unknown',
      level: 'error',
      what: `no workflow has a job called ${name}, and nothing of that name was reported on ${checkup.base} lately`,
      todo: `correct the name in \`gate.checks\` or in the branch's rules, or add the job`,
    },
  ];
}

/** What is required and may be reported by anybody; the arbiter's own check is looked at with the branch. */
function pinFindings(names: readonly { name: string; app: number | string | null }[]): DoctorFinding[] {
  const open = names.filter(({ app }) => app === null).map(({ name }) => name);
  if (open.length === 0) return [];
  return [
    {
      code: 'check-unpinned',
      level: 'warning',
      what: `anybody who may write can report ${open.join(', ')}`,
      why: 'a status of that name, set by hand or by an agent with a token, would count as CI',
      todo: `name the App that reports it: \`gate: { apps: { ${JSON.stringify(open[0])}: github-actions } }\`, or in the branch's rule`,
    },
  ];
}

function fileFindings({ workflows }: Checkup): DoctorFinding[] {
  return workflows.flatMap(({ file, problem }): DoctorFinding[] =>
    problem === null
      ? []
      : [
          {
            code: 'workflow-unread',
            level: 'warning',
            what: `${file} could not be understood`,
            why: problem,
            todo: 'correct it; what its jobs report was not looked at',
          },
        ],
  );
}

export function examineCi(checkup: Checkup): DoctorFinding[] {
  const policy = checkup.policy.kind === 'accepted' ? checkup.policy.policy : defaultPolicy;
  const required = requiredChecks({ policy, requiredChecks: checkup.required });
  return [
    ...required.flatMap(({ name }) => checkFindings(checkup, name)),
    ...pinFindings(required),
    ...fileFindings(checkup),
  ];
}
