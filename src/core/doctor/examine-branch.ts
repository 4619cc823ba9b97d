/** Rules of the base branch that keep the queue from moving it, or that mean something else beside a queue. */
import { checkNames } from '../ids.ts';
import type { Checkup, DoctorFinding, SeenProtection } from './checkup.ts';

const bypass = 'add the App to the bypass list of that rule';

interface Asked {
  /** By classic protection, or by a rule that the App may not pass over. */
  mergeQueue: boolean;
  linearHistory: boolean;
  signatures: boolean;
  locked: boolean;
  strict: boolean;
  pulls: boolean;
  deployments: boolean;
}

function askedOf({ rules, protection }: Checkup): Asked {
  const classic: SeenProtection | null = typeof protection === 'string' ? null : protection;
  const inForce = rules.filter(({ mayBypass }) => mayBypass !== true);
  const has = (type: string): boolean => inForce.some((rule) => rule.type === type);
  return {
    // Two queues are two queues, whoever may pass one over.
    mergeQueue: rules.some(({ type }) => type === 'merge_queue'),
    linearHistory: has('required_linear_history') || classic?.linearHistory === true,
    signatures: has('required_signatures') || classic?.signatures === true,
    locked: has('update') || classic?.locked === true,
    strict: inForce.some(({ isStrict }) => isStrict) || classic?.isStrict === true,
    pulls: has('pull_request') || classic?.reviews === true,
    deployments: has('required_deployments'),
  };
}

function methodOf({ policy }: Checkup): 'merge' | 'squash' | 'rebase' {
  return policy.kind === 'accepted' ? policy.policy.queue.method : 'merge';
}

function moveFindings(checkup: Checkup, asked: Asked): DoctorFinding[] {
  const { base, app, protection } = checkup;
  const pushers = typeof protection === 'string' ? null : protection.pushers;
  const isShutOut = pushers !== null && !pushers.includes(app.slug);
  const found: DoctorFinding[] = [];
  if (asked.mergeQueue)
    found.push({
      code: 'merge-queue',
      level: 'error',
      what: `GitHub's own merge queue is on for ${base}`,
      why: 'two queues would move one branch past each other, and GitHub refuses the moves of this one',
      todo: `take "Require merge queue" off ${base}`,
    });
  if (asked.locked)
    found.push({
      code: 'branch-locked',
      level: 'error',
      what: `nobody may update ${base}`,
      why: 'nothing can land',
      todo: `${bypass}, or take the rule off`,
    });
  if (isShutOut)
    found.push({
      code: 'push-restricted',
      level: 'error',
      what: `only some may push to ${base}, and the App ${app.slug} is not among them`,
      why: 'nothing can land: landing moves the branch',
      todo: `add ${app.slug} to those who may push to ${base}`,
    });
  if (asked.pulls)
    found.push({
      code: 'pull-request-required',
      level: 'warning',
      what: `${base} asks for a pull request with reviews before merging, and the App may not pass that over`,
      why: 'a candidate holds several pull requests, and GitHub may refuse the move to it',
      todo: `${bypass}; the gate of Signalbox asks for the approvals (\`gate.approvals\`)`,
    });
  if (asked.deployments)
    found.push({
      code: 'deployments-required',
      level: 'error',
      what: `${base} asks for deployments before merging`,
      why: 'a candidate is not deployed anywhere, so that it could never land',
      todo: bypass,
    });
  return found;
}

function historyFindings(checkup: Checkup, asked: Asked): DoctorFinding[] {
  const { base } = checkup;
  const method = methodOf(checkup);
  const found: DoctorFinding[] = [];
  if (asked.linearHistory && method === 'merge')
    found.push({
      code: 'linear-history',
      level: 'error',
      what: `${base} asks for a linear history, and the queue lands merge commits`,
      why: 'GitHub refuses a push with merge commits there',
      todo: 'set `queue.method` to squash or rebase in .github/signalbox.yml, or take the rule off',
    });
  if (asked.signatures && method !== 'merge')
    found.push({
      code: 'signatures',
      level: 'error',
      what: `${base} asks for signed commits, and the queue writes commits anew (\`queue.method: ${method}\`)`,
      why: "commits that keep their authors' names are not signed by GitHub",
      todo: 'set `queue.method` to merge, or take the rule off',
    });
  if (asked.strict)
    found.push({
      code: 'strict-checks',
      level: 'warning',
      what: `${base} asks for branches to be up to date before they merge`,
      why: 'the queue tests every change on the newest base anyway; people are made to update branches in vain, and each update takes back approvals',
      todo: 'take "Require branches to be up to date before merging" off',
    });
  return found;
}

function arbiterFindings({ required, app, base }: Checkup): DoctorFinding[] {
  const arbiter = required.filter(({ name }) => name === checkNames.arbiter);
  if (arbiter.length === 0)
    return [
      {
        code: 'arbiter-not-required',
        level: 'warning',
        what: `${base} does not ask for ${checkNames.arbiter}`,
        why: 'anybody who may write can merge past the queue by hand',
        todo: `require ${checkNames.arbiter}, reported by this App (id ${app.id})`,
      },
    ];
  if (arbiter.some((check) => check.app === app.id)) return [];
  return [
    {
      code: 'arbiter-unpinned',
      level: 'error',
      what: `${checkNames.arbiter} is required from ${arbiter[0]?.app ? 'another App' : 'whoever reports it'}`,
      why: 'whoever may write checks or statuses could say that the arbiter passed',
      todo: `have the rule ask for it from this App (id ${app.id})`,
    },
  ];
}

function readFindings({ protection, base }: Checkup): DoctorFinding[] {
  if (protection !== 'unreadable') return [];
  return [
    {
      code: 'protection-unread',
      level: 'note',
      what: `${base} has branch protection whose details the App may not read`,
      why: 'restrictions on who may push, signed commits and linear history were not looked at',
      todo: 'give the App "Administration: read" for one run of doctor, or use rulesets, which it can read',
    },
  ];
}

export function examineBranch(checkup: Checkup): DoctorFinding[] {
  const asked = askedOf(checkup);
  return [
    ...moveFindings(checkup, asked),
    ...historyFindings(checkup, asked),
    ...arbiterFindings(checkup),
    ...readFindings(checkup),
  ];
}
