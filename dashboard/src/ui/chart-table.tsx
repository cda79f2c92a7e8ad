/** A chart's figures as a table, made only while it is open. */

import { useState } from 'preact/hooks';
import { utc } from '../lib/format';
import type { Line } from './plot';
import { Scroll } from './panel';

interface Props {
  title: string;
  times: number[];
  lines: Line[];
  format: (value: number | null) => string;
  when: (at: Date) => string;
}

export function ChartTable({ title, times, lines, format, when }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <details class="as-table" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table<span class="hidden">: {title}</span></summary>
      {open && (
        <Scroll label={title}>
          <table class="compact">
            <caption class="hidden">{title}</caption>
            <thead>
              <tr>
                <th scope="col">From</th>
                {lines.map((line) => <th key={line.label} scope="col" class="number">{line.label}</th>)}
              </tr>
            </thead>
            <tbody>
              {times.map((time, at) => {
                const date = new Date(time * 1_000);
                return (
                  <tr key={time}>
                    <th scope="row"><time dateTime={date.toISOString()} title={utc(date)}>{when(date)}</time></th>
                    {lines.map((line) => <td key={line.label} class="number">{format(line.values[at] ?? null)}</td>)}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Scroll>
      )}
    </details>
  );
}
