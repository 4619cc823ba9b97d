/** Reads a budget as people write it: "30 minutes", "minutes: 30", "1.5 h", "$5", "usd 5", "2M tokens". */

export interface Budget {
  minutes: number | null;
  tokens: number | null;
  usd: number | null;
}

type Unit = keyof Budget;

const amount = String.raw`(?<amount>\d{1,3}(?:[,_ ]\d{3})+|\d+(?:\.\d+)?)\s*(?<scale>k|m|thousand|million)?`;
const units: { unit: Unit; times: number; name: string }[] = [
  { unit: 'minutes', times: 60, name: 'hours?|hrs?|h' },
  { unit: 'minutes', times: 1, name: 'minutes?|mins?|min' },
  { unit: 'tokens', times: 1, name: 'tokens?|tok' },
  { unit: 'usd', times: 1, name: 'usd|us ?dollars?|dollars?|\\$' },
];
const shapes = units.flatMap(({ unit, times, name }) => [
  {
    unit,
    times,
    shape: new RegExp(
      `^(?:${name})\\s*(?:\\([^)]*\\))?\\s*[:=]?\\s*\\$?\\s*${amount}(?:\\s*(?:${name}))?$`,
      'iu',
    ),
  },
  { unit, times, shape: new RegExp(`^${amount}\\s*(?:${name})$`, 'iu') },
]);

/** Reads the lines of a budget; what is not understood is named in `problems`, and what is not said is null. */
export function readBudget(lines: readonly string[]): { budget: Budget; problems: string[] } {
  const budget: Budget = { minutes: null, tokens: null, usd: null };
  const problems: string[] = [];
  for (const part of lines.flatMap(splitParts)) {
    const reading = readAmount(part);
    if (reading === null)
      problems.push(
        `"${part.slice(0, 80)}" under "Budget" is not understood: write "30 minutes", "2M tokens" or "$5".`,
      );
    else budget[reading.unit] = reading.value;
  }
  return { budget, problems };
}

function splitParts(line: string): string[] {
  return line
    .replace(/[*`]/gu, '')
    .split(/;|,(?!\d{3}(?!\d))|\s+(?:and|or|\/|\+)\s+/iu)
    .map((part) =>
      part
        .trim()
        .replace(/^(?:at most|up to|max(?:imum)?|about|<=?|≤|~)\s*/iu, '')
        .replace(/\.$/u, ''),
    )
    .filter((part) => part !== '' && !/^(?:none|default|n\/a|-)$/iu.test(part));
}

function readAmount(part: string): { unit: Unit; value: number } | null {
  for (const { unit, times, shape } of shapes) {
    const groups = shape.exec(part)?.groups;
    if (groups === undefined) continue;
    const value = Number((groups.amount ?? '').replace(/[,_ ]/gu, '')) * scaleOf(groups.scale, unit) * times;
    return Number.isFinite(value) && value > 0 ? { unit, value } : null;
  }
  return null;
}

function scaleOf(scale: string | undefined, unit: Unit): number {
  const letter = scale?.toLowerCase().charAt(0);
  // "30m" without a unit word is not read at all; "30 m minutes" would be, and then m is no million.
  if (unit === 'minutes' || letter === undefined) return 1;
  return letter === 'k' || letter === 't' ? 1e3 : 1e6;
}
