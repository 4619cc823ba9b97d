/** Whether a package's name looks like a well-known one that it is not. */
import { distance } from 'fastest-levenshtein';
import type { Ecosystem } from '../diff.ts';
import { popularNames } from './popular.ts';

/** Registries treat these alike, or people do. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_.]/gu, '');
}

/** Short names have honest neighbours everywhere; long ones may differ by two letters and still be misread. */
function mostDistance(name: string): number {
  return name.length < 5 ? 0 : name.length < 8 ? 1 : 2;
}

/** The well-known name that this one may be mistaken for; null when it is one itself, or is near none. */
export function nearMiss(ecosystem: Ecosystem, name: string): string | null {
  const known = popularNames[ecosystem];
  const lower = name.toLowerCase();
  if (known.has(lower)) return null;
  if (ecosystem === 'pypi' && known.has(lower.replace(/[_.]+/gu, '-'))) return null;
  const short = plain(lower);
  for (const other of known) {
    const plainOther = plain(other);
    if (short === plainOther) return other;
    if (distance(short, plainOther) <= mostDistance(plainOther)) return other;
  }
  return null;
}
