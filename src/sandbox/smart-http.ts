import { spawn } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import type { RefChange } from './announce-push.ts';
import { ApiError } from './api-error.ts';
import type { Caller } from './auth.ts';
import { actorOf, appOf, callerForToken, demandAccess, readBasicPassword } from './auth.ts';
import { GIT_ENV, listRefs } from './git.ts';
import type { Repo } from './model.ts';
import { ZERO_SHA } from './model.ts';
import { mayBypass, refuseUpdate } from './protection.ts';
import { settleRefs } from './ref-changes.ts';
import type { World } from './world.ts';
import { findRepo, grants } from './world.ts';

const GIT_PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/**
 * The `update` hook of every repository: git asks it about each ref of a push. What only the server knows, that
 * required checks are missing, it is told through the environment.
 */
export const UPDATE_HOOK = `#!/bin/sh
case "$1" in
  refs/heads/*|refs/tags/*) ;;
  *) echo "deny updating a hidden ref" >&2; exit 1 ;;
esac
if [ -n "$SANDBOX_NO_WORKFLOWS" ] && [ "$3" != "${ZERO_SHA}" ]; then
  file=$(git log --format= --name-only "$3" --not --all -- .github/workflows | head -n 1)
  if [ -n "$file" ]; then
    echo "refusing to allow a GitHub App to create or update workflow \`$file\` without \`workflows\` permission" >&2
    exit 1
  fi
fi
case "$SANDBOX_PROTECTED" in *"|$1|"*) ;; *) exit 0 ;; esac
reason=
case "$3" in
  ${ZERO_SHA}) reason="Cannot delete this protected branch" ;;
  *)
    if [ "$2" != "${ZERO_SHA}" ] && ! git merge-base --is-ancestor "$2" "$3"; then
      reason="Cannot force-push to this protected branch"
    fi ;;
esac
if [ -z "$reason" ]; then
  reason=$(printf '%s\\n' "$SANDBOX_REFUSED" | while read -r ref sha words; do
    if [ "$ref" = "$1" ] && [ "$sha" = "$3" ]; then printf '%s' "$words"; fi
  done)
fi
[ -z "$reason" ] && exit 0
echo "error: GH006: Protected branch update failed for $1." >&2
echo "error: $reason" >&2
exit 1
`;

interface GitRequest {
  repo: Repo;
  service: string;
  writes: boolean;
  caller: Caller | null;
}

function readCaller(world: World, authorization: string | null): Caller | null {
  if (authorization === null) return null;
  const token = /^basic\s/i.test(authorization)
    ? readBasicPassword(authorization)
    : authorization.replace(/^(?:bearer|token)\s+/i, '');
  const caller = callerForToken(world, token);
  if (caller === null) throw new ApiError(401, 'Invalid username or token.');
  return caller;
}

/** Unlike the API, git is told 401 when it came without a name, so that it comes back with one. */
function admit(world: World, request: Request, url: URL): GitRequest {
  const [, owner = '', name = '', service = ''] = GIT_PATH.exec(url.pathname) ?? [];
  const caller = readCaller(world, request.headers.get('authorization'));
  const repo = findRepo(world, `${owner}/${name}`);
  const writes = service === 'git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack';
  if (caller === null) {
    if (repo === null || repo.private || writes) throw new ApiError(401, 'Authentication required');
    return { repo, service, writes, caller };
  }
  if (repo === null) throw new ApiError(404, 'Repository not found.');
  const level = writes ? 'write' : 'read';
  demandAccess(caller, repo, { permissions: ['contents'], level, role: level });
  return { repo, service, writes, caller };
}

/** The ref commands at the start of a push. https://git-scm.com/docs/pack-protocol#_reference_update_request_and_packfile_transfer */
function readCommands(body: Buffer): RefChange[] {
  const commands: RefChange[] = [];
  let at = 0;
  while (at + 4 <= body.length) {
    const size = Number.parseInt(body.subarray(at, at + 4).toString(), 16);
    if (!(size > 4)) break;
    const [line = ''] = body
      .subarray(at + 4, at + size)
      .toString()
      .split('\0');
    const match = /^([0-9a-f]{40}) ([0-9a-f]{40}) (.+?)\n?$/.exec(line);
    if (match !== null) commands.push({ before: match[1] ?? '', after: match[2] ?? '', ref: match[3] ?? '' });
    at += size;
  }
  return commands;
}

/** Apps need a permission of its own for that, which no task needs. */
function mayChangeWorkflows(caller: Caller | null): boolean {
  return caller?.kind !== 'installation' || grants(caller.token.permissions, 'workflows', 'write');
}

function protectionFor(repo: Repo, caller: Caller | null, body: Buffer): Record<string, string> {
  const app = caller === null ? null : appOf(caller);
  const branches = [...repo.protections.keys()].filter((branch) => !mayBypass(repo, branch, app));
  const refused: string[] = [];
  for (const { ref, after } of readCommands(body)) {
    const branch = ref.replace(/^refs\/heads\//, '');
    // Whether it is a fast-forward is only known once git has the objects: the hook looks.
    const reason = refuseUpdate(repo, branch, app, { after, fastForward: true });
    if (reason !== null) refused.push(`${ref} ${after} ${reason}`);
  }
  return {
    SANDBOX_PROTECTED: `|${branches.map((branch) => `refs/heads/${branch}`).join('|')}|`,
    SANDBOX_REFUSED: refused.join('\n'),
    SANDBOX_NO_WORKFLOWS: mayChangeWorkflows(caller) ? '' : '1',
  };
}

function runBackend(git: GitRequest, request: Request, url: URL, body: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const child = spawn('git', ['http-backend'], {
    env: {
      ...GIT_ENV,
      ...protectionFor(git.repo, git.caller, body),
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_TRANSLATED: `${git.repo.gitDir}/${git.service}`,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      REMOTE_USER: 'sandbox',
      CONTENT_TYPE: request.headers.get('content-type') ?? '',
      CONTENT_LENGTH: String(body.length),
      GIT_PROTOCOL: request.headers.get('git-protocol') ?? '',
    },
  });
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.resume();
  child.on('error', reject);
  child.on('close', () => resolve(Buffer.concat(out)));
  child.stdin.on('error', () => child.kill());
  child.stdin.end(body);
  return promise;
}

function readCgi(output: Buffer): Response {
  const split = output.indexOf('\r\n\r\n');
  const headers = new Headers();
  let status = 200;
  for (const line of output.subarray(0, Math.max(0, split)).toString().split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else headers.set(name, value);
  }
  return new Response(new Uint8Array(output.subarray(split + 4)), { status, headers });
}

async function receivePush(
  world: World,
  git: GitRequest & { caller: Caller },
  request: Request,
  url: URL,
  body: Buffer,
): Promise<Buffer> {
  const { repo } = git;
  return world.withLock(repo, async () => {
    const before = new Map(repo.refs);
    const output = await runBackend(git, request, url, body);
    const after = await listRefs(repo.gitDir);
    const changes = [...new Set([...before.keys(), ...after.keys()])]
      .map((ref) => ({ ref, before: before.get(ref) ?? ZERO_SHA, after: after.get(ref) ?? ZERO_SHA }))
      .filter((change) => change.before !== change.after);
    // The pusher hears of success only when its events are queued: whoever awaits both sees one order.
    if (changes.length > 0) await settleRefs(world, repo, changes, actorOf(world, git.caller));
    return output;
  });
}

export function isGitPath(pathname: string): boolean {
  return GIT_PATH.test(pathname);
}

/** git's smart HTTP protocol, by git's own CGI program. */
export async function answerGit(world: World, request: Request): Promise<Response> {
  const url = new URL(request.url);
  try {
    const git = admit(world, request, url);
    const sent = Buffer.from(await request.arrayBuffer());
    const body = request.headers.get('content-encoding') === 'gzip' ? gunzipSync(sent) : sent;
    const { caller } = git;
    if (git.service === 'git-receive-pack' && caller !== null)
      return readCgi(await receivePush(world, { ...git, caller }, request, url, body));
    return readCgi(await runBackend(git, request, url, body));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const headers: Record<string, string> =
      error.status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {};
    return new Response(`remote: ${error.message}\n`, { status: error.status, headers });
  }
}
