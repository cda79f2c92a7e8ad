/** How uPlot draws our charts. */

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { day, dayUtc, hourOfDay } from '../lib/format';

export type Kind = 'stack' | 'lines';

export interface Line {
  label: string;
  /** The name of a custom property. */
  color: string;
  values: (number | null)[];
}

export interface Drawing {
  element: HTMLElement;
  kind: Kind;
  lines: Line[];
  step: number;
  format: (value: number | null) => string;
  height: number;
  /** Whether there are no fractions of what is counted. */
  whole: boolean;
  data: uPlot.AlignedData;
  pointed: (at: number | null) => void;
}

/** What uPlot gets: for a stack the sums from below, the highest first, so that each covers the one before. */
export function stacked(kind: Kind, times: number[], lines: Line[]): uPlot.AlignedData {
  if (kind === 'lines') return [times, ...lines.map((line) => line.values)];
  const sums: number[] = times.map(() => 0);
  const layers = lines.map((line) => times.map((_, at) => (sums[at] = (sums[at] ?? 0) + (line.values[at] ?? 0))));
  return [times, ...layers.reverse()];
}

function property(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function series(kind: Kind, lines: Line[]): uPlot.Series[] {
  const surface = property('surface');
  const ordered = kind === 'stack' ? [...lines].reverse() : lines;
  const bars = uPlot.paths.bars?.({ size: [0.78, 36, 1], radius: 0 });
  return ordered.map((line) => {
    const color = property(line.color);
    return kind === 'stack'
      ? { label: line.label, fill: color, stroke: surface, width: 0.5, points: { show: false }, ...(bars && { paths: bars }) }
      : { label: line.label, stroke: color, width: 1.75, points: { show: false }, spanGaps: false };
  });
}

/** Steps between ticks of what is counted: 1, 2, 5, 10, … */
const WHOLE = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat();

export function draw({ element, kind, lines, step, format, height, whole, data, pointed }: Drawing): uPlot {
  const line = property('line');
  const text = property('muted');
  const font = `11px ${property('font')}`;
  const days = step >= 86_400;
  const ticks = (_: uPlot, values: number[]) => values.map((value) => {
    const date = new Date(value * 1_000);
    if (days) return date.getUTCHours() === 0 ? dayUtc(date) : '';
    return date.getHours() === 0 && date.getMinutes() === 0 ? day(date) : hourOfDay(date);
  });
  const grid = { stroke: line, width: 1 };
  const options: uPlot.Options = {
    width: Math.max(element.clientWidth, 50),
    height,
    legend: { show: false },
    // Buckets of a day are days in UTC; all else is shown in the reader's zone.
    ...(days ? { tzDate: (at: number) => uPlot.tzDate(new Date(at * 1_000), 'Etc/UTC') } : {}),
    padding: [8, 18, 0, 0],
    cursor: { x: true, y: false, points: { show: kind === 'lines', size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: (_, min, max) => [min - step / 2, max + step / 2] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { stroke: text, font, size: 28, gap: 4, grid: { show: false }, ticks: { ...grid, size: 4 }, values: ticks, space: 64 },
      { stroke: text, font, size: 56, gap: 6, grid, ticks: { show: false }, values: (_, values) => values.map((value) => format(value)), space: 36, ...(whole ? { incrs: WHOLE } : {}) },
    ],
    series: [{}, ...series(kind, lines)],
    hooks: { setCursor: [(plot) => pointed(plot.cursor.idx ?? null)] },
  };
  return new uPlot(options, data, element);
}
