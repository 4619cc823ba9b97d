import nock from 'nock';
import { describe, expect, it } from 'vitest';
import { assignAgent } from '../../src/github/assign-agent.ts';
import { classifyFailure } from '../../src/github/failure.ts';
import { authorizeUrl, exchangeForToken, fetchSignedIn } from '../../src/github/user-sign-in.ts';
import { host, openClient, openGitHub, repo, useNock } from './github-world.ts';

useNock();

const app = { clientId: 'Iv1.x', clientSecret: 's3cret', webUrl: host };
const code = { code: 'c0de', redirectUri: 'https://signalbox.example/sign-in/callback' };
const exchange = () => nock(host).post('/login/oauth/access_token');

describe('a person who agrees', () => {
  it('is sent to GitHub with what comes back', () => {
    const url = new URL(authorizeUrl(app, code.redirectUri, 'st&te'));
    expect(url.origin + url.pathname).toBe(`${host}/login/oauth/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'Iv1.x',
      redirect_uri: code.redirectUri,
      state: 'st&te',
    });
  });

  it.each([
    [code, { code: 'c0de', redirect_uri: code.redirectUri }],
    [{ refresh: 'ghr_1' }, { grant_type: 'refresh_token', refresh_token: 'ghr_1' }],
  ])('gives a token for %j', async (given, sent) => {
    nock(host)
      .post('/login/oauth/access_token', { client_id: 'Iv1.x', client_secret: 's3cret', ...sent })
      .reply(200, { access_token: 'ghu_1', expires_in: 28_800, refresh_token: 'ghr_2' });
    const token = await exchangeForToken(openGitHub().github.asNobody(), app, given);
    expect(token).toEqual({ access: 'ghu_1', refresh: 'ghr_2', accessUntil: expect.any(String) });
  });

  it('gives one that does not end, where the App says so', async () => {
    exchange().reply(200, { access_token: 'ghu_1' });
    const token = await exchangeForToken(openGitHub().github.asNobody(), app, code);
    expect(token).toEqual({ access: 'ghu_1', refresh: null, accessUntil: null });
  });

  it('gives none that GitHub refuses, and nothing is guessed of another answer', async () => {
    exchange().reply(200, { error: 'bad_verification_code', error_description: 'no' });
    expect(await exchangeForToken(openGitHub().github.asNobody(), app, code)).toBeNull();
    exchange().reply(200, 'a page');
    const failed = exchangeForToken(openGitHub().github.asNobody(), app, code);
    expect(classifyFailure(await failed.catch((error: unknown) => error)).kind).toBe('unclear');
  });

  it('is known by the token, unless that is good for nothing', async () => {
    nock(host, { reqheaders: { authorization: 'token ghu_1' } })
      .get('/api/v3/user')
      .reply(200, { id: 7, login: 'mary' });
    expect(await fetchSignedIn(openGitHub().github.asUser('ghu_1'))).toEqual({ id: 7, login: 'mary' });
    nock(host).get('/api/v3/user').times(2).reply(401, { message: 'Bad credentials' });
    expect(await fetchSignedIn(openGitHub().github.asUser('ghu_1'))).toBeNull();
  });
});

describe('assigning', () => {
  const agent = { id: 'BOT_1', login: 'copilot-swe-agent' };
  const seen = (assignees: object[], offered: object[] = [agent]) =>
    nock(host)
      .post('/api/graphql', ({ query }) => /suggestedActors/.test(query))
      .matchHeader('graphql-features', /issues_copilot_assignment_api_support/)
      .reply(200, {
        data: {
          repository: {
            suggestedActors: { nodes: offered },
            issue: { id: 'I_1', assignees: { nodes: assignees } },
          },
        },
      });

  it('keeps who is assigned', async () => {
    const client = openClient();
    seen([{ id: 'U_1', login: 'walt' }]);
    nock(host)
      .post('/api/graphql', ({ variables }) => {
        expect(variables.input).toEqual({ assignableId: 'I_1', actorIds: ['U_1', 'BOT_1'] });
        return true;
      })
      .reply(200, { data: { replaceActorsForAssignable: { assignable: {} } } });
    expect(await assignAgent(client, repo, 7, 'copilot-swe-agent[bot]')).toBe('assigned');
  });

  it('is done once, and only where the agent is offered', async () => {
    const client = openClient();
    seen([agent]);
    expect(await assignAgent(client, repo, 7, 'Copilot-SWE-agent[bot]')).toBe('assigned');
    seen([], [{ id: 'U_1', login: 'walt' }]);
    expect(await assignAgent(client, repo, 7, 'copilot-swe-agent[bot]')).toBe('unavailable');
  });
});
