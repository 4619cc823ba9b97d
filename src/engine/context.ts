/** What the engine works with. */
import type { Octokit } from '@octokit/rest';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { LaneKey } from '../core/ids.ts';
import type { GitHub } from '../github/app-client.ts';
import type { RepoName } from '../github/observed.ts';
import type { VerifyRunToken } from '../github/verify-run-token.ts';
import type { Registries } from '../inspect/registries.ts';
import type { SecondOpinion } from '../inspect/second-opinion.ts';
import type { Jobs } from '../ledger/jobs.ts';
import { type LaneRow, readLane } from '../ledger/lanes.ts';
import type { DB } from '../ledger/schema.ts';
import type { SignIn } from './sign-in.ts';
import type { Vault } from './vault.ts';

export interface EngineContext {
  db: Kysely<DB>;
  github: GitHub;
  jobs: Jobs;
  log: Logger;
  /** Where people find the dashboard. */
  publicUrl: string;
  /** Says whose job an OIDC token of GitHub Actions is. */
  verifyRunToken: VerifyRunToken;
  /** Seals tokens in agents' hands. */
  vault: Vault;
  /** Names this process in leases. */
  instance: string;
  sweepMs: number;
  /** What git is started with. */
  gitEnv: Readonly<Record<string, string>>;
  /** Absent: packages are not looked up. */
  registries?: Registries;
  /** Absent: agents are assigned in nobody's name. */
  signIn?: SignIn;
  /** Absent: nobody can be asked for a second opinion. */
  secondOpinion?: SecondOpinion;
}

/** One lane at work: its row as it was read, and a client that may act in its repository. */
export interface LaneContext extends EngineContext {
  key: LaneKey;
  lane: LaneRow;
  repo: RepoName;
  client: Octokit;
}

/** Reads the lane's row afresh; the repository may have been renamed since. */
export async function laneContext(engine: EngineContext, key: LaneKey): Promise<LaneContext> {
  const lane = await readLane(engine.db, key);
  return {
    ...engine,
    key,
    lane,
    repo: { owner: lane.owner, name: lane.repo },
    client: engine.github.forInstallation(key.installationId),
  };
}
