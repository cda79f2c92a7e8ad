/** A chart over time: on a canvas for the eye, by arrow keys and as a table for everybody. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { useCell } from '../lib/cell';
import { dark } from '../lib/theme';
import { ChartTable } from './chart-table';
import { type Kind, type Line, draw, stacked } from './plot';

export interface ChartProps {
  title: string;
  kind: Kind;
  /** Beginnings of the buckets, in seconds. */
  times: number[];
  lines: Line[];
  /** The length of a bucket in seconds. */
  step: number;
  format: (value: number | null) => string;
  /** How the beginning of a bucket is written. */
  when: (at: Date) => string;
  height?: number;
  /** Whether a sum of the lines makes sense. */
  total?: boolean;
  /** Whether there are no fractions of what is counted. */
  whole?: boolean;
}

export function Chart(props: ChartProps) {
  const { title, kind, times, lines, step, format, when, height = 200, total = kind === 'stack', whole = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const [byKey, setByKey] = useState(false);
  const isDark = useCell(dark);
  const data = useMemo(() => stacked(kind, times, lines), [kind, times, lines]);
  const shape = lines.map((line) => line.label + line.color).join('|');

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const made = draw({ element, kind, lines, step, format, height, whole, data, pointed: setAt });
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
    // Data alone is no reason to draw anew.
  }, [kind, shape, step, height, isDark, format]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  const go = (event: KeyboardEvent) => {
    const last = times.length - 1;
    const from = at ?? last + 1;
    const moves: Record<string, number> = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last };
    const next = moves[event.key];
    if (next === undefined || plot.current === null) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(last, next));
    setByKey(true);
    plot.current.setCursor({ left: plot.current.valToPos(times[to] ?? 0, 'x'), top: 0 });
    setAt(to);
  };
  const moment = at === null ? undefined : times[at];
  const sum = at === null || !total ? null : lines.reduce((all, line) => all + (line.values[at] ?? 0), 0);
  const reading = moment !== undefined && at !== null
    ? `${when(new Date(moment * 1_000))}: ${lines.map((line) => `${line.label} ${format(line.values[at] ?? null)}`).join(', ')}`
    : '';
  return (
    <figure class="chart">
      <figcaption>
        <ul class="legend" aria-hidden="true">
          {lines.map((line) => (
            <li key={line.label}>
              <i class={`swatch ${kind}`} style={{ background: `var(--${line.color})` }} />
              {line.label}
              {at !== null && <b>{format(line.values[at] ?? null)}</b>}
            </li>
          ))}
          {sum !== null && <li>All <b>{format(sum)}</b></li>}
          <li class="when">{moment === undefined ? '' : when(new Date(moment * 1_000))}</li>
        </ul>
      </figcaption>
      <div
        ref={box}
        class="plot"
        style={{ height: `${height}px` }}
        role="img"
        tabIndex={0}
        aria-label={`${title}, a chart. Arrow keys read it; a table is below.`}
        onKeyDown={go}
        onBlur={() => { setByKey(false); setAt(null); }}
      />
      <p class="hidden" aria-live="polite">{byKey ? reading : ''}</p>
      <ChartTable title={title} times={times} lines={lines} format={format} when={when} />
    </figure>
  );
}
