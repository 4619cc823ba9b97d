/** A task with work on its branch, as attacks find one, and what they do with it. */
import type { Octokit } from '@octokit/rest';
import { form, type World } from '../stories/world.ts';

export interface Target {
  issue: number;
  pull: number;
  branch: string;
  head: string;
}

export interface TargetFields {
  title: string;
  owns: string[];
  files: Record<string, string | null>;
}

/** The PR of a new task, still without work. */
export async function openTarget(world: World, title: string, owns: string[]): Promise<Target> {
  const issue = await world.request('mary', title, form({ owns }));
  const row = await world.until(issue, (each) => each.pull !== null && each.branch !== null, 'has a PR');
  const branch = row.branch ?? '';
  return { issue, pull: row.pull ?? 0, branch, head: await world.tipOf(branch) };
}

/** A task in review, by `walt`'s push. Where there are no drafts, the first push ends the attempt. */
export async function workedOn(world: World, { title, owns, files }: TargetFields): Promise<Target> {
  const target = await openTarget(world, title, owns);
  const head = await world.push(target.branch, 'Work', files);
  await world.until(target.issue, (row) => row.state === 'in-review', 'is in review');
  return { ...target, head };
}

export interface TreePart {
  path: string;
  mode?: '100644' | '100755' | '120000' | '160000';
  content?: string;
  /** Of an object that is there; null removes the path. */
  sha?: string | null;
}

export interface CommitFields {
  branch: string;
  message: string;
  parts: TreePart[];
  /** ISO 8601, as author and committer may say what they like. */
  date?: string;
}

/** Writes a commit on top of the branch with GitHub's git API and moves nothing. */
export async function writeCommit(world: World, by: Octokit, fields: CommitFields): Promise<string> {
  const parent = await world.tipOf(fields.branch);
  const tree = fields.parts.map(({ path, mode = '100644', ...rest }) => ({ path, mode, ...rest }));
  const made = await by.git.createTree({ ...world.repo, base_tree: parent, tree });
  const { data: user } = await by.users.getAuthenticated();
  const { date } = fields;
  const person = { name: user.login, email: `${user.id}+${user.login}@users.noreply.github.com` };
  const { data } = await by.git.createCommit({
    ...world.repo,
    message: fields.message,
    tree: made.data.sha,
    parents: [parent],
    ...(date === undefined ? {} : { author: { ...person, date }, committer: { ...person, date } }),
  });
  return data.sha;
}

/** The same, and the branch moves to it. */
export async function commitTo(world: World, by: Octokit, fields: CommitFields): Promise<string> {
  const sha = await writeCommit(world, by, fields);
  await by.git.updateRef({ ...world.repo, ref: `heads/${fields.branch}`, sha });
  return sha;
}

export async function reactionsOn(world: World, comment: number): Promise<string[]> {
  const { data } = await world.as.mary.reactions.listForIssueComment({ ...world.repo, comment_id: comment });
  return data.map((reaction) => reaction.content);
}

export const waitsOf = async (world: World, issue: number): Promise<string[]> =>
  (await world.view()).plan.find((row) => row.issue === issue)?.waitsOn.map(({ what }) => what) ?? [];

/** Until one of the task's waits says this. */
export const waitsFor = (world: World, issue: number, words: string | RegExp): Promise<unknown> =>
  world.until(
    issue,
    (row) =>
      row.waitsOn.some(({ what }) => (typeof words === 'string' ? what.includes(words) : words.test(what))),
    `waits for ${words}`,
  );

/** The arbiter's check run once it has come to this conclusion. */
export const arbiterOn = (world: World, sha: string, conclusion: 'success' | 'failure') =>
  world.eventually(async () => {
    const check = await world.checkOf(sha, 'signalbox/arbiter');
    return check?.conclusion === conclusion ? check : null;
  }, `the arbiter says ${conclusion} on ${sha}`);
