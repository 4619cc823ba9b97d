/** When a program of the command line ends. */
import { Socket } from 'node:net';
import { Option } from 'commander';
import { environment, readLauncherPipe } from '../config.ts';

export interface ChildOptions {
  untilInputEnds?: boolean;
}

/**
 * Resolves when somebody asks the process to end; a second signal ends it at once.
 * @param untilInputEnds also take the end of standard input as the wish: whoever started us is gone then
 */
export function untilAsked(untilInputEnds = false): Promise<string> {
  return new Promise((resolve) => {
    const launcher = readLauncherPipe(environment);
    if (launcher !== null) {
      const pipe = new Socket({ fd: launcher }).unref();
      pipe.once('close', () => resolve('the end of its launcher'));
      pipe.once('error', () => resolve('the end of its launcher'));
      pipe.resume();
    }
    if (untilInputEnds) {
      process.stdin.once('end', () => resolve('the end of its input'));
      process.stdin.once('error', () => resolve('the end of its input'));
      process.stdin.resume();
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        resolve(signal);
        process.once(signal, () => process.exit(1));
      });
    }
  });
}

/** For programs that start us and must not leave us behind; people have Ctrl-C. */
export const untilInputEnds = () =>
  new Option('--until-input-ends', 'end when standard input does').hideHelp();
