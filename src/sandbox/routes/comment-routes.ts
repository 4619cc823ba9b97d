import { z } from 'zod';
import type { AddRepoRoute, RepoCall } from '../api.ts';
import { readBody, takePage } from '../api.ts';
import { notFound } from '../api-error.ts';
import { addComment, announceComment } from '../issue-changes.ts';
import type { Comment, Reaction } from '../model.ts';
import { REACTIONS, stampNow } from '../model.ts';
import { renderComment, renderReaction } from '../render-issue.ts';
import type { World } from '../world.ts';
import { demandIssue, demandOwnOrWrite } from './issue-routes.ts';

const READ = 'issues|pull_requests:read';
const WRITE = 'issues|pull_requests:write';
const Body = z.object({ body: z.string().min(1).max(65_536) });

function demandComment({ repo, param }: RepoCall): Comment {
  const comment = repo.comments.get(Number(param('id')));
  if (comment === undefined) throw notFound();
  return comment;
}

function sinceFilter(since: string | undefined): (comment: Comment) => boolean {
  return (comment) => since === undefined || Date.parse(comment.updatedAt) >= Date.parse(since);
}

async function react(world: World, { c, actor }: RepoCall, reactions: Reaction[]): Promise<Response> {
  const { content } = await readBody(c, z.object({ content: z.enum(REACTIONS) }));
  const existing = reactions.find((one) => one.user === actor.account && one.content === content);
  if (existing !== undefined) return c.json(renderReaction(world, existing), 200);
  const reaction = { id: world.takeId(), user: actor.account, content, createdAt: stampNow() };
  reactions.push(reaction);
  return c.json(renderReaction(world, reaction), 201);
}

function listReactions(world: World, { c, query }: RepoCall, reactions: readonly Reaction[]): Response {
  const content = query('content');
  const matching = reactions.filter((one) => content === undefined || one.content === content);
  return c.json(takePage(c, matching).map((one) => renderReaction(world, one)));
}

function dropReaction({ c, param }: RepoCall, reactions: Reaction[]): Response {
  const at = reactions.findIndex((one) => one.id === Number(param('reaction')));
  if (at < 0) throw notFound();
  reactions.splice(at, 1);
  return c.body(null, 204);
}

function addReactionRoutes(world: World, route: AddRepoRoute): void {
  const onComment = '/issues/comments/:id/reactions';
  const onIssue = '/issues/:number/reactions';
  const ofComment = (call: RepoCall) => demandComment(call).reactions;
  const ofIssue = (call: RepoCall) => demandIssue(call.repo, call.param('number')).reactions;
  for (const [path, of] of [
    [onComment, ofComment],
    [onIssue, ofIssue],
  ] as const) {
    route('GET', path, READ, (call) => listReactions(world, call, of(call)));
    route('POST', path, WRITE, (call) => react(world, call, of(call)), 'read');
    route('DELETE', `${path}/:reaction`, WRITE, (call) => dropReaction(call, of(call)), 'read');
  }
}

/** Anyone with write access may edit or delete another's comment, and an App with issues:write too. */
export function addCommentRoutes(world: World, route: AddRepoRoute): void {
  route('GET', '/issues/comments', READ, ({ c, repo, query }) => {
    const all = [...repo.comments.values()].filter(sinceFilter(query('since')));
    const sorted =
      query('sort') === 'updated' ? all.sort((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1)) : all;
    if (query('direction') === 'desc') sorted.reverse();
    return c.json(takePage(c, sorted).map((comment) => renderComment(world, comment)));
  });
  route('GET', '/issues/comments/:id', READ, (call) =>
    call.c.json(renderComment(world, demandComment(call))),
  );
  route(
    'PATCH',
    '/issues/comments/:id',
    WRITE,
    async (call) => {
      const comment = demandComment(call);
      demandOwnOrWrite(call, comment.user, 'Must have write rights to edit this comment.');
      const before = comment.body;
      comment.body = (await readBody(call.c, Body)).body;
      comment.updatedAt = stampNow();
      if (comment.body !== before) announceComment(world, comment, call.actor, 'edited', before);
      return call.c.json(renderComment(world, comment));
    },
    'read',
  );
  route(
    'DELETE',
    '/issues/comments/:id',
    WRITE,
    (call) => {
      const comment = demandComment(call);
      demandOwnOrWrite(call, comment.user, 'Must have write rights to delete this comment.');
      comment.issue.comments = comment.issue.comments.filter((one) => one !== comment);
      call.repo.comments.delete(comment.id);
      announceComment(world, comment, call.actor, 'deleted', null);
      return call.c.body(null, 204);
    },
    'read',
  );
  route('GET', '/issues/:number/comments', READ, ({ c, repo, param, query }) => {
    const comments = demandIssue(repo, param('number')).comments.filter(sinceFilter(query('since')));
    return c.json(takePage(c, comments).map((comment) => renderComment(world, comment)));
  });
  route(
    'POST',
    '/issues/:number/comments',
    WRITE,
    async ({ c, repo, actor, param }) => {
      const issue = demandIssue(repo, param('number'));
      const comment = addComment(world, issue, actor, (await readBody(c, Body)).body);
      return c.json(renderComment(world, comment), 201);
    },
    'read',
  );
  addReactionRoutes(world, route);
}
