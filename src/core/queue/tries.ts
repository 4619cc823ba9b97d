/**
 * Tries: candidates that a person has asked for with `/try`, to see what CI says of a PR on the present base. They
 * never land and teach the queue nothing. One starts at once; the queue starts that many fewer while it runs.
 */
import type { FactBody } from '../lane/facts.ts';
import type { Build, BuildEntry } from '../lane/queue-state.ts';
import type { LaneState, Task } from '../lane/state.ts';
import { isRunning } from './build-state.ts';
import { positionOf } from './memory.ts';

/** PRs that one try may be made of, beside its own. */
export const mostTriedWith = 10;

/** The PR that the try is about; the others in it stand before it. */
function subjectOf({ entries }: Build): BuildEntry | undefined {
  return entries.at(-1);
}

function triesOf({ builds }: Pick<LaneState, 'builds'>, issue: number): Build[] {
  return Object.values(builds).filter(
    (build) => build.purpose === 'try' && subjectOf(build)?.issue === issue,
  );
}

/** The newest try of a task's present head; null when there is none. */
export function tryOf(state: Pick<LaneState, 'builds'>, { issue, pull }: Task): Build | null {
  const newest = triesOf(state, issue).reduce<Build | null>(
    (last, build) => (last && last.number > build.number ? last : build),
    null,
  );
  return newest && subjectOf(newest)?.headSha === pull?.headSha ? newest : null;
}

/** Why no more tries are to be started now, or null: half of the policy's builds stay with the queue. */
export function triesProblem({ builds, policy }: LaneState, issue: number): string | null {
  const others = Object.values(builds).filter(
    (build) => build.purpose === 'try' && isRunning(build) && subjectOf(build)?.issue !== issue,
  );
  const most = Math.max(1, Math.floor(policy.queue.builds / 2));
  if (others.length < most) return null;
  const about = others.map((build) => `#${subjectOf(build)?.pull}`).join(', ');
  return `${most} ${most === 1 ? 'try' : 'tries'} may run at a time, and there is one of ${about}: type it again when that is over`;
}

/** Starts a try on the present base; one of the same PR that still runs gives way to it. */
export function startTry(
  state: LaneState,
  baseSha: string,
  entries: BuildEntry[],
  subject: BuildEntry,
): FactBody[] {
  const replaced = triesOf(state, subject.issue).filter(isRunning);
  return [
    ...replaced.map(
      ({ number }): FactBody => ({
        kind: 'build-abandoned',
        build: number,
        reason: 'another try of it was asked for',
      }),
    ),
    {
      kind: 'build-started',
      build: state.nextBuild,
      baseSha,
      entries: [...entries, subject],
      purpose: 'try',
      base: positionOf(state),
    },
  ];
}

/** Tries of commits that nobody wants to know about any more. */
export function endTries(state: LaneState): FactBody[] {
  return Object.values(state.builds).flatMap((build): FactBody[] => {
    const subject = subjectOf(build);
    if (build.purpose !== 'try' || !isRunning(build) || !subject) return [];
    const pull = state.tasks[subject.issue]?.pull;
    if (pull?.open && pull.headSha === subject.headSha) return [];
    const reason = pull?.open
      ? `#${subject.pull} has a newer commit`
      : `#${subject.pull} is not open any more`;
    return [{ kind: 'build-abandoned', build: build.number, reason }];
  });
}
