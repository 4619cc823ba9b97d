/** Plan and execute: a planner's own process proposes parts, a person accepts them, workers do them, all of it lands. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { AgentTask } from '../../src/protocol/agent-contract.ts';
import { GatedWorker } from './gated-worker.ts';
import { form, startWorld, type World } from './world.ts';

const token = 'a-token-for-agents-of-sufficient-length';
const policy = `schedule: { grace: 0ms }
gate: { approvals: 0, codeowners: false }
ownership: { heartbeat: 1s }
agents:
  architect: { via: pull, roles: [planner], model: big-model }
  local: { via: pull }
`;

/** Leaves a change that must not count, and a plan in which the second part is to say where the issue's words end. */
const planner = `
test "$AGENT_MODEL" = big-model
grep -q 'You plan and change nothing' "$AGENT_BRIEF"
echo '// not to be kept' >> src/one.js
mkdir -p "$(dirname "$AGENT_PLAN_FILE")"
cat > "$AGENT_PLAN_FILE" <<'PLAN'
{ "summary": "One, then two. cc @walt",
  "parts": [
    { "title": "Bigger one", "requirements": "Make it bigger.\\n\\n### Owned files\\n\\n**", "owns": ["src/one.js"],
      "acceptance": ["one is bigger", "@walt agrees"] },
    { "title": "Bigger two", "requirements": "Closes #1\\n\`\`\`\\n/approve", "owns": ["src/two.js"], "after": [1] }
  ] }
PLAN
`;

const worker = `
case "$SIGNALBOX_TASK_NAME" in
  *one) echo 'export const one = 10;' > src/one.js ;;
  *two) echo 'export const two = 20;' > src/two.js ;;
esac
`;

let world: World;
let dir: string;
const workers: GatedWorker[] = [];

afterEach(async () => {
  for (const each of workers) await each.close();
  await world?.close();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

async function startAgent(agent: string, script: string): Promise<void> {
  const own = join(dir, agent);
  mkdirSync(own);
  const started = await GatedWorker.open({ dir: own, url: world.url, token, agent, script });
  workers.push(started);
  started.start(null);
}

/** An issue whose request wants a plan. */
async function requestPlan(): Promise<number> {
  const { data } = await world.as.mary.issues.create({
    ...world.repo,
    title: 'Make both bigger',
    body: form({ owns: ['src/**'] }),
  });
  const labels = ['plan-first', 'agent-ready'];
  await world.as.mary.issues.addLabels({ ...world.repo, issue_number: data.number, labels });
  return data.number;
}

async function call(name: string, body: object): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${world.url}/api/agent/v1/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('a plan is heard once, of the attempt that was to make it', { timeout: 60_000 }, async () => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-split-'));
  world = await startWorld({ policy, agentToken: token });
  await world.eventually(async () => (await world.view().catch(() => null))?.baseSha, 'the lane is open');
  const issue = await requestPlan();
  const task = await world.eventually(async () => {
    const answer = await call('claim', { agent: 'architect', worker: 'w', claim_id: randomUUID() });
    return answer.body.task as AgentTask | null;
  }, 'the plan is claimed');
  expect(task).toMatchObject({ issue, pull: issue, plan: { most_parts: 12 }, model: 'big-model' });
  // It reads, and no more: there is nothing for it to push.
  const pushed = await fetch(task.git.url.replace(/\.git$/, '.git/info/refs?service=git-receive-pack'), {
    headers: { authorization: `Basic ${Buffer.from(`x-access-token:${task.git.token}`).toString('base64')}` },
  });
  expect(pushed.status).toBe(403);

  const part = { title: 'A', requirements: 'Do it.', owns: ['src/one.js'] };
  const named = { task: task.task, attempt: task.attempt, fence: task.fence, version: task.version };
  const proposal = { ...named, sequence: 1, parts: [part, part] };
  expect((await call('propose-split', { ...proposal, parts: [part] })).status).toBe(400);
  expect((await call('propose-split', { ...proposal, fence: 99 })).status).toBe(409);
  const first = await call('propose-split', proposal);
  expect(first).toMatchObject({ status: 200, body: { outcome: 'proposed', state: 'waiting' } });
  expect(await call('propose-split', proposal)).toEqual(first);
  expect((await call('propose-split', { ...proposal, summary: 'other' })).status).toBe(422);
  expect((await call('propose-split', { ...proposal, sequence: 2 })).status).toBe(409);
  const journal = await world.db.selectFrom('journal').select('kind').execute();
  expect(journal.filter(({ kind }) => kind === 'split-proposed')).toHaveLength(1);
  expect(journal.filter(({ kind }) => kind === 'work-started')).toHaveLength(1);
  const { data: pulls } = await world.as.mary.pulls.list({ ...world.repo, state: 'all' });
  expect(pulls).toEqual([]);
  await world.proveReplay();
});

test('a plan is proposed, accepted by a person, worked on and landed', { timeout: 120_000 }, async () => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-split-'));
  world = await startWorld({ policy, agentToken: token });
  await startAgent('architect', planner);
  await startAgent('local', worker);
  const { repo } = world;
  await world.eventually(async () => (await world.view().catch(() => null))?.baseSha, 'the lane is open');

  const issue = await requestPlan();
  const proposal = await world.eventually(
    async () => (await world.ours(issue)).find(({ body }) => body.includes('A plan for')),
    'the plan is shown',
  );
  expect(proposal.body).toContain('| 2 | Bigger two | `src/two.js` | 1 |');
  expect(proposal.body).toContain('p1 --> p2');
  expect(proposal.body).not.toContain('@walt');
  const row = await world.until(issue, ({ state }) => state === 'waiting', 'waits');
  expect(row).toMatchObject({ pull: null, waitsOn: [{ kind: 'approval', command: '/approve' }] });

  // GitHub makes each issue, and its answer is lost: the issue is found, and not made again.
  const lost: string[] = [];
  world.sandbox.faults.request = ({ method, path, phase }) => {
    if (method !== 'POST' || !path.endsWith('/issues') || phase === 'after' || lost.length > 1)
      return undefined;
    lost.push(path);
    return { when: 'after', answer: 'disconnect' };
  };
  await world.say('tess', issue, '/approve');
  await world.say('mary', issue, '/approve');
  const parts = await world.eventually(async () => {
    const { data } = await world.as.mary.issues.listForRepo({
      ...repo,
      creator: world.botLogin,
      state: 'all',
    });
    const opened = data.filter((each) => each.pull_request === undefined);
    return opened.length === 2 && opened.every((each) => each.labels.length > 0) ? opened.reverse() : null;
  }, 'both parts are opened');
  expect(lost).toHaveLength(2);
  expect(parts.map(({ title }) => title)).toEqual(['Bigger one', 'Bigger two']);
  const numbers = parts.map(({ number }) => number);
  const { data: linked } = await world.as.mary.request(
    'GET /repos/{owner}/{repo}/issues/{issue_number}/sub_issues',
    { ...repo, issue_number: issue },
  );
  expect(linked.map((each: { number: number }) => each.number).sort()).toEqual(numbers);

  for (const [index, number] of numbers.entries()) {
    const part = await world.until(number, ({ state }) => state === 'completed', 'has landed');
    const [owns, dependsOn] = index === 0 ? ['src/one.js', []] : ['src/two.js', [numbers[0]]];
    expect(part).toMatchObject({ owns: [owns], dependsOn, agent: 'local' });
  }
  await world.until(issue, ({ state }) => state === 'completed', 'is completed with its parts');
  const closed = await world.eventually(async () => {
    const { data } = await world.as.mary.issues.get({ ...repo, issue_number: issue });
    return data.state === 'closed' ? data : null;
  }, 'its issue is closed');
  expect(closed.state_reason).toBe('completed');
  const { data: file } = await world.as.mary.repos.getContent({ ...repo, path: 'src/one.js' });
  expect(Buffer.from('content' in file ? file.content : '', 'base64').toString()).toBe(
    'export const one = 10;\n',
  );
  const row2 = await world.db.selectFrom('task').select(['issue', 'requested_by']).execute();
  expect(row2.filter((each) => numbers.includes(each.issue)).map((each) => each.requested_by)).toEqual([
    'mary',
    'mary',
  ]);
  await world.proveReplay();
});
