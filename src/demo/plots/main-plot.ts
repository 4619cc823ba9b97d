/** The main story: four issues, two that collide, one that waits for two others. */
import { isClosed, reviewPulls } from '../people.ts';
import { demoPolicy } from '../stage.ts';
import { demoIssues } from './main-issues.ts';
import { proveMainStory } from './main-proof.ts';
import type { Plot } from './plot.ts';

export const mainPlot: Plot = {
  name: 'main',
  about: 'four issues: two collide over a file, one waits for two others',
  policy: demoPolicy({}),
  issues: demoIssues,
  maySee: [],
  direct: async ({ maintainer, numbers, approved }) =>
    reviewPulls(maintainer, approved, async (pull) => {
      // The maintainer wants the release when everything else has landed.
      if (!pull.body?.includes(`Closes #${numbers.release}`)) return true;
      const others = Object.entries(numbers).filter(([key]) => key !== 'release');
      const closed = await Promise.all(others.map(([, number]) => isClosed(maintainer, number)));
      return closed.every(Boolean);
    }),
  prove: proveMainStory,
};
