import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { classifyFailure } from '../../src/github/failure.ts';
import { pushBase } from '../../src/github/push-base.ts';
import { host, onRepo, openClient, refBody, repo, sha, useNock } from './github-world.ts';

useNock();

const [before, after, other] = [sha('b'), sha('a'), sha('0')];
const move = { base: 'main', repoNodeId: 'R_1', before, after };
const failureOf = async (call: Promise<unknown>) =>
  classifyFailure(
    await call.then(
      () => null,
      (error: unknown) => error,
    ),
  );
const baseIs = (to: string) => onRepo().get('/git/ref/heads%2Fmain').reply(200, refBody('heads/main', to));
const graphql = () =>
  nock(host).post('/api/graphql', (body) => {
    expect(body.variables.input).toEqual({
      repositoryId: 'R_1',
      refUpdates: [{ name: 'refs/heads/main', beforeOid: before, afterOid: after, force: false }],
    });
    return true;
  });
const accepted = { data: { updateRefs: { clientMutationId: null } } };
const refused = (error: object) => ({ data: { updateRefs: null }, errors: [error] });
const patch = () => onRepo().patch('/git/refs/heads%2Fmain', { sha: after, force: false });

describe('pushBase', () => {
  it('does nothing when the base is there, or elsewhere', async () => {
    const client = openClient();
    baseIs(after);
    expect(await pushBase(client, repo, move)).toBe('already');
    baseIs(other);
    expect(await pushBase(client, repo, move)).toEqual({ kind: 'base-is', sha: other });
  });

  it('swaps by GraphQL, asking for the repository id when it has none', async () => {
    const client = openClient();
    baseIs(before);
    onRepo().get('').reply(200, { node_id: 'R_1' });
    graphql().reply(200, accepted);
    baseIs(after);
    const { repoNodeId: _, ...unknownId } = move;
    expect(await pushBase(client, repo, unknownId)).toBe('moved');
  });

  it('says where the base is when the swap fails', async () => {
    const client = openClient();
    baseIs(before);
    graphql().reply(200, refused({ type: 'UNPROCESSABLE', message: 'beforeOid does not match' }));
    baseIs(other);
    expect(await pushBase(client, repo, move)).toEqual({ kind: 'base-is', sha: other });
  });

  it("surfaces a branch protection's refusal in GitHub's words", async () => {
    const client = openClient();
    baseIs(before);
    const message = 'Required status check "ci" is expected.';
    graphql().reply(200, refused({ type: 'UNPROCESSABLE', message }));
    baseIs(before);
    expect(await failureOf(pushBase(client, repo, move))).toEqual({ kind: 'refused', status: 200, message });
  });

  it.each([
    ['that had an effect', after, 'moved'],
    ['with somebody else moving the base', other, { kind: 'base-is', sha: other }],
  ])('decides from the ref after a 5xx %s', async (_, now, expected) => {
    const client = openClient();
    baseIs(before);
    graphql().reply(502, {});
    baseIs(now);
    expect(await pushBase(client, repo, move)).toEqual(expected);
  });

  it.each([
    ['a 5xx', 502, {}],
    [
      "GitHub's own fault in a 200",
      200,
      refused({ message: 'Something went wrong while executing your query.' }),
    ],
    ['a success that is not to be seen', 200, accepted],
  ])('is unclear after %s without effect; one write only', async (_, status, body) => {
    const client = openClient();
    baseIs(before);
    graphql().reply(status, body);
    baseIs(before);
    expect(await failureOf(pushBase(client, repo, move))).toEqual({ kind: 'unclear' });
  });

  it.each([
    ['404', 404, {}],
    ['405', 405, {}],
    ['501', 501, {}],
    ['400', 400, { message: 'Problems parsing JSON' }],
    [
      'an unknown mutation',
      200,
      { errors: [{ message: "Field 'updateRefs' doesn't exist on type 'Mutation'" }] },
    ],
    ['an unknown type', 200, { errors: [{ message: 'Unknown type "UpdateRefsInput".' }] }],
    ['an unknown id', 200, refused({ type: 'NOT_FOUND', message: 'Could not resolve to a node' })],
    [
      'a missing right',
      200,
      refused({ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }),
    ],
    ['something that is no GraphQL', 200, { hello: 'world' }],
  ])('falls back to a fast-forward after %s', async (_, status, body) => {
    const client = openClient();
    baseIs(before);
    graphql().reply(status, body);
    baseIs(before);
    patch().reply(200, {});
    baseIs(after);
    expect(await pushBase(client, repo, move)).toBe('moved');
  });

  it('looks again before the fallback', async () => {
    const client = openClient();
    baseIs(before);
    graphql().reply(404, {});
    baseIs(other);
    expect(await pushBase(client, repo, move)).toEqual({ kind: 'base-is', sha: other });
  });

  it.each([
    [
      'not a fast-forward any more',
      422,
      'Update is not a fast forward',
      other,
      { kind: 'base-is', sha: other },
    ],
    ['a 502 that had an effect', 502, '', after, 'moved'],
  ])('decides from the ref in the fallback: %s', async (_, status, message, now, expected) => {
    const client = openClient();
    baseIs(before);
    graphql().reply(404, {});
    baseIs(before);
    patch().reply(status, { message });
    baseIs(now);
    expect(await pushBase(client, repo, move)).toEqual(expected);
  });

  it.each([
    [403, 'Protected branch update failed', 'refused'],
    [422, 'Repository rule violations found', 'refused'],
    [502, '', 'unclear'],
  ])('stops in the fallback after %i', async (status, message, kind) => {
    const client = openClient();
    baseIs(before);
    graphql().reply(404, {});
    baseIs(before);
    patch().reply(status, { message });
    baseIs(before);
    expect(await failureOf(pushBase(client, repo, move))).toMatchObject({ kind });
  });

  it('neither falls back nor reads on when we ask too often', async () => {
    const client = openClient();
    baseIs(before);
    graphql().reply(200, { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] });
    expect(await failureOf(pushBase(client, repo, move))).toMatchObject({ kind: 'rate-limited' });
  });

  it('is gone when the branch is gone', async () => {
    const client = openClient();
    onRepo().get('/git/ref/heads%2Fmain').reply(404, {});
    expect(await failureOf(pushBase(client, repo, move))).toEqual({ kind: 'gone' });
  });
});
