/** Looks for secrets in what a diff adds. What is found is told by kind and place: the secret itself goes nowhere. */
import { lintSource } from '@secretlint/core';
import { creator as recommended } from '@secretlint/secretlint-rule-preset-recommend';
import type { PathChange, SecretSighting } from '../core/gate/diff.ts';
import { tokenShapes } from './token-shapes.ts';

/** Lines of data; the token shapes are still looked for in them. */
const longestLine = 20_000;
/** A file that is full of them is found out by a few. */
const mostOfOneFile = 20;

const preset = '@secretlint/secretlint-rule-preset-recommend';

function findShapes({ path, lines }: PathChange): SecretSighting[] {
  return (lines?.added ?? []).flatMap(({ line, text }) =>
    tokenShapes.filter(({ shape }) => shape.test(text)).map(({ what }) => ({ path, line, what })),
  );
}

/** `@secretlint/secretlint-rule-slack` → `slack`. */
function kindOf(ruleId: string): string {
  return ruleId.replace(/^@secretlint\/secretlint-rule-/u, '').replaceAll('-', ' ');
}

async function lintAdded({ path, lines }: PathChange): Promise<SecretSighting[]> {
  const added = (lines?.added ?? []).filter(({ text }) => text.length <= longestLine);
  if (added.length === 0) return [];
  const { messages } = await lintSource({
    source: {
      content: added.map(({ text }) => text).join('\n'),
      filePath: path,
      ext: /\.[^./]*$/u.exec(path)?.[0] ?? '',
      contentType: 'text',
    },
    options: {
      noPhysicFilePath: true,
      maskSecrets: true,
      config: { rules: [{ id: preset, rule: recommended }] },
    },
  });
  return messages.map(({ ruleId, loc }) => ({
    path,
    line: added[loc.start.line - 1]?.line ?? null,
    what: kindOf(ruleId),
  }));
}

/** Each line is told of once, by the more telling name. */
function withoutRepeats(sightings: readonly SecretSighting[]): SecretSighting[] {
  const seen = new Set<string>();
  return sightings.filter(({ path, line }) => {
    const key = `${line}:${path}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Every secret that the diff adds, by kind and place. */
export async function scanSecrets(changes: readonly PathChange[]): Promise<SecretSighting[]> {
  const sightings: SecretSighting[] = [];
  for (const change of changes) {
    const own = withoutRepeats([...findShapes(change), ...(await lintAdded(change))]);
    sightings.push(...own.slice(0, mostOfOneFile));
  }
  return sightings;
}
