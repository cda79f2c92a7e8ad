/** Bars of what was spent, split by the greatest. */

import { useMemo } from 'preact/hooks';
import { stepOf, timesOf } from '../../lib/buckets';
import { usd } from '../../lib/format';
import type { Usage } from '../../types';
import { Chart } from '../../ui/chart';
import { whenOf } from '../traffic/when';

export type By = 'model' | 'key' | 'provider';

/** How many have a colour of their own; the others share one. */
const COLORS = ['c1', 'c3', 'c2', 'c4', 'c5', 'c6'];
const OTHERS = 'All others';

export function nameOf(value: string | number | null | undefined, by: By): string {
  if (value != null) return String(value);
  return by === 'key' ? '(no key)' : '(none)';
}

export function DaysChart({ usage, by }: { usage: Usage; by: By }) {
  const { times, lines } = useMemo(() => {
    const times = timesOf(usage);
    const places = new Map(times.map((time, at) => [time, at]));
    const sums = new Map<string, number>();
    for (const row of usage.rows) {
      const name = nameOf(row[by], by);
      sums.set(name, (sums.get(name) ?? 0) + (row.cost_usd ?? 0));
    }
    const ranked = [...sums].filter(([, sum]) => sum > 0).sort((a, b) => b[1] - a[1]).map(([name]) => name);
    const own = ranked.slice(0, COLORS.length);
    const lines = own.map((label, at) => ({ label, color: COLORS[at] ?? 'c7', values: times.map(() => 0) }));
    if (ranked.length > own.length) lines.push({ label: OTHERS, color: 'c7', values: times.map(() => 0) });
    for (const row of usage.rows) {
      const place = places.get(Date.parse(row.start ?? '') / 1_000);
      const name = nameOf(row[by], by);
      const line = lines.find((one) => one.label === name) ?? lines.find((one) => one.label === OTHERS);
      if (place !== undefined && line !== undefined) line.values[place] = (line.values[place] ?? 0) + (row.cost_usd ?? 0);
    }
    return { times, lines };
  }, [usage, by]);
  if (lines.length === 0) return <p class="quiet">Nothing in this time has a known price.</p>;
  return <Chart title={`Spent, by ${by}`} kind="stack" times={times} lines={lines} step={stepOf(usage.bucket)} format={usd} when={whenOf(usage.bucket)} height={230} />;
}
