/** A moment in the reader's zone; in UTC when pointed at. */

import { ago, moment, timeOfDay, utc } from '../lib/format';

export function Time({ at, as = 'moment' }: { at: string; as?: 'moment' | 'clock' | 'ago' | 'recent' }) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{at}</span>;
  const today = Math.abs(Date.now() - date.getTime()) < 12 * 3_600_000;
  const form = as === 'recent' ? (today ? 'clock' : 'moment') : as;
  const text = form === 'clock' ? timeOfDay(date) : form === 'ago' ? ago(date) : moment(date);
  return (
    <time dateTime={at} title={form === 'ago' ? `${moment(date)} (${utc(date)})` : utc(date)}>
      {text}
    </time>
  );
}
