#!/usr/bin/env node
/** A to-do list for the command line, kept in one JSON file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const file = process.env.TASKS_FILE ?? './tasks.json';

function load() {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

function save(tasks) {
  writeFileSync(file, `${JSON.stringify(tasks, null, 2)}\n`);
}

const commands = {
  add(words) {
    const text = words.join(' ').trim();
    if (text === '') throw new Error('add needs a text');
    save([...load(), { text, done: false }]);
    console.log(`Added: ${text}`);
  },

  list() {
    load().forEach((task, index) => {
      console.log(`${index + 1}. [${task.done ? 'x' : ' '}] ${task.text}`);
    });
  },
};

const [name = '', ...words] = process.argv.slice(2);

if (Object.hasOwn(commands, name)) {
  try {
    commands[name](words);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
} else {
  console.error(`Usage: tasks <${Object.keys(commands).join('|')}> [text]`);
  process.exitCode = 1;
}
