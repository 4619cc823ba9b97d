/**
 * Pull requests with planted faults through the queue, all at once: whatever lands or leaves is compared with what
 * real git and the tests say of the trees. `ORACLE_PULLS` says how many.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { PlanRow } from '../../src/core/lane/view.ts';
import type { Repo } from '../../src/sandbox/model.ts';
import { loadCommit, readTree } from '../../src/sandbox/objects.ts';
import {
  faultOf,
  filesBefore,
  type PlantedPull,
  plantedCi,
  plantPulls,
  strictRules,
} from './planted-pulls.ts';
import { form, startWorld, type World } from './world.ts';

const execute = promisify(execFile);
const count = Number(process.env.ORACLE_PULLS ?? 20);

const policy = `schedule: { grace: 0ms, mode: branches }
agents: { robot: { via: assign, capacity: 100, login: walt } }
limits: { running: 1000, in_review: 1000, escalated: 1000 }
gate: { approvals: 0 }
queue: { builds: 8 }
`;

let world: World;
let dir: string;
/** Until everything is in place the tests of no pull request end, so that nothing enters the queue. */
const ready = Promise.withResolvers<void>();

async function git(...args: string[]): Promise<string> {
  return (await execute('git', ['-C', dir, ...args], { maxBuffer: 1 << 26 })).stdout.trim();
}

/** The paths in a commit of the sandbox's own, read without a process for each. */
async function pathsIn(repo: Repo, tree: string, folder = ''): Promise<string[]> {
  const entries = (await readTree(repo, tree)) ?? [];
  const paths = entries.map(({ name, mode, sha }) =>
    mode === '40000' ? pathsIn(repo, sha, `${folder}${name}/`) : [`${folder}${name}`],
  );
  return (await Promise.all(paths)).flat();
}

beforeAll(async () => {
  const judge = plantedCi();
  const verdict = async (repo: Repo, sha: string) => {
    await ready.promise;
    return judge(await pathsIn(repo, (await loadCommit(repo, sha)).tree));
  };
  // With so many tasks a sweep is much work, and no webhook is lost here.
  world = await startWorld({
    policy,
    files: filesBefore(count),
    draftsAllowed: false,
    ci: { verdict },
    sweepMs: 600_000,
    // What takes hours at GitHub's 5,000 an hour happens in minutes here.
    hourlyLimit: 1_000_000,
  });
  dir = await mkdtemp(join(tmpdir(), 'signalbox-oracle-'));
  const remote = new URL('/acme/engine.git', world.sandbox.url);
  remote.username = 'walt';
  remote.password = world.sandbox.addUser('walt').token;
  await git('clone', '--quiet', remote.href, '.');
});
afterAll(async () => {
  ready.resolve();
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

interface Work extends PlantedPull {
  branch: string;
  issue: number;
  pull: number;
}

const branchOf = (index: number): string => `work/${index}`;

/** A commit for each on top of the base as it is, and one push of them all. */
async function pushAll(planted: readonly PlantedPull[]): Promise<void> {
  const importer = spawn('git', ['-C', dir, 'fast-import', '--quiet', '--date-format=now'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  for (const [index, { name, files }] of planted.entries()) {
    importer.stdin.write(`commit refs/heads/${branchOf(index)}\ncommitter Walt <walt@example.org> now\n`);
    importer.stdin.write(`${data(name)}from refs/remotes/origin/main^0\n`);
    for (const [path, text] of Object.entries(files))
      importer.stdin.write(`M 100644 inline ${path}\n${data(text)}`);
  }
  importer.stdin.end();
  const [code] = await once(importer, 'exit');
  expect(code).toBe(0);
  await git('push', '--quiet', 'origin', 'refs/heads/work/*');
}

type Rows = ReadonlyMap<number, PlanRow>;

async function planRows(): Promise<Rows> {
  return new Map((await world.view()).plan.map((row) => [row.issue, row]));
}

async function untilAll(
  works: readonly Work[],
  holds: (row: PlanRow, work: Work, rows: Rows) => boolean,
): Promise<void> {
  await vi.waitFor(
    async () => {
      const rows = await planRows();
      const open = works.filter((work) => {
        const row = rows.get(work.issue);
        return row === undefined || !holds(row, work, rows);
      });
      const waits = open.map(({ issue, name }) => {
        const row = rows.get(issue);
        return `#${issue} ${name} ${row?.status}: ${row?.waitsOn.map(({ what }) => what)}`;
      });
      expect(waits).toEqual([]);
    },
    { timeout: 60_000 + count * 8_000, interval: 1_000 },
  );
}

/** Tasks whose work is done, on branches that were begun before the strict rules came. */
async function bringAll(): Promise<{ base: string; works: Map<string, Work> }> {
  const planted = plantPulls(count);
  await pushAll(planted);
  const works: Work[] = [];
  for (const [index, each] of planted.entries()) {
    const issue = await world.request('mary', each.name, form({ owns: Object.keys(each.files) }));
    const asked = { title: each.name, body: `Closes #${issue}`, head: branchOf(index), base: 'main' };
    const { data } = await world.as.walt.pulls.create({ ...world.repo, ...asked });
    works.push({ ...each, issue, branch: branchOf(index), pull: data.number });
  }
  await untilAll(works, (row) => row.state === 'in-review' || row.state === 'approved');
  const issueOf = (name: string) => works.find((work) => work.name === name)?.issue ?? 0;
  for (const { issue, needs } of works) {
    if (needs.length > 0)
      await world.say('walt', issue, `/depends ${needs.map((need) => `#${issueOf(need)}`).join(' ')}`);
  }
  await untilAll(works, (row, { needs }) => row.dependsOn.length === needs.length);
  const base = await world.push('main', 'Stricter rules', { [strictRules]: 'on\n' });
  ready.resolve();
  return { base, works: new Map(works.map((work) => [work.name, work])) };
}

/** Landed, sent back, or waiting for one that will not land. */
function isSettled(work: Work, works: ReadonlyMap<string, Work>, rows: Rows): boolean {
  const row = rows.get(work.issue);
  if (row?.state === 'completed') return true;
  if (row?.state === 'in-review' && row.reason !== null) return true;
  return work.needs.some((need) => {
    const other = works.get(need);
    return (
      other !== undefined && rows.get(other.issue)?.state !== 'completed' && isSettled(other, works, rows)
    );
  });
}

const listOf = async (commit: string): Promise<string[]> =>
  (await git('ls-tree', '-r', '--name-only', commit)).split('\n');

/** The tree of two commits merged; null where git cannot. */
async function mergeTrees(one: string, other: string): Promise<string | null> {
  try {
    return await git('merge-tree', '--write-tree', one, other);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 1) return null;
    throw error;
  }
}

/**
 * Each commit that the base has moved to is what git makes of the base before and the PRs of that landing, passes the
 * tests as that tree, and holds no PR before what it depends on. Answers with the names, in order.
 */
async function proveLandings(works: ReadonlyMap<string, Work>, before: string): Promise<Set<string>> {
  await git('fetch', '--quiet', 'origin', 'main');
  const { landings } = await world.view();
  const landed = new Set<string>();
  let base = before;
  for (const { sha, testedTree, issues } of landings) {
    let sum = base;
    for (const issue of issues) {
      const work = [...works.values()].find((each) => each.issue === issue);
      const name = work?.name ?? '';
      expect(landed).not.toContain(name);
      for (const need of work?.needs ?? []) expect(landed, `${name} needs ${need}`).toContain(need);
      landed.add(name);
      const head = await git('rev-parse', `refs/heads/${work?.branch}`);
      const tree = await mergeTrees(sum, head);
      expect(tree, `${name} can be merged`).not.toBeNull();
      sum = await git('commit-tree', tree ?? '', '-p', sum, '-p', head, '-m', name);
    }
    const tree = await git('rev-parse', `${sha}^{tree}`);
    expect(tree).toBe(testedTree);
    expect(await git('rev-parse', `${sum}^{tree}`)).toBe(tree);
    expect(faultOf(await listOf(sha))).toBeNull();
    base = sha;
  }
  expect(await git('rev-parse', 'origin/main')).toBe(base);
  return landed;
}

/** Whoever has not landed deserved it, by the tree that it would make with what has landed, and was told why. */
async function proveLeavers(works: ReadonlyMap<string, Work>, landed: ReadonlySet<string>): Promise<void> {
  const rows = await planRows();
  for (const { name, issue, branch, needs } of works.values()) {
    const row = rows.get(issue);
    if (landed.has(name)) {
      expect(row?.state, name).toBe('completed');
      continue;
    }
    const tree = await mergeTrees('origin/main', branch);
    const missing = needs.filter((need) => !landed.has(need));
    if (row?.state === 'approved') {
      expect(missing, `${name} waits for one that left`).not.toEqual([]);
      expect(row.waitsOn.map(({ kind }) => kind)).toEqual(['dependency']);
    } else if (tree === null) expect(row?.reason, name).toContain('conflicts with');
    else {
      expect(faultOf(await listOf(tree)), `${name} would pass: ${row?.reason}`).not.toBeNull();
      expect(row?.reason, name).toContain('ended with failure');
    }
  }
  const left = [...works.keys()].filter((name) => !landed.has(name));
  const leftOf = (kind: string) => left.filter((name) => name.startsWith(kind)).length;
  const groups = works.size / 20;
  for (const kind of ['clash', 'trio', 'merge']) expect(leftOf(kind), kind).toBe(groups);
  for (const kind of ['plain', 'flaky', 'after b ']) expect(leftOf(kind), kind).toBe(0);
  expect(leftOf('broken')).toBe(2 * groups);
  const { pulls } = world.as.mary;
  for (const name of landed) {
    const { data } = await pulls.get({ ...world.repo, pull_number: works.get(name)?.pull ?? 0 });
    expect(data.merged, name).toBe(true);
  }
}

test('what has planted faults leaves, and everything else lands, as the trees say', {
  timeout: 120_000 + count * 25_000,
}, async () => {
  const { base, works } = await bringAll();
  await untilAll([...works.values()], (_, work, rows) => isSettled(work, works, rows));
  const landed = await proveLandings(works, base);
  await proveLeavers(works, landed);
  await world.proveReplay();
});
