/**
 * Where people let Signalbox assign agents in their name: `/sign-in` sends them to GitHub, and GitHub sends them back
 * to `/sign-in/callback`. Nothing is kept in their browser but the proof that it was they who began.
 */
import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { EngineContext } from '../engine/context.ts';
import { beginSignIn, finishSignIn } from '../engine/sign-in.ts';
import { isSameSecret } from './agent-auth.ts';

const cookieName = 'signalbox_sign_in';
/** How long somebody may take to agree. */
const patienceSeconds = 600;

const off = 'This Signalbox assigns agents in nobody’s name: its GITHUB_CLIENT_ID is not set.';

/** The two routes. Without a sign-in in the settings they say so. */
export function signInRoutes(engine: EngineContext): Hono {
  const app = new Hono();
  const callback = () => `${engine.publicUrl}/sign-in/callback`;
  app.get('/', (c) => {
    if (!engine.signIn) return c.text(off, 404);
    const state = randomBytes(24).toString('base64url');
    setCookie(c, cookieName, state, {
      path: '/sign-in',
      httpOnly: true,
      sameSite: 'Lax',
      secure: engine.publicUrl.startsWith('https:'),
      maxAge: patienceSeconds,
    });
    return c.redirect(beginSignIn(engine.signIn, callback(), state));
  });
  app.get('/callback', async (c) => {
    if (!engine.signIn) return c.text(off, 404);
    const { state = '', code = '' } = c.req.query();
    const begun = getCookie(c, cookieName) ?? '';
    // Otherwise somebody could have another person's browser sign in with an account of theirs.
    if (state === '' || !isSameSecret(state, begun)) {
      return c.text('This did not begin in your browser, or too long ago: open /sign-in again.', 400);
    }
    const login = code === '' ? null : await finishSignIn(engine, engine.signIn, code, callback());
    setCookie(c, cookieName, '', { path: '/sign-in', maxAge: 0 });
    if (login === null) return c.text('GitHub did not confirm it: open /sign-in again.', 400);
    return c.text(
      `Signalbox assigns agents to issues in the name of ${login} from now on, where ${login} asks for the task. ` +
        'To end that, revoke this App under "Authorized GitHub Apps" in the settings of your account.',
    );
  });
  return app;
}
