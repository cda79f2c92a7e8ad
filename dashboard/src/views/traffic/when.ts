import { day, dayUtc, hourOfDay } from '../../lib/format';
import type { Bucket } from '../../types';

const minute = (at: Date) => `${day(at)}, ${hourOfDay(at)}`;
const wholeDay = (at: Date) => `${dayUtc(at)} (UTC)`;

/** How the beginning of a bucket is written. */
export function whenOf(bucket: Bucket): (at: Date) => string {
  return bucket === 'minute' || bucket === 'hour' ? minute : wholeDay;
}
