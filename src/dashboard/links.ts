/** Where things are: our own pages, and the same things on GitHub. Every part of a path is encoded. */

/** One lane by name. */
export interface LaneName {
  owner: string;
  repo: string;
  base: string;
}

/** `/lanes/{owner}/{repo}/{base}`; a base such as `release/1.x` stays one segment. */
export function lanePath(lane: LaneName): string {
  return `/lanes/${segments(lane)}`;
}

/** The event stream of one lane's page. */
export function livePath(lane: LaneName): string {
  return `/live/${segments(lane)}`;
}

/** The same data as JSON. */
export function apiPath(lane: LaneName): string {
  return `/api/v1/lanes/${segments(lane)}`;
}

/** GitHub's pages of one repository. */
export class GithubLinks {
  readonly #root: string;

  constructor(githubUrl: string, lane: LaneName) {
    const root = githubUrl.replace(/\/+$/, '');
    this.#root = `${root}/${encodeURIComponent(lane.owner)}/${encodeURIComponent(lane.repo)}`;
  }

  issue(number: number): string {
    return `${this.#root}/issues/${number}`;
  }

  pull(number: number): string {
    return `${this.#root}/pull/${number}`;
  }

  commit(sha: string): string {
    return `${this.#root}/commit/${encodeURIComponent(sha)}`;
  }

  branch(name: string): string {
    return `${this.#root}/tree/${name.split('/').map(encodeURIComponent).join('/')}`;
  }
}

function segments({ owner, repo, base }: LaneName): string {
  return [owner, repo, base].map(encodeURIComponent).join('/');
}
