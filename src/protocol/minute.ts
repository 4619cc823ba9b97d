/** A time as people read it, to the minute and in UTC. Never relative: "5 minutes ago" changes without a change. */
export function renderMinute(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime())
    ? 'an unknown time'
    : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
