/** `signalbox agent-token`. */
import type { Command } from 'commander';
import {
  createAgentToken,
  describeAgentTokens,
  endAgentToken,
  TokenProblem,
} from '../engine/agent-identity.ts';
import { renderTokens } from '../protocol/agent-token-text.ts';
import { readDays } from './arguments.ts';
import { onLedger } from './on-ledger.ts';

interface TokenFlags {
  agent: string;
  repository?: string[];
  allRepositories?: boolean;
  expires?: number;
  note: string;
}

async function runTokenCreate(flags: TokenFlags): Promise<void> {
  if ((flags.repository === undefined) === (flags.allRepositories === undefined)) {
    throw new TokenProblem('Name the repositories with --repository, or say --all-repositories.');
  }
  const wish = {
    agent: flags.agent,
    repositories: flags.repository ?? null,
    note: flags.note,
    expiresInSeconds: flags.expires === undefined ? null : flags.expires * 86_400,
  };
  const { id, token } = await onLedger((db) => createAgentToken(db, wish));
  console.error(`Token ${id} for agent ${flags.agent}. It is shown this once:`);
  console.log(token);
}

async function runTokenList(): Promise<void> {
  console.log(renderTokens(await onLedger(describeAgentTokens), new Date()));
}

async function runTokenRevoke(id: string): Promise<void> {
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new TokenProblem(`"${id}" is not the number of a token.`);
  await onLedger((db) => endAgentToken(db, Number(id)));
  console.log(`Token ${id} is good for nothing any more.`);
}

/** Tokens of agents. */
export function addTokenCommands(program: Command): void {
  const tokens = program.command('agent-token').description('make, list and revoke the tokens of agents');
  tokens
    .command('create')
    .description('make a token for one agent; it is printed once and kept only as a hash')
    .requiredOption('--agent <name>', 'the agent in .github/signalbox.yml')
    .option('--repository <owner/name...>', 'the repositories it is good for')
    .option('--all-repositories', 'good for every repository, also those that are added later')
    .option('--expires <days>', 'when it ends by itself', readDays)
    .option('--note <text>', 'where it is used', '')
    .action(runTokenCreate);
  tokens.command('list').description('list all tokens there have been').action(runTokenList);
  tokens.command('revoke <id>').description('end a token at once').action(runTokenRevoke);
}
