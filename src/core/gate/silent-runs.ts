/** Workflow runs that end, or wait, without any job: whoever waits for a check of theirs is told so. */

/** A run of a commit, as far as it may explain why a check stays away. */
export interface SeenRun {
  /** What the workflow calls itself. */
  workflow: string;
  state: 'under-way' | 'waits-for-approval' | 'waits-for-deployment' | 'could-not-start' | 'skipped' | 'over';
  url: string | null;
}

const words: Record<Exclude<SeenRun['state'], 'under-way' | 'over'>, string> = {
  'waits-for-approval': 'waits for a maintainer to approve its run',
  'waits-for-deployment': 'waits for a deployment to be approved',
  'could-not-start': 'could not start: its file may be wrong',
  skipped: 'was skipped on this commit, and reported nothing',
};

/** The most telling first. */
const order = ['waits-for-approval', 'could-not-start', 'waits-for-deployment', 'skipped'] as const;

/** Why a check may stay away; null while something still runs, or when no run says anything about it. */
export function explainSilence(runs: readonly SeenRun[]): { why: string; url: string | null } | null {
  for (const state of order) {
    const run = runs.find((each) => each.state === state);
    if (!run) continue;
    // What was skipped explains nothing as long as another workflow may still report.
    if (state === 'skipped' && runs.some((each) => each.state === 'under-way')) return null;
    return { why: `workflow "${run.workflow}" ${words[state]}`, url: run.url };
  }
  return null;
}
