import { escalationPlot } from './escalation-plot.ts';
import { mainPlot } from './main-plot.ts';
import { stallPlot } from './stall-plot.ts';
import { versionsPlot } from './versions-plot.ts';

/** What `signalbox demo --story` can play. */
export const plots = {
  main: mainPlot,
  versions: versionsPlot,
  escalation: escalationPlot,
  stall: stallPlot,
} as const;

export type PlotName = keyof typeof plots;

export const plotNames = Object.keys(plots) as PlotName[];
