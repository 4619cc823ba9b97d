/**
 * Finds the slash commands of a comment. A command stands at the start of a line of the comment's own words: not in
 * code, quotes, lists, HTML, folded details or the mail that is being answered. At most five are read.
 */
import type { Command, CommandName } from '../core/commands/command.ts';
import { commandNames, commandTable, readArguments } from './command-table.ts';
import { type OwnLine, ownLinesOf } from './own-lines.ts';
import { shorten } from './shorten.ts';

/** A line that looks like a command and is none. `suggestion` is what to type instead, where we can guess it. */
export interface UnknownCommand {
  text: string;
  suggestion: string | null;
}

export interface CommandReading {
  commands: Command[];
  unknown: UnknownCommand[];
  /** Commands after the fifth: not read. */
  ignored: number;
}

const mostCommands = 5;
const longestComment = 65_536;

/** Words of other merge queues, and what they are called here. */
const otherNames = new Map<string, CommandName>([
  ['merge', 'approve'],
  ['lgtm', 'approve'],
  ['land', 'approve'],
  ['ship', 'approve'],
  ['queue', 'approve'],
  ['pause', 'hold'],
  ['stop', 'cancel'],
  ['abort', 'cancel'],
  ['rerun', 'retry'],
  ['retest', 'retry'],
  ['update', 'rebase'],
  ['commands', 'help'],
]);

/** Letters of other alphabets that look like ours, for the hint only. */
const foreign = 'аеорсухіјѕԁӏһοαερνικτυɡı';
const ours = 'aeopcyxijsdlhoaepviktugi';
const lookalikes = new Map([...foreign].map((letter, place) => [letter, ours[place] ?? letter]));

/** Reads the commands of one comment's body. */
export function parseCommands(body: string): CommandReading {
  const reading: CommandReading = { commands: [], unknown: [], ignored: 0 };
  for (const line of ownLinesOf(body.slice(0, longestComment))) {
    const word = commandWord(line.text);
    if (word === null) continue;
    if (reading.commands.length + reading.unknown.length >= mostCommands) reading.ignored += 1;
    else readLine(word, line, reading);
  }
  return reading;
}

/** The first word of a line that looks like a command: a slash, then letters and dashes, seen or unseen. */
function commandWord(line: string): string | null {
  const word = line.split(/[ \t]/u, 1)[0] ?? '';
  return /^\/\p{L}[\p{L}-]*$/u.test(visibleLetters(word)) ? word : null;
}

function readLine(word: string, line: OwnLine, reading: CommandReading): void {
  const name = nameOf(word.slice(1).toLowerCase());
  if (name === null) {
    const near = nearestName(word);
    reading.unknown.push({
      text: shorten(word, 80),
      suggestion: near === null ? null : commandTable[near].usage,
    });
    return;
  }
  const command = readArguments(name, line.text.slice(word.length).trim(), line.following);
  if (command === null)
    reading.unknown.push({ text: shorten(line.text, 80), suggestion: commandTable[name].usage });
  else reading.commands.push(command);
}

function nameOf(word: string): CommandName | null {
  return commandNames.find((name) => name === word) ?? null;
}

function nearestName(word: string): CommandName | null {
  const plain = [...visibleLetters(word).slice(1).normalize('NFKC').toLowerCase()]
    .map((letter) => lookalikes.get(letter) ?? letter)
    .join('');
  const exact = nameOf(plain) ?? otherNames.get(plain);
  if (exact !== undefined) return exact;
  const near = commandNames
    .map((name) => ({ name, distance: editDistance(plain, name) }))
    .filter(({ name, distance }) => distance <= Math.min(2, name.length - 2))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name ?? null;
}

function visibleLetters(word: string): string {
  return word.replace(/\p{Default_Ignorable_Code_Point}/gu, '');
}

/** Letters to insert, remove, replace or swap with a neighbour, to make one word of the other. */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 2) return 3;
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const viaSwap = swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, viaSwap));
    }
    before = above;
    above = row;
  }
  return above[to.length] ?? 3;
}
