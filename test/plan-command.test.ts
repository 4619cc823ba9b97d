/** `signalbox plan`, as a program, where it is used wrongly: nothing that was asked for is passed over in silence. */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../bin/signalbox.js', import.meta.url));

async function plan(args: string[], input = ''): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [program, 'plan', ...args], { cwd: tmpdir() });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said: Buffer.concat(said).toString() };
}

test('a lane and issues at the same time are refused', async () => {
  expect(await plan(['acme/demo', '--issues', '-'], '[]')).toEqual({
    code: 2,
    said: 'signalbox: acme/demo is not looked at with --issues: name one of them\n',
  });
});

test('what comes from standard input is called so', async () => {
  expect(await plan(['--issues', '-'], '{')).toEqual({
    code: 2,
    said: 'signalbox: standard input: it is not JSON\n',
  });
});
