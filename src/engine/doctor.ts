/** `signalbox doctor`: looks at every repository of the App, without the ledger, and says what will not work. */
import type { Checkup, DoctorFinding } from '../core/doctor/checkup.ts';
import { examine } from '../core/doctor/examine.ts';
import { createGitHub, type GitHub } from '../github/app-client.ts';
import type { RequestLog } from '../github/create-send.ts';
import { fetchChecks } from '../github/fetch-checks.ts';
import {
  fetchGrant,
  fetchNewestCommits,
  fetchProtection,
  fetchRules,
  fetchWorkflowFiles,
  type Grant,
} from '../github/fetch-checkup.ts';
import { fetchInstallationRepositories, fetchInstallations } from '../github/fetch-installations.ts';
import { fetchPolicyFile } from '../github/fetch-policy-file.ts';
import { fetchRequiredChecks } from '../github/fetch-required-checks.ts';
import type { InstallationRepository } from '../github/observed.ts';
import { renderDiagnoses } from '../protocol/doctor-text.ts';
import { readWorkflow } from '../protocol/workflow-file.ts';
import { judgePolicyFile } from './policy-preview.ts';

export interface DoctorOptions {
  /** `owner/repo`; null for every repository that the App sees. */
  repo: string | null;
  json: boolean;
}

interface Diagnosis {
  lane: string;
  findings: DoctorFinding[];
}

const commitsLooked = 3;

async function readCheckup(
  github: GitHub,
  installation: { id: number; grant: Grant },
  repository: InstallationRepository,
): Promise<Checkup> {
  const client = github.forInstallation(installation.id);
  const { appId: id, slug } = await github.fetchAppIdentity();
  const { owner, name, defaultBranch: base } = repository;
  const repo = { owner, name };
  const reading = judgePolicyFile(await fetchPolicyFile(client, repo, base));
  const files = await fetchWorkflowFiles(client, repo, base);
  const commits = await fetchNewestCommits(client, repo, base, commitsLooked);
  const reported = new Set<string>();
  for (const sha of commits)
    for (const check of await fetchChecks(client, repo, sha)) reported.add(check.name);
  return {
    owner,
    repo: name,
    base,
    app: { id, slug },
    permissions: installation.grant.permissions,
    events: installation.grant.events,
    policy: reading,
    required: (await fetchRequiredChecks(client, repo, base)) ?? [],
    rules: await fetchRules(client, repo, base),
    protection: await fetchProtection(client, repo, base),
    workflows: files.map(({ file, text }) => readWorkflow(file, text)),
    reported: [...reported],
  };
}

async function diagnose(github: GitHub, wanted: string | null): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  for (const { installationId: id, suspended } of await fetchInstallations(github.asApp())) {
    if (suspended) continue;
    const grant = await fetchGrant(github.asApp(), id);
    const repositories = await fetchInstallationRepositories(github.forInstallation(id));
    for (const repository of repositories.filter(({ archived }) => !archived)) {
      const { owner, name, defaultBranch } = repository;
      const full = `${owner}/${name}`;
      if (wanted !== null && full.toLowerCase() !== wanted.toLowerCase()) continue;
      const checkup = await readCheckup(github, { id, grant }, repository);
      found.push({ lane: `${full}@${defaultBranch}`, findings: examine(checkup) });
    }
  }
  return found;
}

/** @returns what to print, and whether nothing stands in the way: no errors, and the repository that was named is there */
export async function runDoctor(
  app: { apiUrl: string; appId: string; privateKey: string },
  log: RequestLog,
  { repo, json }: DoctorOptions,
): Promise<{ text: string; ok: boolean }> {
  const diagnoses = await diagnose(createGitHub({ ...app, log }), repo);
  if (repo !== null && diagnoses.length === 0)
    return { text: `The App is not installed in ${repo}.`, ok: false };
  const hasErrors = diagnoses.some(({ findings }) => findings.some(({ level }) => level === 'error'));
  const text = json ? diagnoses.map((each) => JSON.stringify(each)).join('\n') : renderDiagnoses(diagnoses);
  return { text, ok: !hasErrors };
}
