/** The agents whose command lines and output the worker knows. Any other command runs with `--exec`. */
import { aider } from './aider.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { opencode } from './opencode.ts';
import { openhands } from './openhands.ts';
import { modelFlag, type Preset, saying } from './preset.ts';

export const presets = { claude, codex, opencode, aider, openhands };

export type PresetName = keyof typeof presets;

/** Any command: its lines are for people, and tell nothing of what they cost. */
export function plainCommand(command: string): Preset {
  return { command, litter: [], openReader: () => (line) => ({ says: saying(line) }) };
}

/** A preset with more arguments at its end of the command line, before where its input comes from. */
export function withArguments(preset: Preset, more: readonly string[]): Preset {
  if (more.length === 0) return preset;
  // Whoever starts the worker has the last word, and some CLIs refuse to be told twice.
  const isModelNamed = more.some((word) => /^(-m|--model(=.*)?)$/.test(word));
  const [command = '', input] = preset.command.replace(isModelNamed ? modelFlag : '', '').split(' < ');
  const words = more.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return { ...preset, command: `${command} ${words}${input === undefined ? '' : ` < ${input}`}` };
}
