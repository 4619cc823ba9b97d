import { generateKeyPairSync } from 'node:crypto';
import type { Octokit } from '@octokit/rest';
import nock from 'nock';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { createGitHub, type GitHub, type GitHubOptions } from '../../src/github/app-client.ts';

export const api = 'https://github.test/api/v3';
export const host = 'https://github.test';
export const repo = { owner: 'acme', name: 'shop' };
/** Where the repository's routes begin, as nock sees them. */
export const at = '/api/v3/repos/acme/shop';
export const identity = { appId: 7, slug: 'signalbox', botLogin: 'signalbox[bot]' };
export const token = 'ghs_7_eyJhbGciOi.eyJpc3MiOi.c2lnbmF0dXJl';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
export const pkcs1 = privateKey;

/** A commit id that is recognised in a failure: `sha('b')` is forty times b. */
export const sha = (letter: string) => letter.repeat(40);

export interface LoggedRequest {
  method: string;
  path: string;
  status: number | string;
}

/** A GitHub whose requests are all answered by nock, with what it logged. */
export function openGitHub(options: Partial<GitHubOptions> = {}): {
  github: GitHub;
  logged: LoggedRequest[];
} {
  const logged: LoggedRequest[] = [];
  const log = { debug: (fields: object) => void logged.push(fields as LoggedRequest) };
  return { github: createGitHub({ apiUrl: `${api}/`, appId: 7, privateKey, log, ...options }), logged };
}

/** A client of installation 1, whose token is answered. */
export function openClient(): Octokit {
  answerToken();
  return openGitHub().github.forInstallation(1);
}

export function answerToken(installation = 1): nock.Scope {
  return nock(host)
    .post(`/api/v3/app/installations/${installation}/access_tokens`)
    .reply(201, { token, expires_at: new Date(Date.now() + 3_600_000).toISOString(), permissions: {} });
}

/** Requests to the repository. */
export const onRepo = (): nock.Scope => nock(`${host}${at}`);

export const refBody = (ref: string, to: string) => ({
  ref: `refs/${ref}`,
  object: { sha: to, type: 'commit' },
});

export const commitBody = (id: string, tree: string, parents: string[], message = 'a commit') => ({
  sha: id,
  tree: { sha: tree },
  parents: parents.map((parent) => ({ sha: parent })),
  message,
});

/**
 * Nothing leaves the machine; every answer that a test prepared must have been asked for, and nothing else: a write
 * sent twice would find no second answer.
 */
export function useNock(): void {
  const unexpected: string[] = [];
  const note = (request: { method?: string; path?: string }) =>
    unexpected.push(`${request.method ?? ''} ${request.path ?? ''}`);
  beforeAll(() => {
    nock.disableNetConnect();
    nock.emitter.on('no match', note);
  });
  afterEach(() => {
    const left = nock.pendingMocks();
    nock.cleanAll();
    expect({ left, unexpected: unexpected.splice(0) }).toEqual({ left: [], unexpected: [] });
  });
  afterAll(() => {
    nock.restore();
  });
}
