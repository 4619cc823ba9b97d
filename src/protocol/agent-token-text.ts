/** Tokens of agents, as the command line shows them. */

export interface TokenLine {
  id: number;
  agent: string;
  /** Null: all. */
  repositories: readonly string[] | null;
  note: string;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

const day = (at: Date): string => at.toISOString().slice(0, 10);

function standing({ expiresAt, revokedAt }: TokenLine, now: Date): string {
  if (revokedAt) return `revoked ${day(revokedAt)}`;
  if (!expiresAt) return 'no end';
  return `${expiresAt <= now ? 'ended' : 'until'} ${day(expiresAt)}`;
}

/** One line for each token, in columns. */
export function renderTokens(tokens: readonly TokenLine[], now: Date): string {
  if (tokens.length === 0)
    return 'There are no tokens. `signalbox agent-token create --help` says how to make one.';
  const rows = [
    ['ID', 'AGENT', 'REPOSITORIES', 'STATE', 'LAST USED', 'NOTE'],
    ...tokens.map((token) => [
      String(token.id),
      token.agent,
      token.repositories?.join(', ') ?? 'all',
      standing(token, now),
      token.lastUsedAt ? day(token.lastUsedAt) : 'never',
      token.note,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
