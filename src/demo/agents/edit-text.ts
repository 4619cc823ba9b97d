/** How the scripted agents edit files: by what they find there, never by line numbers. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Replaces the one occurrence of `find`; an agent that no longer knows its way about stops instead of guessing. */
export function replaceIn(path: string, find: string, replacement: string): void {
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${path}: expected "${find.trim()}" exactly once`);
  writeFileSync(
    path,
    text.replace(find, () => replacement),
  );
}

/** Writes a new file; one that is already there belongs to somebody else. */
export function writeNew(path: string, text: string): void {
  if (existsSync(path)) throw new Error(`${path} exists already`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const dispatchTable = /^const commands = \{\n[\s\S]*?^\};$/m;

/** Adds a method at the end of the dispatch table of the CLI, whatever commands are there already. */
export function addCommand(path: string, method: string): void {
  const text = readFileSync(path, 'utf8');
  const table = dispatchTable.exec(text)?.[0];
  if (table === undefined) throw new Error(`${path} has no dispatch table`);
  const longer = `${table.slice(0, -'};'.length)}\n${method}};`;
  writeFileSync(
    path,
    text.replace(table, () => longer),
  );
}

/** The names in the dispatch table, in order. */
export function commandsOf(path: string): string[] {
  const table = dispatchTable.exec(readFileSync(path, 'utf8'))?.[0] ?? '';
  return [...table.matchAll(/^ {2}(\w+)\(.*\) \{$/gm)].map(([, name = '']) => name);
}
