/** The command line. */
import { createReadStream } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { readBounded } from './cli/arguments.ts';
import { addDoctorCommand } from './cli/doctor-command.ts';
import { addLedgerCommands } from './cli/ledger-commands.ts';
import { addTokenCommands } from './cli/token-commands.ts';
import { type ChildOptions, untilAsked, untilInputEnds } from './cli/until-asked.ts';
import { addWorkerCommand } from './cli/worker-command.ts';
import { ConfigProblem, environment, readLogConfig, readServeConfig, readStorageConfig } from './config.ts';
import { type PlotName, plotNames } from './demo/plots/plots.ts';
import { runDemo } from './demo/run-demo.ts';
import { policyPath, readPolicyFile } from './protocol/policy-file.ts';
import { renderValidation } from './protocol/policy-texts.ts';
import { createLog, migrate, serve } from './serve.ts';

async function runServe(options: ChildOptions): Promise<void> {
  const config = readServeConfig(environment);
  const log = createLog(config.log);
  const asked = untilAsked(options.untilInputEnds);
  const running = await serve(config, log);
  const signal = await asked;
  log.info({ signal }, 'stopping');
  await running.stop();
  if (options.untilInputEnds) process.stdin.destroy();
}

async function runMigrate(): Promise<void> {
  const log = createLog({ ...readLogConfig(environment), level: 'warn' });
  const applied = await migrate(readStorageConfig(environment), log);
  console.log(
    applied.length > 0 ? `applied: ${applied.join(', ')}` : 'nothing to do: the database is up to date',
  );
}

interface DemoFlags {
  story: PlotName;
  exit?: boolean;
  json?: boolean;
  speed: 'fast' | 'slow';
  loseWebhooks?: boolean;
  duplicateWebhooks?: boolean;
  agents?: string;
}

async function startDemo(flags: DemoFlags): Promise<void> {
  process.exitCode = await runDemo(
    {
      exit: flags.exit ?? false,
      json: flags.json ?? false,
      story: flags.story,
      speed: flags.speed,
      loseWebhooks: flags.loseWebhooks ?? false,
      duplicateWebhooks: flags.duplicateWebhooks ?? false,
      agentCommand: flags.agents ?? null,
      path: environment.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    },
    untilAsked(),
  );
}

async function validate(file: string): Promise<void> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const text = await readBounded(input).catch((error: unknown) => {
    throw new ConfigProblem(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  });
  const reading = readPolicyFile(text);
  console.log(renderValidation(file === '-' ? 'stdin' : file, reading));
  process.exitCode = reading.kind === 'accepted' ? 0 : 1;
}

function commandLine(): Command {
  const program = new Command('signalbox')
    .description(
      'Lets several coding agents work on one repository, and lands what they make through a merge queue.',
    )
    .exitOverride()
    .showSuggestionAfterError();
  program.command('serve').description('run the GitHub App').addOption(untilInputEnds()).action(runServe);
  program.command('migrate').description('bring the database up to date and end').action(runMigrate);
  program
    .command('validate')
    .description(
      'check a policy file: ends with 0 when it is good, 1 when it is not, 2 when it cannot be read',
    )
    .argument('[file]', 'the file, or - for standard input', policyPath)
    .action(validate);
  program
    .command('demo')
    .description('play the whole way once: sandbox GitHub, Signalbox, three agents, CI, dashboard')
    .addOption(
      new Option('--story <name>', 'which story to play')
        .choices(plotNames)
        .default('main' satisfies PlotName),
    )
    .option('--exit', 'end when the story is over instead of staying up')
    .option('--json', 'print one summary object')
    .addOption(
      new Option('--speed <speed>', 'slow makes it watchable').choices(['fast', 'slow']).default('fast'),
    )
    .option('--lose-webhooks', 'drop every webhook: the sweep finds everything, only later')
    .option('--duplicate-webhooks', 'deliver every webhook twice')
    .option('--agents <command>', 'run this shell command as the agents instead of the scripts')
    .action(startDemo);
  addWorkerCommand(program);
  addLedgerCommands(program);
  addDoctorCommand(program);
  addTokenCommands(program);
  return program;
}

/** Exit codes: 0 done, 1 failed, 2 used or configured wrongly. */
async function main(): Promise<void> {
  try {
    await commandLine().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    console.error(`signalbox: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof ConfigProblem ? 2 : 1;
  }
}

await main();
