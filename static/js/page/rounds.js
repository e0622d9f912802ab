/** How many rounds a run has: the number it was given, or until certain that of its next look. */

/**
 * @param {Stage} stage
 * @param {number} newest the number of its newest round, repeated ones included
 */
export function roundsOf({ run, active, feed }, newest) {
  const repeated = feed.columns.discarded.size;
  if (!run.looks?.length) return run.rounds + repeated;
  if (!active) return newest;
  return (run.looks.find((look) => look >= newest - repeated) ?? run.rounds) + repeated;
}
