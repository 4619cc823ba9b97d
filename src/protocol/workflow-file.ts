/** Reads a workflow file of GitHub Actions as far as `doctor` asks: what starts it, and under which names it reports. */
import { parseDocument } from 'yaml';
import type { PushTrigger, SeenWorkflow } from '../core/doctor/checkup.ts';

const longest = 256 * 1024;

type Group = Readonly<Record<string, unknown>>;

function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsOf(value: unknown): string[] | null {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : null;
}

/** `on` may be one name, a list of names, or a group with a filter for each. */
function triggersOf(on: unknown): Map<string, Group> {
  const names = textsOf(on);
  if (names) return new Map(names.map((name) => [name, {}]));
  return new Map(
    Object.entries(isGroup(on) ? on : {}).map(([name, filter]) => [name, isGroup(filter) ? filter : {}]),
  );
}

function pushOf(filter: Group | undefined): PushTrigger | null {
  if (!filter) return null;
  const branches = textsOf(filter.branches);
  const ignored = textsOf(filter['branches-ignore']);
  const hasTags = filter.tags !== undefined || filter['tags-ignore'] !== undefined;
  return {
    branches,
    ignored,
    hasPaths: filter.paths !== undefined || filter['paths-ignore'] !== undefined,
    tagsOnly: hasTags && branches === null && ignored === null,
  };
}

function jobsOf(jobs: unknown): SeenWorkflow['jobs'] {
  return Object.entries(isGroup(jobs) ? jobs : {}).map(([id, job]) => {
    const group = isGroup(job) ? job : {};
    const isMatrix = isGroup(group.strategy) && group.strategy.matrix !== undefined;
    const given = typeof group.name === 'string' ? group.name : id;
    // What an expression adds is only known when it runs.
    const name = given.replace(/\s*[([]?\s*\$\{\{.*$/u, '');
    return { name, isMany: isMatrix || typeof group.uses === 'string' || name !== given };
  });
}

/** @param file the name of the file in its folder */
export function readWorkflow(file: string, text: string): SeenWorkflow {
  const unread = (problem: string): SeenWorkflow => ({
    file,
    push: null,
    canBeDispatched: false,
    jobs: [],
    problem,
  });
  if (text.length > longest) return unread('it is too long to be looked at');
  try {
    const document = parseDocument(text, { logLevel: 'silent' });
    const [error] = document.errors;
    if (error) return unread(error.message.split('\n', 1)[0] ?? 'it is no YAML');
    const content: unknown = document.toJS({ maxAliasCount: 50 });
    if (!isGroup(content)) return unread('it is no workflow');
    const jobs = jobsOf(content.jobs);
    if (jobs.length === 0) return unread('it has no jobs');
    const triggers = triggersOf(content.on);
    return {
      file,
      push: pushOf(triggers.get('push')),
      canBeDispatched: triggers.has('workflow_dispatch'),
      jobs,
      problem: null,
    };
  } catch (error) {
    return unread(error instanceof Error ? error.message : String(error));
  }
}
