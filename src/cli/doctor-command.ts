/** `signalbox doctor`: needs the App's key, and neither the ledger nor a running Signalbox. */
import type { Command } from 'commander';
import { environment, readAppConfig, readLogConfig } from '../config.ts';
import { runDoctor } from '../engine/doctor.ts';
import { createLog } from '../serve.ts';

async function doctor(repo: string | undefined, flags: { json?: boolean }): Promise<void> {
  const log = createLog({ ...readLogConfig(environment), level: 'warn' });
  const wanted = { repo: repo ?? null, json: flags.json ?? false };
  const { text, ok } = await runDoctor(readAppConfig(environment), log, wanted);
  console.log(text);
  if (!ok) process.exitCode = 1;
}

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'look for what will not work: permissions, branch rules, checks that never report; ends with 1 on errors',
    )
    .argument('[repo]', 'owner/repo; every repository of the App when absent')
    .option('--json', 'print one object a repository')
    .action(doctor);
}
