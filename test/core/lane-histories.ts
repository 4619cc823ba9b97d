/**
 * Random histories of a lane: small actions that fast-check draws and shrinks, made concrete against the state that
 * the lane is in, so that they are often sensible, sometimes late, and sometimes plain wrong.
 */
import fc from 'fast-check';
import { isVerdictFor, openFindings } from '../../src/core/gate/arbiter.ts';
import type { Effect } from '../../src/core/lane/effects.ts';
import { isStillWanted } from '../../src/core/lane/effects.ts';
import type { Fact } from '../../src/core/lane/facts.ts';
import type { AgentWord, Observation, SeenCommand } from '../../src/core/lane/observation.ts';
import type { CheckConclusion } from '../../src/core/lane/pull-state.ts';
import type { Task } from '../../src/core/lane/state.ts';
import { approve, command, issue, type issueSeen, LaneDriver, policy, pull } from './lane-driver.ts';

const paths = [
  'src/a.js',
  'src/b.js',
  'src/**',
  'docs/**',
  'lib/{x,y}/*.ts',
  'SRC/a.js',
  'package.json',
] as const;
const fileIn: Record<string, string> = {
  'src/a.js': 'src/a.js',
  'src/b.js': 'src/b.js',
  'src/**': 'src/deep/c.js',
  'docs/**': 'docs/index.md',
  'lib/{x,y}/*.ts': 'lib/x/one.ts',
  'SRC/a.js': 'SRC/a.js',
  'package.json': 'package.json',
};
export const policies = [
  {},
  { gate: { checks: ['ci', 'lint'] } },
  { gate: { approvals: 0 } },
  { limits: { running: 1, attempts: 2 }, gate: { checks: [] } },
  {
    agents: { local: { via: 'pull', capacity: 2 }, people: { via: 'adopt' } },
    queue: { check_timeout: '5m' },
  },
  {
    limits: {
      backoff: ['10s'],
      usd: 1,
      task: { tokens: 900 },
      agent_day: { usd: 4 },
      repository_day: { minutes: 90 },
      breaker: { agent: 2, repository: 3, pause: '5m' },
    },
    ownership: { protected: ['lib/**'] },
    autonomy: {
      default: 'on-the-loop',
      grace: '10m',
      rules: [
        { paths: ['docs/**'], level: 'out-of-the-loop' },
        { paths: ['src/b.js'], level: 'in-the-loop' },
      ],
    },
    escalate: { stale: '20m' },
  },
  { schedule: { overlap: 0.5 }, ownership: { outside: 'expand', shared: ['package.json', 'docs/**'] } },
  { schedule: { mode: 'queue' }, limits: { in_review: 1, escalated: 1 } },
  { queue: { policy: 'serial', flake_retries: 0, starvation: 1 } },
  { queue: { policy: 'trust-ownership', builds: 2, batch: 2 } },
  { queue: { builds: 1, flake_retries: 0, outside_push: 'freeze' } },
  {
    schedule: { mode: 'branches' },
    agents: { local: { via: 'pull', capacity: 3 } },
    queue: { flake_retries: 0, update_branches: 'before-queue' },
    limits: { backoff: ['1s'] },
  },
];
/** In most histories: they are short, and one red run is blame enough there to see somebody leave. */
const strict = { queue: { flake_retries: 0 } };
const conclusions: readonly CheckConclusion[] = ['failure', 'pending', 'neutral', 'timed-out'];
const words = [
  'claimed',
  'claimed',
  'heartbeat',
  'heartbeat',
  'done',
  'done',
  'infra',
  'semantic',
  'semantic',
  'rate-limit',
  'released',
  'budget',
  'escalate',
  'request-paths',
] as const;
export type Word = (typeof words)[number];
const issueChanges = [
  'unlabel',
  'close',
  'gone',
  'hold',
  'unhold',
  'link',
  'edit',
  'edit-by-visitor',
  'relabel',
  'stranger',
] as const;
const typedCommands = [
  'hold',
  'unhold',
  'cancel',
  'freeze',
  'unfreeze',
  'status',
  'retry',
  'resume',
  'rebase',
] as const;
const maria = { login: 'maria', permission: 'write' } as const;
const visitor = { login: 'visitor', permission: 'read' } as const;
const pullChanges = [
  'push',
  'ready',
  'draft',
  'close',
  'merge',
  'reopen',
  'gone',
  'push-and-approve',
  'late-push',
  'late-push',
  'late-bundle',
] as const;

const number = fc.integer({ min: 1, max: 5 });
const byte = fc.nat(255);

/** No issue has this number: it is a PR that people have opened. */
const handMade = 70;
const handSteps = ['approve', 'approve', 'diff', 'green', 'try', 'push', 'close', 'reopen', 'merge'] as const;

const action = fc.oneof(
  // A while in which everything goes right for one task: without it hardly any history would reach a landing.
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('stride' as const),
      issue: number,
      steps: fc.integer({ min: 4, max: 24 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('progress' as const), issue: number }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('carry' as const), luck: byte }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      issue: number,
      owns: fc.subarray([...paths], { minLength: 1, maxLength: 3 }),
      dependsOn: fc.oneof(
        { weight: 3, arbitrary: fc.constant<number[]>([]) },
        { weight: 2, arbitrary: fc.subarray([1, 2, 3, 9], { maxLength: 1 }) },
      ),
      held: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 2_400_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('agent' as const),
      issue: number,
      word: fc.constantFrom(...words),
      stale: byte,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('pull' as const),
      issue: number,
      change: fc.constantFrom(...pullChanges),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      issue: number,
      run: fc.constantFrom('in-progress' as const, 'completed' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('diff' as const), issue: number, luck: byte }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('checks' as const), of: fc.nat(7), luck: byte }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('approve' as const), issue: number, luck: byte }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('red' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('issue' as const),
      issue: number,
      change: fc.constantFrom(...issueChanges),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('escalate' as const), issue: number }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('type' as const),
      issue: number,
      what: fc.constantFrom(...typedCommands),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('by-hand' as const), step: fc.constantFrom(...handSteps) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('base' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('policy' as const), which: fc.nat(policies.length * 3) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('worker' as const), agent: fc.constantFrom('default', 'local') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('prerequisite' as const), completed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat' as const), back: fc.nat(30) }) },
);
export type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

export const histories = (maxLength: number): fc.Arbitrary<Action[]> =>
  fc.array(action, { minLength: 10, maxLength, size: 'max' });

/** The roll with which an effect succeeds, and at once. */
export const goodLuck = 247;

/** The world around a lane, as far as it can tell what the lane was ever told. */
export class World {
  readonly lane = new LaneDriver();
  /** What CI last said about a commit, told to the lane. */
  readonly checks = new Map<string, Map<string, CheckConclusion>>();
  /** `issue:head` → the paths that the lane was last told. */
  readonly diffs = new Map<string, string[]>();
  /** Base commits that came from outside. */
  readonly outside = new Set<string>(['base-0']);
  readonly said: Observation[] = [];
  #serial = 0;

  open(): void {
    this.tell({ kind: 'lane', owner: 'acme', repo: 'demo', base: 'main' }, { kind: 'base', sha: 'base-0' });
    this.tell(policy(strict));
  }

  tell(...observations: Observation[]): Fact[] {
    for (const each of observations) {
      if (each.kind === 'checks') {
        this.checks.set(each.sha, new Map(each.checks.map(({ name, conclusion }) => [name, conclusion])));
      }
      if (each.kind === 'diff') {
        this.diffs.set(
          `${each.issue}:${each.headSha}`,
          each.changes.map((change) => change.path),
        );
      }
      if (each.kind === 'base') this.outside.add(each.sha);
      if (each.kind === 'landing' && each.result.kind === 'base-is') this.outside.add(each.result.sha);
      this.said.push(each);
    }
    return this.lane.see(...observations);
  }

  sha(name: string): string {
    this.#serial += 1;
    return `${name}-${this.#serial}`;
  }

  act(action: Action): Fact[] {
    const { lane } = this;
    const task = 'issue' in action ? lane.state.tasks[action.issue] : undefined;
    switch (action.do) {
      case 'progress':
        return this.progress(action.issue);
      case 'stride':
        for (let step = 0; step < action.steps; step++) {
          if (step % 2 === 0) this.progress(action.issue);
          else this.carry(goodLuck);
        }
        return [];
      case 'carry':
        return this.carry(action.luck);
      case 'request':
        return this.tell(
          issue(action.issue, {
            held: action.held,
            spec: { owns: action.owns, dependsOn: action.dependsOn },
            edits: [{ by: maria, at: lane.at }],
          }),
        );
      case 'wait':
        return lane.pass(action.ms);
      case 'agent':
        return this.speak(task, action.word, action.stale);
      case 'pull':
        return this.changePull(task, action.change);
      case 'run':
        return this.run(task, action.run);
      case 'diff':
        return this.diff(task, action.luck);
      case 'checks':
        return this.report(action.of, action.luck);
      case 'red': {
        const testing = Object.values(lane.state.builds).find((build) => build.state === 'testing');
        return testing?.sha ? this.green(testing.sha, 'failure') : [];
      }
      case 'approve':
        return this.approve(task, action.luck);
      case 'issue':
        return this.changeIssue(task, action.change);
      case 'escalate':
        return task ? this.tell(command(task.issue, { index: 0, name: 'escalate', why: 'look' })) : [];
      case 'type':
        return task ? this.type(task.issue, action.what) : [];
      case 'by-hand':
        return this.byHand(action.step);
      case 'base':
        return this.tell({ kind: 'base', sha: this.sha('outside'), paths: ['docs/index.md', 'src/a.js'] });
      case 'policy':
        return this.tell(policy(policies[action.which] ?? strict));
      case 'worker':
        lane.presence = [{ agent: action.agent, worker: 'w-1', seenAt: lane.at }];
        return this.tell();
      case 'prerequisite':
        return this.tell({
          kind: 'prerequisite',
          issue: 9,
          state: action.completed ? 'completed' : 'not-planned',
        });
      case 'repeat': {
        const old = this.said.at(-1 - action.back);
        return old && old.kind !== 'base' && old.kind !== 'command' ? this.tell(old) : [];
      }
      default:
        return action satisfies never;
    }
  }

  type(under: number, what: (typeof typedCommands)[number]): Fact[] {
    const index = 0;
    const writtenAt = this.lane.at;
    const typed: SeenCommand =
      what === 'resume'
        ? { index, name: what, guidance: 'A' }
        : what === 'hold' || what === 'freeze'
          ? { index, name: what, why: 'later' }
          : { index, name: what };
    return this.tell(command(under, typed, { permission: 'maintain', writtenAt }));
  }

  /** Whatever would sensibly happen next to the task. */
  progress(number: number): Fact[] {
    const task = this.lane.state.tasks[number];
    if (!task) return [];
    const { attempt, pull: open, state } = task;
    if (state === 'waiting') return this.lane.pass(3_000);
    if (!open) return [];
    if (state === 'assigned' || state === 'working') {
      if (!attempt?.openedSha) return [];
      if (state === 'assigned' && attempt.via === 'pull') return this.speak(task, 'claimed', 0);
      if (open.headSha === attempt.openedSha) return this.changePull(task, 'push');
      return attempt.via === 'pull' ? this.speak(task, 'done', 0) : this.changePull(task, 'ready');
    }
    if (!isVerdictFor(open.verdict, task, this.lane.state.policyHash)) return this.diff(task, 255);
    if (open.headSha === attempt?.openedSha) return this.changePull(task, 'push');
    if (open.verdict.findings.some((finding) => finding.rule === 'held')) return [];
    if (openFindings(open.verdict, task).length > 0) return this.changePull(task, 'push');
    const isGreen = this.lane.state.policy.gate.checks.every((name) =>
      open.checks.some((check) => check.name === name && check.conclusion === 'success'),
    );
    if (!isGreen) return this.green(open.headSha);
    return state === 'in-review' ? this.approve(task, 255) : [];
  }

  /** Carries out an effect, as the engine would: dropped when it is not wanted any more. */
  carry(luck: number): Fact[] {
    const { lane } = this;
    const pending = lane.pending;
    // Mostly in order; sometimes another process is faster.
    const booked = pending[luck % 16 === 0 ? pending.length - 1 : 0];
    if (!booked) {
      const testing = Object.values(lane.state.builds).find((build) => build.state === 'testing');
      return testing?.sha ? this.green(testing.sha, luck % 8 === 1 ? 'failure' : 'success') : [];
    }
    booked.done = true;
    if (!isStillWanted(booked.effect, lane.state)) return [];
    if (luck % 32 === 31) return this.refuse(booked.effect);
    const result = this.resultOf(booked.effect, luck);
    // Sometimes time passes while GitHub is at work.
    if (luck % 8 === 3) lane.pass(1_000 * luck);
    return this.tell(...result);
  }

  refuse(effect: Effect): Fact[] {
    const number = 'issue' in effect ? effect.issue : effect.kind === 'announce-collision' ? effect.b : null;
    const build = 'build' in effect ? effect.build : null;
    return this.tell({ kind: 'effect-refused', effect: effect.kind, issue: number, build, message: 'no' });
  }

  resultOf(effect: Effect, luck: number): Observation[] {
    switch (effect.kind) {
      case 'open-branch':
        return [{ ...effect, kind: 'branch-opened', sha: this.openedSha(effect.issue) }];
      case 'open-pull': {
        const headSha = this.lane.task(effect.issue).attempt?.openedSha ?? '';
        return [
          {
            kind: 'pull-opened',
            issue: effect.issue,
            pull: this.pullNumber(effect.issue),
            headSha,
            draft: true,
          },
        ];
      }
      case 'announce-collision':
        return [{ kind: 'collision-announced', a: effect.a, b: effect.b }];
      case 'update-branch': {
        const { issue: of, headSha, baseSha } = effect;
        const sha = luck % 8 === 6 ? headSha : this.sha('update');
        const result = luck % 8 === 2 ? { kind: 'conflict' as const } : { kind: 'updated' as const, sha };
        return [{ kind: 'branch-update', issue: of, headSha, baseSha, result }];
      }
      case 'keep-late-work': {
        const { issue: of, number, late: branch } = effect;
        return [{ kind: 'late-work-kept', issue: of, number, branch, isBack: luck % 8 !== 5 }];
      }
      case 'keep-late-bundle': {
        const { issue: of, number, late: branch } = effect;
        return [
          {
            kind: 'late-work-kept',
            issue: of,
            number,
            branch: luck % 8 === 5 ? null : branch,
            isBack: false,
          },
        ];
      }
      case 'mark-ready':
        return [pull(this.lane.task(effect.issue), { draft: false })];
      case 'close-pull':
        return [pull(this.lane.task(effect.issue), { open: false })];
      case 'make-candidate':
        return [this.candidateOf(effect, luck)];
      case 'land':
        return [this.landingOf(effect, luck)];
      case 'audit':
        return [{ kind: 'audit', build: effect.build, vanished: [] }];
      default:
        return [];
    }
  }

  candidateOf(effect: Extract<Effect, { kind: 'make-candidate' }>, luck: number): Observation {
    const { build, entries, steps: made } = effect;
    const last = entries.at(-1);
    if (luck % 8 === 2 && last) {
      const others = luck % 16 === 2 ? entries.slice(0, -1).map(({ issue: each }) => each) : [];
      return { kind: 'candidate', build, result: { kind: 'conflict', issue: last.issue, with: others } };
    }
    const steps = entries.map((_, index) => made[index] ?? this.sha('candidate'));
    const sha = steps.at(-1) ?? this.sha('candidate');
    return { kind: 'candidate', build, result: { kind: 'made', sha, tree: `tree of ${sha}`, steps } };
  }

  landingOf(effect: Extract<Effect, { kind: 'land' }>, luck: number): Observation {
    const { build, sha, tree } = effect;
    if (this.lane.state.frozen) return { kind: 'landing', build, result: { kind: 'withheld' } };
    if (luck % 8 === 4)
      return { kind: 'landing', build, result: { kind: 'base-is', sha: this.sha('outside') } };
    if (luck % 32 === 5)
      return { kind: 'landing', build, result: { kind: 'unproven', why: 'ci runs again' } };
    return { kind: 'landing', build, result: { kind: 'landed', sha, tree, blobs: {} } };
  }

  /** A branch that exists already is found, not made again. */
  openedSha(number: number): string {
    return this.lane.state.tasks[number]?.pull?.headSha ?? this.sha('opened');
  }

  pullNumber(number: number): number {
    this.#serial += 1;
    return 100 * this.#serial + number;
  }

  speak(task: Task | undefined, word: Word, stale: number): Fact[] {
    if (!task?.attempt) return [];
    const { number, fence } = task.attempt;
    const off = stale % 4 === 3 ? (stale % 8 === 3 ? -1 : 1) : 0;
    return this.tell({
      kind: 'agent',
      issue: task.issue,
      attempt: number,
      fence: fence + off,
      word: this.wordOf(task, word, stale),
    });
  }

  wordOf(task: Task, word: Word, stale: number): AgentWord {
    const usage = { tokens: stale * 2, usd: stale / 200 };
    switch (word) {
      case 'claimed':
        return { kind: word, claimId: `claim-${stale}`, worker: 'w-1' };
      case 'heartbeat':
        return { kind: word, head: this.sha('local'), usage };
      case 'done':
        return { kind: word, head: task.pull?.headSha ?? '', usage };
      case 'escalate':
        return { kind: word, trigger: 'ambiguity', context: 'Which?', options: ['This', 'That'], usage };
      case 'released':
        return { kind: word, reason: 'Ctrl-C' };
      case 'request-paths':
        return { kind: word, paths: ['docs/**', `src/${stale}.js`], why: 'needed' };
      case 'rate-limit':
        return { kind: 'failed', class: word, message: 'slow down', retryAfterMs: stale * 1_000, usage };
      default:
        return { kind: 'failed', class: word, message: 'it did not work', usage };
    }
  }

  run(task: Task | undefined, run: 'in-progress' | 'completed'): Fact[] {
    if (!task?.attempt) return [];
    const { issue: of, attempt } = task;
    const { number: nth, fence, runId } = attempt;
    if (runId === null)
      return this.tell({ kind: 'run-dispatched', issue: of, attempt: nth, fence, run: fence });
    const conclusion = run === 'completed' ? 'failure' : null;
    return this.tell({ kind: 'run', issue: of, run: runId, conclusion });
  }

  changePull(task: Task | undefined, change: (typeof pullChanges)[number]): Fact[] {
    if (!task?.pull) return [];
    const moved = () => pull(task, { headSha: this.sha('head') });
    switch (change) {
      case 'push':
        return this.tell(moved());
      case 'late-push': {
        // A worker that was fenced between its last heartbeat and its push.
        const late = task.record.endings.findLast((ending) => ending.head !== null)?.head;
        return late ? this.tell(pull(task, { headSha: late })) : [];
      }
      case 'late-bundle': {
        const ending = task.record.endings.at(-1);
        const { fence, attempt } = ending ?? { fence: 1, attempt: 1 };
        return this.tell({ kind: 'late-bundle', issue: task.issue, attempt, fence, sha: `bundle-${fence}` });
      }
      case 'ready':
        return this.tell(pull(task, { draft: false }));
      case 'draft':
        return this.tell(pull(task, { draft: true }));
      case 'close':
        return this.tell(pull(task, { open: false }));
      case 'merge':
        return this.tell(pull(task, { open: false, merged: true }));
      case 'reopen':
        return this.tell(pull(task, { open: true, merged: false }));
      case 'gone':
        return this.tell({ kind: 'pull', issue: task.issue, seen: null });
      case 'push-and-approve':
        return this.tell(moved(), approve(task.issue));
      default:
        return change satisfies never;
    }
  }

  diff(task: Task | undefined, luck: number): Fact[] {
    if (!task?.pull) return [];
    const file = fileIn[task.spec.owns[0] ?? ''] ?? '';
    const others: Record<number, string[]> = {
      1: ['elsewhere/x'],
      2: ['package.json'],
      3: ['docs/index.md'],
    };
    // Two of the five tasks need the shared joint whenever all goes well.
    if (task.issue % 2 === 0) others[7] = ['package.json'];
    const touched = [file, ...(others[luck % 8] ?? [])];
    const headSha = luck % 16 === 2 ? 'an-old-head' : task.pull.headSha;
    const changes = touched.map((path) => ({ path, change: 'modified' as const, mode: '100644' }));
    return this.tell({ kind: 'diff', issue: task.issue, headSha, baseSha: 'base-0', changes });
  }

  report(of: number, luck: number): Fact[] {
    const { tasks, builds } = this.lane.state;
    const heads = Object.values(tasks).flatMap((task) => (task.pull ? [task.pull.headSha] : []));
    const candidates = Object.values(builds).flatMap((build) => (build.sha === null ? [] : [build.sha]));
    const shas = [...heads, ...candidates.slice(-2)];
    const sha = shas[of % Math.max(1, shas.length)];
    if (!sha) return [];
    const ci = luck % 4 === 0 ? conclusions[(luck >> 2) % conclusions.length] : 'success';
    return this.green(sha, ci);
  }

  /** Everything CI has is green, and `ci` says what it is told to say. */
  green(sha: string, ci: CheckConclusion = 'success'): Fact[] {
    const results = [
      { name: 'ci', conclusion: ci, url: null },
      { name: 'lint', conclusion: 'success' as const, url: null },
      { name: 'not-asked-for', conclusion: 'failure' as const, url: null },
    ];
    return this.tell({ kind: 'checks', sha, checks: results });
  }

  approve(task: Task | undefined, luck: number): Fact[] {
    if (!task) return [];
    const permission = luck % 8 === 0 ? 'triage' : 'write';
    const sha = luck % 8 === 1 ? 'feed' : null;
    return this.tell(
      command(task.pull?.number ?? task.issue, { index: 0, name: 'approve', sha }, { permission }),
    );
  }

  /** A PR that no task owns, and what people do about it. */
  byHand(step: (typeof handSteps)[number]): Fact[] {
    const task = this.lane.state.tasks[handMade];
    switch (step) {
      case 'approve':
      case 'try': {
        const headSha = task?.pull?.headSha ?? this.sha('hand');
        const offered = { number: handMade, title: 'By hand', author: 'walt', headSha, draft: false };
        const typed: SeenCommand =
          step === 'approve'
            ? { index: 0, name: 'approve', sha: null }
            : { index: 0, name: 'try', pulls: [] };
        return this.tell(command(handMade, typed, { offered: { ...offered, correlationId: 'c-hand' } }));
      }
      case 'diff':
        return this.diff(task, 255);
      case 'green':
        return task?.pull ? this.green(task.pull.headSha) : [];
      default:
        return this.changePull(task, step);
    }
  }

  changeIssue(task: Task | undefined, change: (typeof issueChanges)[number]): Fact[] {
    if (!task) return [];
    const { issue: of, spec, held, blockedBy } = task;
    const as = (changed: Parameters<typeof issueSeen>[0]) =>
      this.tell(issue(of, { spec, held, blockedBy, ...changed }));
    switch (change) {
      case 'unlabel':
        return as({ ready: false });
      case 'close':
        return as({ open: false });
      case 'gone':
        return this.tell({ kind: 'issue', issue: of, seen: null, correlationId: 'c' });
      case 'hold':
        return as({ held: true });
      case 'unhold':
        return as({ held: false });
      case 'link':
        return as({ blockedBy: [9], held: !held });
      case 'edit':
        return as({ spec: { ...spec, owns: ['docs/**'] }, edits: [{ by: maria, at: this.lane.at }] });
      case 'edit-by-visitor':
        return as({
          spec: { ...spec, requirements: `${spec.requirements} And more.` },
          edits: [{ by: visitor, at: this.lane.at }],
        });
      case 'relabel':
        return as({
          spec: task.suspension?.pending?.spec ?? spec,
          labelledAt: this.lane.at,
          edits: [],
        });
      case 'stranger':
        return as({ labelledBy: visitor });
      default:
        return change satisfies never;
    }
  }
}
