/** One step of a scripted agent: what it says it is doing, and the edit. */
interface Step {
  says: string;
  does: () => void | Promise<void>;
}

/** What a scripted agent reads in its contract file. */
export interface ScriptedTask {
  version: number;
  attempt: number;
  spec: { guidance: readonly { answer: string }[] };
}

/** A scripted agent: plays its steps in the current folder when it is given the issue with this title. */
export interface Script {
  key: string;
  title: string;
  steps: (task: ScriptedTask) => readonly Step[];
}
