/** `signalbox validate`, as a program: what it prints and how it ends. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../bin/signalbox.js', import.meta.url));
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signalbox-validate-'));
  await writeFile(join(dir, 'good.yml'), 'limits: { running: 2 }\n');
  await writeFile(join(dir, 'bad.yml'), 'version: 1\nqeue: {}\n');
});
afterAll(() => rm(dir, { recursive: true }));

async function validate(args: string[], input = ''): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [program, 'validate', ...args], { cwd: dir });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.on('error', () => said.push(Buffer.from('')));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said: Buffer.concat(said).toString() };
}

test('a good file ends with 0', async () => {
  expect(await validate(['good.yml'])).toMatchObject({ code: 0, said: expect.stringContaining('good') });
});

test('a bad one ends with 1, and says where and what', async () => {
  const said = 'bad.yml:2: qeue: unknown key. Did you mean "queue"?\n';
  expect(await validate(['bad.yml'])).toEqual({ code: 1, said });
});

test('standard input is read, and no more of it than a policy may be long', async () => {
  expect(await validate(['-'], 'version: 2\n')).toEqual({ code: 1, said: 'stdin:1: version: must be 1\n' });
  const { code, said } = await validate(['-'], '#\n'.repeat(5_000_000));
  expect({ code, said }).toEqual({ code: 1, said: 'stdin:1: is larger than 32 kB\n' });
});

test('what cannot be read ends with 2', async () => {
  expect(await validate([])).toMatchObject({
    code: 2,
    said: expect.stringContaining('.github/signalbox.yml'),
  });
  expect(await validate(['.'])).toMatchObject({ code: 2 });
});
