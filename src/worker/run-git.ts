/**
 * One git command, without a shell, without hooks, without a prompt and without the user's own configuration.
 * Credentials travel as configuration in the environment: never in an argument, never in a file.
 */
import { execFile } from 'node:child_process';

export interface GitSetting {
  name: string;
  value: string;
}

export interface GitCommand {
  cwd: string;
  env: Readonly<Record<string, string>>;
  settings?: readonly GitSetting[];
  /** Another repository's objects, to be read from as well. */
  objects?: string;
  /** An index file other than the worktree's own. */
  index?: string;
  signal?: AbortSignal;
}

export interface GitResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A git command that did not succeed. The message names the subcommand and git's own words, never the environment. */
class GitError extends Error {
  readonly result: GitResult;

  constructor(subcommand: string, result: GitResult) {
    const words = (result.stderr || result.stdout).trim().slice(-1_000);
    super(`git ${subcommand} ended with code ${result.code}: ${words}`);
    this.name = 'GitError';
    this.result = result;
  }
}

const longestRunMs = 600_000;

const fixedSettings: readonly GitSetting[] = [
  { name: 'core.hooksPath', value: '/dev/null' },
  // Else an agent could have git start a program of its choice by setting this in its worktree.
  { name: 'core.fsmonitor', value: 'false' },
  { name: 'commit.gpgSign', value: 'false' },
  { name: 'gc.auto', value: '0' },
  { name: 'maintenance.auto', value: 'false' },
  { name: 'submodule.recurse', value: 'false' },
  // Git would repeat the Authorization header to whatever host a redirect names.
  { name: 'http.followRedirects', value: 'false' },
  { name: 'http.lowSpeedLimit', value: '1000' },
  { name: 'http.lowSpeedTime', value: '60' },
];

/** What of the agent's environment also concerns git: who commits, and how the network is reached. */
const passedOn =
  /^(PATH|HOME|TMPDIR|https?_proxy|no_proxy|all_proxy|SSL_CERT_\w+|GIT_SSL_\w+|GIT_(AUTHOR|COMMITTER)_\w+)$/i;

/** Runs git and answers with its exit code and output, whatever the code. Throws only when git could not run. */
export function runGit(args: readonly string[], command: GitCommand): Promise<GitResult> {
  const settings = [...fixedSettings, ...(command.settings ?? [])];
  return new Promise((resolve, reject) => {
    execFile(
      'git',
      [...args],
      {
        cwd: command.cwd,
        env: {
          ...gitEnvironment(command.env, settings),
          ...(command.objects ? { GIT_ALTERNATE_OBJECT_DIRECTORIES: command.objects } : {}),
          ...(command.index ? { GIT_INDEX_FILE: command.index } : {}),
        },
        maxBuffer: 64 * 1024 * 1024,
        timeout: longestRunMs,
        ...(command.signal ? { signal: command.signal } : {}),
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ code: 0, stdout, stderr });
        if (typeof error.code === 'number') return resolve({ code: error.code, stdout, stderr });
        reject(command.signal?.aborted ? error : new Error(`git ${args[0]} could not run: ${error.message}`));
      },
    );
  });
}

/** Runs git and answers with its output; anything but exit code 0 is an error. */
export async function git(args: readonly string[], command: GitCommand): Promise<string> {
  const result = await runGit(args, command);
  if (result.code !== 0) throw new GitError(args[0] ?? '', result);
  return result.stdout.trimEnd();
}

function gitEnvironment(
  inherited: Readonly<Record<string, string>>,
  settings: readonly GitSetting[],
): Record<string, string> {
  const env: Record<string, string> = {
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    // Looking at a worktree takes no lock in which the agent's own git could run.
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ALLOW_PROTOCOL: 'https:http:file',
    GIT_EDITOR: 'true',
    GIT_CONFIG_COUNT: String(settings.length),
  };
  for (const [name, value] of Object.entries(inherited)) if (passedOn.test(name)) env[name] = value;
  settings.forEach(({ name, value }, index) => {
    env[`GIT_CONFIG_KEY_${index}`] = name;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return env;
}
