/**
 * Makes a trace from any git clone, for `npm run bench:queue -- --traces <folder>`:
 *
 *     node bench/queue/make-trace.ts <clone> <file>.csv.gz
 *
 * One line per commit on the first-parent history of HEAD, oldest first: when it was made (epoch seconds) and the ids
 * of the files it changes. Paths are not kept. Files that a tool writes are left out, for conflicts in them are
 * resolved by running the tool.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const generated = /(^|\/)(CHANGELOG[^/]*|[^/]*\.lock|[^/]*-lock\.(json|yaml)|go\.sum|[^/]*\.snap)$/iu;

const [clone, file] = process.argv.slice(2);
if (!clone || !file?.endsWith('.csv.gz')) {
  console.error('usage: node bench/queue/make-trace.ts <clone> <file>.csv.gz');
  process.exit(2);
}
const log = execFileSync(
  'git',
  ['-C', clone, 'log', '--first-parent', '--reverse', '-m', '--name-only', '-z', '--format=%x01%ct'],
  { encoding: 'utf8', maxBuffer: 1 << 30 },
);
const ids = new Map<string, number>();
const lines = ['merged_at,file_ids'];
for (const commit of log.split('\u0001').slice(1)) {
  const [time = '', ...paths] = commit.split('\0').map((part) => part.trim());
  const files = paths.filter((path) => path !== '' && !generated.test(path));
  if (files.length === 0) continue;
  for (const path of files) if (!ids.has(path)) ids.set(path, ids.size);
  lines.push(`${time},${files.map((path) => ids.get(path)).join(' ')}`);
}
writeFileSync(file, gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
console.log(`${lines.length - 1} changes, ${ids.size} files`);
