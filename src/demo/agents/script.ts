/** One step of a scripted agent: what it says it is doing, and the edit. */
interface Step {
  says: string;
  does: () => void | Promise<void>;
}

/** A scripted agent: plays its steps in the current folder when it is given the issue with this title. */
export interface Script {
  key: string;
  title: string;
  /** @param version the version of the task that the agent is given */
  steps: (version: number) => readonly Step[];
}
