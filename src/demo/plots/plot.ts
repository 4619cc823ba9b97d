/** A plot: what a story is about. Everything else (sandbox, Signalbox, workers, CI) is the same in all of them. */
import type { Cast } from '../cast.ts';
import type { Lane } from '../lane.ts';
import type { IssueNumbers } from '../people.ts';
import type { Rest } from '../rest.ts';
import type { Stage } from '../stage.ts';

/** An issue, as a person would write it with the issue form. */
export interface DemoIssue {
  key: string;
  title: string;
  /** Issue numbers are only known once the issues that are depended on have been opened. */
  /** Who opens it; the maintainer when absent. The label is always the maintainer's. */
  by?: 'visitor';
  body: (numbers: Readonly<Record<string, number>>) => string;
}

/** What the people of a plot can see and do. */
export interface Scene {
  stage: Stage;
  cast: Cast;
  numbers: IssueNumbers;
  /** GitHub, as the maintainer. */
  maintainer: Rest;
  /** GitHub, as somebody who may read and comment and no more. */
  visitor: Rest;
  /** Heads that the maintainer has approved. */
  approved: Set<string>;
  /** Does it once, however often the scene is looked at; says what is being done. */
  once(says: string, act: () => Promise<void>): Promise<void>;
  /** Whether it has been done. */
  did(says: string): boolean;
}

export interface Plot {
  name: string;
  /** What the story shows, in one line. */
  about: string;
  /** `.github/signalbox.yml` of the repository. */
  policy: string;
  /** In the order in which they are opened: whatever an issue depends on comes before it. */
  issues: readonly DemoIssue[];
  /** What people do meanwhile; called at every look at the lane, some times a second. */
  direct(scene: Scene, lane: Lane): Promise<void>;
  /** States in which the story may be for a while; elsewhere they end it, because nobody is there to answer. */
  maySee: readonly ('escalated' | 'failed' | 'cancelled')[];
  /** What must be true at the end. @throws StoryFailed naming the step */
  prove(scene: Scene, lane: Lane, dir: string): Promise<{ sha: string; tree: string }>;
}

/** A step of the story that did not come out as it must. */
export class StoryFailed extends Error {
  override name = 'StoryFailed';
  readonly step: string;

  constructor(step: string, what: string) {
    super(what);
    this.step = step;
  }
}

export function must(holds: boolean, step: string, what: string): asserts holds {
  if (!holds) throw new StoryFailed(step, what);
}

/** The task of the issue with this key. */
export function rowOf(lane: Lane, numbers: IssueNumbers, key: string): Lane['plan'][number] {
  const found = lane.plan.find((each) => each.issue === numbers[key]);
  must(found !== undefined, 'plan', `issue ${key} is not in the plan`);
  return found;
}

interface FormAnswers {
  requirements: string;
  design: string;
  acceptance: string[];
  owns: string[];
  dependsOn: number[];
}

/** The text of an issue, as GitHub makes it from the issue form. */
export function form(answers: FormAnswers): string {
  const sections: [string, string[]][] = [
    ['Requirements', [answers.requirements]],
    ['Design', [answers.design]],
    ['Acceptance criteria', answers.acceptance.map((line) => `- ${line}`)],
    ['Owned files', answers.owns],
    ['Depends on', answers.dependsOn.map((number) => `#${number}`)],
    ['Budget', ['10 minutes']],
  ];
  return sections
    .map(
      ([heading, lines]) => `### ${heading}\n\n${lines.length === 0 ? '_No response_' : lines.join('\n')}\n`,
    )
    .join('\n');
}
