/** An agent that asks for files while it works: real processes, and a Signalbox of a few lines. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gitIn } from './git-remote.ts';
import { branch, WorkerScene } from './worker-scene.ts';

/** Asks, waits until the request is gone, and keeps the answer. */
const ask = (content: string): string => `
mkdir -p .signalbox
printf '%s' '${content}' > "$AGENT_PATHS_FILE"
while test -e "$AGENT_PATHS_FILE"; do sleep 0.05; done
cat "$AGENT_PATHS_ANSWER_FILE" >> "$OUT/answers"
`;

describe('an agent that needs other files', () => {
  it('asks by writing a file, gets the answer in another, and neither is committed', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    await scene.run(`${ask('{ "paths": ["src/other.js"], "why": "it is called there" }')}
      grep -q granted "$OUT/answers"
      env > "$OUT/env"
      echo work > count.txt`);
    expect(scene.server.pathRequests).toMatchObject([
      { attempt: 1, fence: 7, version: 3, paths: ['src/other.js'], why: 'it is called there' },
    ]);
    expect(JSON.parse(readFileSync(scene.path('answers'), 'utf8'))).toEqual({
      outcome: 'granted',
      paths: ['src/other.js'],
      reason: '',
    });
    expect(gitIn(scene.remote.path, 'show', '--name-only', '--format=', branch)).toBe('count.txt');
    expect(readFileSync(scene.path('env'), 'utf8')).not.toMatch(/sbx_worker|TOKEN/);
    const numbers = [...scene.server.heartbeats, ...scene.server.pathRequests, ...scene.server.reports];
    expect(new Set(numbers.map(({ sequence }) => sequence)).size).toBe(numbers.length);
  });

  it('asks again under the same number when the answer was lost', async () => {
    await using scene = await WorkerScene.open();
    scene.server.tasks.push(scene.task());
    scene.server.onPaths = ({ paths }) =>
      scene.server.pathRequests.length === 1
        ? 'lost'
        : { outcome: 'asked', paths, reason: 'A person was asked' };
    await scene.run(`${ask('{ "paths": ["a.js"] }')}\necho work > count.txt`);
    const [first, second] = scene.server.pathRequests;
    expect(second).toEqual(first);
    expect(readFileSync(scene.path('answers'), 'utf8')).toContain('A person was asked');
  });

  it.each([['{ "paths": [] }'], ['{ "paths": "all" }'], ['not JSON']])(
    'is told what is wrong with %s, and Signalbox is not asked',
    async (content) => {
      await using scene = await WorkerScene.open();
      scene.server.tasks.push(scene.task());
      await scene.run(`${ask(content)}\necho work > count.txt`);
      expect(scene.server.pathRequests).toEqual([]);
      expect(readFileSync(scene.path('answers'), 'utf8')).toContain('"refused"');
      expect(scene.server.reports).toMatchObject([{ kind: 'done' }]);
    },
  );
});
