#!/usr/bin/env node
// The entry for npm scripts and npx. Where the system's Node is too old to run TypeScript, the Node 24 that
// `npm ci` brought along takes over; without it, a message says what to do.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  await import('../src/main.ts');
} else {
  const bundled = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
  if (existsSync(bundled)) {
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    // The child watches the pipe: it closes when this process dies, however it dies.
    const child = spawn(bundled, [main, ...process.argv.slice(2)], {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      env: { ...process.env, SIGNALBOX_LAUNCHER_PIPE: '3' },
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
  } else {
    await import('./require-node.js');
  }
}
