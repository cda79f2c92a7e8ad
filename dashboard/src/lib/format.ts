/** Numbers, times and amounts as the reader's locale writes them. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const fine = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const percents = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const cents = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD' });
const crumbs = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', minimumSignificantDigits: 2, maximumSignificantDigits: 2 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const minutes = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
const dayOnly = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const utcDay = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'always', style: 'short' });

/** What stands where nothing is known. */
export const NONE = '–';

type Maybe = number | null | undefined;

export const count = (value: Maybe) => (value == null ? NONE : whole.format(value));
export const compact = (value: Maybe) => (value == null ? NONE : value < 10_000 ? whole.format(value) : short.format(value));
export const percent = (part: number, all: number) => (all === 0 ? NONE : percents.format(part / all));

export function rate(perSecond: Maybe): string {
  if (perSecond == null) return NONE;
  return perSecond >= 100 ? whole.format(perSecond) : fine.format(perSecond);
}

export function millis(ms: Maybe): string {
  if (ms == null) return NONE;
  if (ms < 1_000) return `${fine.format(ms)} ms`;
  if (ms < 60_000) return `${fine.format(ms / 1_000)} s`;
  return duration(ms);
}

/** A long span in its two greatest units. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1_000));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3_600)} h`;
}

export function bytes(value: Maybe): string {
  if (value == null) return NONE;
  if (value < 1_024) return `${whole.format(value)} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(value) / 10), units.length);
  return `${fine.format(value / 1_024 ** power)} ${units[power - 1] ?? ''}`;
}

export function usd(value: Maybe): string {
  if (value == null) return NONE;
  return value !== 0 && Math.abs(value) < 0.1 ? crumbs.format(value) : cents.format(value);
}

/** What was spent, where some of it may have no known price: then it is never said to be nothing. */
export const spent = (cost: number | null) => (cost === null ? 'unknown' : usd(cost));

export const utc = (at: Date) => `${at.toISOString().replace('T', ' ').replace(/\.000Z$/, 'Z').replace('Z', ' UTC')}`;
export const timeOfDay = (at: Date) => clock.format(at);
export const hourOfDay = (at: Date) => minutes.format(at);
export const moment = (at: Date) => full.format(at);
export const day = (at: Date) => dayOnly.format(at);
/** Of a bucket that is a day in UTC. */
export const dayUtc = (at: Date) => utcDay.format(at);

export function ago(at: Date, now = Date.now()): string {
  const s = Math.round((at.getTime() - now) / 1_000);
  const size = Math.abs(s);
  if (size < 60) return relative.format(s, 'second');
  if (size < 3_600) return relative.format(Math.round(s / 60), 'minute');
  if (size < 86_400) return relative.format(Math.round(s / 3_600), 'hour');
  return relative.format(Math.round(s / 86_400), 'day');
}
