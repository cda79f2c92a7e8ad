/** Usage over time as arrays of equal length, one place per bucket, with the buckets that the server left out. */

import type { Bucket, Usage, UsageRow } from '../types';

export const STEP: Record<'minute' | 'hour' | 'day', number> = { minute: 60, hour: 3_600, day: 86_400 };
/** As many as the server gives. */
const MAX_BUCKETS = 2_000;

export interface Timeline {
  /** Beginnings in seconds. */
  times: number[];
  /** The row of each; none where nothing happened. */
  rows: (UsageRow | undefined)[];
}

export function stepOf(bucket: Bucket): number {
  return bucket === 'minute' || bucket === 'hour' || bucket === 'day' ? STEP[bucket] : STEP.day;
}

export function timesOf(usage: Usage): number[] {
  const step = stepOf(usage.bucket);
  const first = Math.floor(Date.parse(usage.since) / 1_000 / step) * step;
  const end = Date.parse(usage.until) / 1_000;
  const times: number[] = [];
  for (let time = first; time < end && times.length < MAX_BUCKETS; time += step) times.push(time);
  return times;
}

export function timeline(usage: Usage): Timeline {
  const times = timesOf(usage);
  const byTime = new Map(usage.rows.map((row) => [Date.parse(row.start ?? '') / 1_000, row]));
  return { times, rows: times.map((time) => byTime.get(time)) };
}

/** One figure of each bucket; `nothing` where nothing happened. */
export function pick(rows: Timeline['rows'], figure: (row: UsageRow) => number | null | undefined, nothing: 0 | null): (number | null)[] {
  return rows.map((row) => (row === undefined ? nothing : (figure(row) ?? null)));
}

export interface Range {
  since: string;
  bucket: 'minute' | 'hour' | 'day';
  label: string;
  /** How often it is worth asking again, in ms. */
  every: number;
}

export const RANGES = {
  '15m': { since: '15m', bucket: 'minute', label: '15 minutes', every: 10_000 },
  '1h': { since: '1h', bucket: 'minute', label: '1 hour', every: 10_000 },
  '24h': { since: '24h', bucket: 'hour', label: '24 hours', every: 30_000 },
  '7d': { since: '7d', bucket: 'hour', label: '7 days', every: 60_000 },
  '30d': { since: '30d', bucket: 'day', label: '30 days', every: 60_000 },
  '90d': { since: '90d', bucket: 'day', label: '90 days', every: 60_000 },
} as const satisfies Record<string, Range>;

export type RangeName = keyof typeof RANGES;

export function rangeOf(name: string | null, otherwise: RangeName): RangeName {
  return name !== null && name in RANGES ? (name as RangeName) : otherwise;
}
