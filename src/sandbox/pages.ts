// What a browser sees of the sandbox: read-only pages, made on the server, without scripts.
import type { Context } from 'hono';
import { Hono } from 'hono';
import { html } from 'hono/html';
import type { Repo } from './model.ts';
import { isPull } from './model.ts';
import { commitContent } from './pages/commit-page.ts';
import { historyContent, readMessage } from './pages/commit-view.ts';
import type { PageFrame } from './pages/frame.ts';
import { notFoundContent, renderPage, SECURITY_HEADERS } from './pages/frame.ts';
import { issueContent, pullContent } from './pages/issue-page.ts';
import type { Html } from './pages/link-text.ts';
import { homeContent, issueListContent, repoContent } from './pages/lists.ts';
import { issuePath, pathTo } from './pages/parts.ts';
import { resolveCommitish } from './resolve.ts';
import type { Pages } from './router.ts';
import type { World } from './world.ts';
import { findAccount, findRepo } from './world.ts';

type RepoPage = (c: Context, repo: Repo) => Response | null | Promise<Response | null>;

function show(
  c: Context,
  frame: Omit<PageFrame, 'live'>,
  content: Html,
  status: 200 | 404 | 500 = 200,
): Response | Promise<Response> {
  return c.html(renderPage({ ...frame, live: c.req.query('live') === '1' }, content), status);
}

function showMissing(c: Context): Response | Promise<Response> {
  return show(c, { title: 'Not found' }, notFoundContent(), 404);
}

/** A number as `#n` has it; null for `7x`, `007` and the like. */
function numberOf(text: string): number | null {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}

/** Issues and pull requests share their numbers: whichever is asked for, the reader is led to what it is. */
function issuePage(asked: 'issues' | 'pull'): RepoPage {
  return async (c, repo) => {
    const number = numberOf(c.req.param('number') ?? '');
    const issue = number === null ? undefined : repo.issues.get(number);
    if (issue === undefined) return null;
    const title = `${issue.title} #${issue.number} · ${repo.fullName}`;
    if (isPull(issue))
      return asked === 'issues'
        ? c.redirect(issuePath(issue))
        : show(c, { title, repo, tab: 'pulls' }, await pullContent(issue));
    return asked === 'pull'
      ? c.redirect(issuePath(issue))
      : show(c, { title, repo, tab: 'issues' }, issueContent(issue));
  };
}

function listPage(kind: 'issues' | 'pulls'): RepoPage {
  const words = kind === 'issues' ? 'Issues' : 'Pull requests';
  return (c, repo) =>
    show(
      c,
      { title: `${words} · ${repo.fullName}`, repo, tab: kind },
      issueListContent(repo, kind, c.req.query('state') ?? ''),
    );
}

const historyPage: RepoPage = async (c, repo) => {
  const name = c.req.param('branch') ?? repo.defaultBranch;
  const tip = await resolveCommitish(repo, name);
  if (tip === null) return null;
  const page = Math.min(numberOf(c.req.query('page') ?? '') ?? 1, 100);
  const frame = { title: `Commits of ${name} · ${repo.fullName}`, repo, tab: 'commits' } as const;
  return show(c, frame, await historyContent(repo, name, tip.sha, page));
};

const commitPage: RepoPage = async (c, repo) => {
  const commit = await resolveCommitish(repo, c.req.param('sha') ?? '');
  if (commit === null) return null;
  const title = `${readMessage(commit.message).subject} · ${repo.fullName}`;
  return show(c, { title, repo, tab: 'commits' }, await commitContent(repo, commit));
};

/** A check run has no page of its own: it is shown with its commit. */
const runPage: RepoPage = (c, repo) => {
  const run = repo.runs.get(numberOf(c.req.param('id') ?? '') ?? 0);
  return run === undefined
    ? null
    : c.redirect(`${pathTo(repo, 'commit', run.suite.headSha)}#check-${run.id}`);
};

/** Answers all paths that are neither the API's nor git's. */
export function createPages(world: World): Pages {
  const app = new Hono();
  app.use('*', async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.res.headers.set(name, value);
  });
  app.notFound(showMissing);
  app.onError((error, c) =>
    show(c, { title: 'Error' }, html`<h1>This page failed</h1><p class="message">${error.message}</p>`, 500),
  );
  const add = (path: string, page: RepoPage) =>
    app.get(`/:owner/:repo${path}`, async (c) => {
      const repo = findRepo(world, `${c.req.param('owner')}/${c.req.param('repo')}`);
      return (repo === null ? null : await page(c, repo)) ?? showMissing(c);
    });
  app.get('/', (c) => show(c, { title: 'Repositories' }, homeContent(world, null)));
  app.get('/:owner', (c) => {
    const owner = findAccount(world, c.req.param('owner'));
    return owner === null ? showMissing(c) : show(c, { title: owner.login }, homeContent(world, owner.login));
  });
  add('', async (c, repo) =>
    show(c, { title: repo.fullName, repo, tab: 'overview' }, await repoContent(world, repo)),
  );
  add('/issues', listPage('issues'));
  add('/pulls', listPage('pulls'));
  add('/issues/:number', issuePage('issues'));
  add('/pull/:number', issuePage('pull'));
  add('/commits', historyPage);
  add('/commits/:branch{.+}', historyPage);
  add('/tree/:branch{.+}', (c, repo) => c.redirect(pathTo(repo, 'commits', c.req.param('branch') ?? '')));
  add('/commit/:sha', commitPage);
  add('/runs/:id', runPage);
  return (request) => app.fetch(request);
}
