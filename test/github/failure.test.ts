import { describe, expect, it } from 'vitest';
import { classifyFailure, failureError, isMissing } from '../../src/github/failure.ts';
import { redactSecrets } from '../../src/github/redact.ts';

const now = new Date('2026-01-01T00:00:00Z');
const url = 'https://api.github.com/repos/acme/shop/x';

/** An error as Octokit makes it; without headers, no answer came. */
function answered(
  method: string,
  status: number,
  message = '',
  headers: Record<string, string> | null = {},
): Error {
  const response = headers === null ? {} : { response: { headers } };
  return Object.assign(new Error(message), { status, request: { method, url }, ...response });
}

describe('classifyFailure', () => {
  it.each([
    ['a read without an answer', answered('GET', 500, 'fetch failed', null), 'transient'],
    ['a write without an answer', answered('POST', 500, 'fetch failed', null), 'unclear'],
    ['a read with 502', answered('GET', 502), 'transient'],
    ['a write with 502', answered('PUT', 502), 'unclear'],
    ['a delete with 500', answered('DELETE', 500), 'unclear'],
    ['a read with 408', answered('GET', 408), 'transient'],
    [
      'an aborted request',
      Object.assign(new Error('aborted'), { status: 500, name: 'AbortError' }),
      'unclear',
    ],
    ['404', answered('GET', 404, 'Not Found'), 'gone'],
    ['410', answered('PATCH', 410, 'Gone'), 'gone'],
    ['409', answered('POST', 409, 'Merge conflict'), 'conflict'],
    ['409, passing', answered('POST', 409, 'You are not authorized to push to this branch'), 'unclear'],
    [
      '405, passing',
      answered('PUT', 405, 'Base branch was modified. Review and try the merge again.'),
      'conflict',
    ],
    ['405, final', answered('PUT', 405, 'Pull Request is not mergeable'), 'refused'],
    ['422, not a fast forward', answered('PATCH', 422, 'Update is not a fast forward'), 'conflict'],
    ['422, otherwise', answered('POST', 422, 'Validation Failed'), 'refused'],
    ['401', answered('GET', 401, 'Bad credentials'), 'refused'],
    ['403', answered('GET', 403, 'Resource not accessible by integration'), 'refused'],
    ['501', answered('POST', 501, 'Not Implemented'), 'refused'],
    ['an unknown status', answered('POST', 418, 'teapot'), 'refused'],
    ['an error of our own', new Error('bug'), 'refused'],
    ['no error at all', 'text', 'refused'],
    ['a known meaning', failureError('x', { kind: 'unclear' }), 'unclear'],
    [
      'a known meaning that Octokit wrapped',
      new Error('y', { cause: failureError('x', { kind: 'gone' }) }),
      'gone',
    ],
  ])('%s', (_, error, kind) => {
    expect(classifyFailure(error, now).kind).toBe(kind);
  });

  it.each([
    ['429 without a word', 429, {}, 60],
    ['403 with retry-after', 403, { 'retry-after': '7' }, 7],
    ['403 with none left', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1767225900' }, 300],
    ['403 saying so', 403, {}, 60],
    ['a reset in the past', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' }, 0],
    [
      'a reset in another century',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9999999999' },
      3_600,
    ],
  ])('rate limit: %s', (_, status, headers, seconds) => {
    const retryAt = new Date(now.getTime() + seconds * 1_000);
    expect(classifyFailure(answered('POST', status, 'secondary rate limit', headers), now)).toEqual({
      kind: 'rate-limited',
      retryAt,
    });
  });

  it('reads the errors of a GraphQL answer', () => {
    const graphql = (error: object) =>
      Object.assign(new Error('graphql'), { name: 'GraphqlResponseError', errors: [error], headers: {} });
    expect(classifyFailure(graphql({ type: 'RATE_LIMITED' }), now).kind).toBe('rate-limited');
    expect(
      classifyFailure(graphql({ message: 'Something went wrong while executing your query.' })).kind,
    ).toBe('unclear');
    expect(classifyFailure(graphql({ type: 'FORBIDDEN', message: 'protected branch' }))).toEqual({
      kind: 'refused',
      status: 200,
      message: 'protected branch',
    });
  });

  it('keeps its message short, on one line, without links and secrets', () => {
    const text = `Bad\n ghs_7_eyJhbGci.eyJ-_x.abc thing - https://docs.github.com/rest/x ${'long '.repeat(100)}`;
    const failure = classifyFailure(answered('POST', 400, text), now);
    const message = failure.kind === 'refused' ? failure.message : '';
    expect(message).toMatch(/^Bad \[redacted\] thing long/);
    expect(message.length).toBeLessThanOrEqual(300);
  });
});

describe('isMissing', () => {
  it.each([404, 405, 410, 501])('%i', (status) => {
    expect(isMissing(answered('GET', status))).toBe(true);
  });
  it('is not for a request without an answer, a passing 405, or another status', () => {
    expect(isMissing(answered('GET', 404, '', null))).toBe(false);
    expect(isMissing(answered('PUT', 405, 'Base branch was modified'))).toBe(false);
    expect(isMissing(answered('GET', 403))).toBe(false);
  });
});

describe('redactSecrets', () => {
  it.each([
    'ghs_16C7e42F292c6912E7710c838347Ae178B4a',
    `ghs_12_eyJ${'a'.repeat(200)}.eyJ${'b'.repeat(200)}.${'c-_'.repeat(30)}`,
    'github_pat_11AAAAAAA0_abc',
    'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjd9.sig-_',
    '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
  ])('hides %s', (secret) => {
    expect(redactSecrets(`a ${secret} b`)).toBe('a [redacted] b');
  });
  it('hides credentials in addresses and headers, and leaves the rest', () => {
    expect(redactSecrets('https://x-access-token:s3cret@github.com/a')).toBe(
      'https://[redacted]@github.com/a',
    );
    expect(redactSecrets('authorization: Bearer abcdefghijklmnop1234')).toBe(
      'authorization: Bearer [redacted]',
    );
    expect(redactSecrets('token is invalid')).toBe('token is invalid');
  });
});
