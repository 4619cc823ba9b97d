/** One step of a scripted agent: what it says it is doing, and the edit. */
interface Step {
  says: string;
  does: () => void;
}

/** A scripted agent: plays its steps in the current folder when it is given the issue with this title. */
export interface Script {
  key: string;
  title: string;
  steps: readonly Step[];
}
