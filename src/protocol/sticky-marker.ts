/**
 * Hidden marks by which Signalbox finds its own comments again. Anyone can write the same mark: only a comment that
 * our own App wrote is ever matched by it.
 */

/** Marks the one comment of an issue or PR that is edited in place. `lane` is any text that identifies the lane. */
export function stickyMarker(of: { lane: string; issue: number; on: 'issue' | 'pull' }): string {
  return `<!-- signalbox:v1 on=${of.on} issue=${of.issue} lane=${enclose(of.lane)} -->`;
}

/** Marks a comment that is written once; `key` is the key of the effect that writes it. */
export function noticeMarker(key: string): string {
  return `<!-- signalbox:v1 once=${enclose(key)} -->`;
}

/** No spaces, and nothing that could close the comment. */
function enclose(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[-!]/gu,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
