import { describe, expect, it } from 'vitest';
import { type HeardEvent, heardEvents, isOwnEcho, laneOf, looksOf } from '../../src/handlers/looks-of.ts';

type Name = HeardEvent['name'];

/** What a payload must have of a shape, down to any depth: only what the handlers look at. */
type Part<T> = T extends readonly (infer Item)[]
  ? readonly Part<Item>[]
  : T extends object
    ? { [Key in keyof T]?: Part<T[Key]> }
    : T;

/** An event with no more in it than is given. */
function event<N extends Name>(
  name: N,
  payload: Part<Extract<HeardEvent, { name: N }>['payload']>,
): HeardEvent {
  return { id: 'a-guid', name, payload } as unknown as HeardEvent;
}

const sha = 'c'.repeat(40);
const repository = { id: 5, name: 'shop', owner: { login: 'acme' }, default_branch: 'main' };

const asking: [string, HeardEvent, { kind: string; subject: string }[]][] = [
  [
    'a button of our check',
    event('check_run', {
      action: 'requested_action',
      requested_action: { identifier: 'explain' },
      check_run: { name: 'signalbox/arbiter', head_sha: sha },
      sender: { login: 'rita' },
    }),
    [
      { kind: 'checks', subject: sha },
      { kind: 'action', subject: `explain:${sha}:rita:a-guid` },
    ],
  ],
  [
    'a button that is none of ours',
    event('check_run', {
      action: 'requested_action',
      requested_action: { identifier: 'deploy' },
      check_run: { name: 'signalbox/arbiter', head_sha: sha },
      sender: { login: 'rita' },
    }),
    [{ kind: 'checks', subject: sha }],
  ],
  [
    'our check, to be run again',
    event('check_run', {
      action: 'rerequested',
      check_run: { name: 'signalbox/arbiter', head_sha: sha },
      sender: { login: 'rita' },
    }),
    [
      { kind: 'checks', subject: sha },
      { kind: 'action', subject: `retry:${sha}:rita:a-guid` },
    ],
  ],
  [
    'another check, to be run again',
    event('check_run', {
      action: 'rerequested',
      check_run: { name: 'ci', head_sha: sha },
      sender: { login: 'rita' },
    }),
    [{ kind: 'checks', subject: sha }],
  ],
  [
    'an issue that is labelled',
    event('issues', { action: 'labeled', issue: { number: 7 } }),
    [{ kind: 'issue', subject: '7' }],
  ],
  [
    'an issue that is edited',
    event('issues', { action: 'edited', issue: { number: 7 } }),
    [{ kind: 'issue', subject: '7' }],
  ],
  [
    'an issue that is deleted',
    event('issues', { action: 'deleted', issue: { number: 7 } }),
    [{ kind: 'issue', subject: '7' }],
  ],
  [
    'an issue that is now blocked by another',
    event('issue_dependencies', { action: 'blocked_by_added', blocked_issue: { number: 8 } }),
    [{ kind: 'issue', subject: '8' }],
  ],
  [
    'an issue with a new sub-issue',
    event('sub_issues', { action: 'sub_issue_added', parent_issue: { number: 9 } }),
    [{ kind: 'issue', subject: '9' }],
  ],
  [
    'a new comment',
    event('issue_comment', { action: 'created', comment: { id: 123456789012 }, issue: { number: 7 } }),
    [{ kind: 'comment', subject: '123456789012' }],
  ],
  [
    'a PR with new commits',
    event('pull_request', { action: 'synchronize', pull_request: { number: 11 } }),
    [{ kind: 'pull', subject: '11' }],
  ],
  [
    'a PR that is closed',
    event('pull_request', { action: 'closed', pull_request: { number: 11 } }),
    [{ kind: 'pull', subject: '11' }],
  ],
  [
    'a review',
    event('pull_request_review', { action: 'submitted', pull_request: { number: 11 } }),
    [{ kind: 'pull', subject: '11' }],
  ],
  [
    'a push to the base branch',
    event('push', { ref: 'refs/heads/main', repository }),
    [{ kind: 'base', subject: '' }],
  ],
  [
    'a check run',
    event('check_run', { action: 'completed', check_run: { head_sha: sha } }),
    [{ kind: 'checks', subject: sha }],
  ],
  [
    'a check suite',
    event('check_suite', { action: 'completed', check_suite: { head_sha: sha } }),
    [{ kind: 'checks', subject: sha }],
  ],
  ['a commit status', event('status', { sha }), [{ kind: 'checks', subject: sha }]],
  [
    'a workflow run',
    event('workflow_run', { action: 'completed', workflow_run: { id: 9, head_sha: sha } }),
    [
      { kind: 'checks', subject: sha },
      { kind: 'run', subject: '9' },
    ],
  ],
];

const silent: [string, HeardEvent][] = [
  ['a comment that is edited', event('issue_comment', { action: 'edited', comment: { id: 1 } })],
  ['a comment that is deleted', event('issue_comment', { action: 'deleted', comment: { id: 1 } })],
  ['a push to another branch', event('push', { ref: 'refs/heads/agent/7-count', repository })],
  ['a push of a tag with the name of the base', event('push', { ref: 'refs/tags/main', repository })],
  ['a dependency that does not say whose it is', event('issue_dependencies', { action: 'blocking_added' })],
  ['a new branch', event('create', { ref: 'agent/7-count' })],
  ['a deleted branch', event('delete', { ref: 'agent/7-count' })],
  ['an installation', event('installation', { action: 'created' })],
  ['a change of an installation', event('installation_repositories', { action: 'added' })],
  ['a change of the repository', event('repository', { action: 'renamed' })],
];

describe('what an event asks to be looked at', () => {
  it.each(asking)('%s asks for one look', (_, heard, looks) => {
    expect(looksOf(heard)).toEqual(looks);
  });

  it.each(silent)('%s asks for none', (_, heard) => {
    expect(looksOf(heard)).toEqual([]);
  });

  it('is known for every event that is heard', () => {
    const known = new Set([...asking, ...silent].map(([, heard]) => heard.name));
    expect([...known].sort()).toEqual([...heardEvents].sort());
  });

  it('is nothing that somebody wrote: names, numbers and hashes only', () => {
    const comment = { id: 5, body: '/approve of this' };
    const heard = event('issue_comment', {
      action: 'created',
      comment,
      issue: { number: 7, title: 'Ignore all' },
    });
    expect(looksOf(heard)).toEqual([{ kind: 'comment', subject: expect.stringMatching(/^5:[0-9a-f]+$/) }]);
  });

  it('tells a comment whose text was changed since from the one that was heard', () => {
    const heardAs = (body: string) =>
      looksOf(event('issue_comment', { action: 'created', comment: { id: 5, body } }));
    expect(heardAs('/approve')).toEqual(heardAs('/approve'));
    expect(heardAs('/approve')).not.toEqual(heardAs('/status'));
  });
});

describe('the lane that an event is about', () => {
  const installation = { id: 3 };

  it('is the repository with its default branch, known by id', () => {
    const address = { installationId: 3, repoId: 5, owner: 'acme', repo: 'shop', base: 'main' };
    expect(laneOf(event('issues', { action: 'opened', repository, installation }))).toEqual(address);
    expect(laneOf(event('check_run', { action: 'created', repository, installation }))).toEqual(address);
  });

  it('is none without an installation, a repository or its owner', () => {
    expect(laneOf(event('issues', { action: 'opened', repository }))).toBeNull();
    expect(laneOf(event('installation', { action: 'created', installation }))).toBeNull();
    expect(laneOf(event('installation_repositories', { action: 'added', installation }))).toBeNull();
    const ownerless = { ...repository, owner: undefined } as unknown as typeof repository;
    expect(laneOf(event('issues', { action: 'opened', repository: ownerless, installation }))).toBeNull();
  });
});

describe('an echo of our own', () => {
  const us = { appId: 7, botLogin: 'signalbox[bot]' };
  const bot = { login: 'Signalbox[bot]' };
  const person = { login: 'ann' };
  it.each<[string, HeardEvent, boolean]>([
    ['a label of ours', event('issues', { action: 'labeled', sender: bot }), true],
    ["a person's label", event('issues', { action: 'labeled', sender: person }), false],
    ['a comment of ours', event('issue_comment', { action: 'created', sender: bot }), true],
    ['a PR that we opened', event('pull_request', { action: 'opened', sender: bot }), true],
    ['a push with a token of ours', event('pull_request', { action: 'synchronize', sender: bot }), false],
    [
      'a PR that closed because we landed it',
      event('pull_request', { action: 'closed', sender: bot }),
      false,
    ],
    [
      'a check of ours',
      event('check_run', { action: 'completed', check_run: { app: { id: 7 } }, sender: bot }),
      true,
    ],
    [
      'a check of ours asked for again',
      event('check_run', { action: 'rerequested', check_run: { app: { id: 7 } } }),
      false,
    ],
    [
      "CI's check of what we pushed",
      event('check_run', { action: 'completed', check_run: { app: { id: 9 } }, sender: bot }),
      false,
    ],
    ['a push of ours', event('push', { ref: 'refs/heads/main', sender: bot }), false],
  ])('%s', (_, heard, expected) => {
    expect(isOwnEcho(heard, us)).toBe(expected);
  });
});
