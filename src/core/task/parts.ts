/** What a task remembers of being split. The rules are in split.ts. */

/** One part of a split, as a planner proposes it. */
export interface ProposedPart {
  title: string;
  requirements: string;
  design: string;
  acceptance: string[];
  owns: string[];
  /** The parts that must be completed before it: their places in the list, from 1; all of them stand before it. */
  after: number[];
}

export interface Part extends ProposedPart {
  /** Its issue, once there is one. */
  issue: number | null;
  /** Whether the issue was linked and labelled. */
  isOpened: boolean;
}

export interface Split {
  /** The version of the task that it is a split of. */
  version: number;
  /** The agent that proposed it. */
  by: string;
  at: string;
  /** Why it is split like this, in the planner's words. */
  summary: string;
  parts: Part[];
  /** Null until somebody, or the policy, has accepted it. */
  accepted: { by: string; at: string } | null;
}

/** The issues that a task was split into. */
export function partsOf({ split }: { split: Split | null }): number[] {
  return split?.accepted ? split.parts.flatMap(({ issue }) => issue ?? []) : [];
}
