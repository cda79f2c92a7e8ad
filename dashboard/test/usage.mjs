// What the store does, for some hundreds of records: choosing, grouping, paging.

const UNITS = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
const STEPS = { minute: 6e4, hour: 36e5, day: 864e5, week: 6048e5, month: 2592e6 };
const FIELDS = ['model', 'served_model', 'provider', 'key', 'operation', 'dialect', 'route', 'session', 'ending', 'fault', 'error', 'status'];

export function moment(text, now) {
  const span = /^(\d+)([smhdw])$/.exec(text ?? '');
  return span ? now - Number(span[1]) * UNITS[span[2]] : Date.parse(text);
}

/** The records that a query chooses; throws a text that says which parameter is wrong. */
export function choose(records, query, now, since) {
  const [from, until] = [moment(query.get('since') ?? since, now), query.has('until') ? moment(query.get('until'), now) : now + 1];
  if (Number.isNaN(from) || Number.isNaN(until)) throw new Error('since: expected RFC 3339 or a span such as 15m');
  for (const name of query.keys()) {
    if (![...FIELDS, 'since', 'until', 'bucket', 'group', 'format', 'limit', 'cursor', 'min_duration_ms'].includes(name)) throw new Error(`${name}: no such parameter`);
  }
  const slow = Number(query.get('min_duration_ms') ?? 0);
  if (Number.isNaN(slow)) throw new Error('min_duration_ms: expected a number');
  const chosen = FIELDS.filter((name) => query.has(name)).map((name) => [name, query.getAll(name)]);
  const [first, last] = [new Date(from).toISOString(), new Date(until).toISOString()];
  return records.filter((one) => {
    return one.began >= first && one.began < last && one.duration_ms >= slow && chosen.every(([name, values]) => values.includes(String(one[name])));
  });
}

function percentiles(values) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) };
}

function figures(list) {
  const sum = (value) => list.reduce((all, one) => all + (value(one) ?? 0), 0);
  const fault = (name) => sum((one) => (one.fault === name ? 1 : 0));
  const tokens = (name) => sum((one) => one.tokens[name]);
  const cost = sum((one) => one.cost_usd);
  const unpriced = sum((one) => (one.cost_usd === null && one.tokens.input !== null ? 1 : 0));
  return {
    requests: list.length, failed: sum((one) => (one.ending === 'failed' ? 1 : 0)), client_gone: sum((one) => (one.ending === 'client_gone' ? 1 : 0)),
    faults: { client: fault('client'), us: fault('us'), upstream: fault('upstream') }, attempts: sum((one) => one.attempts.length),
    tokens: { input: tokens('input'), output: tokens('output'), cache_read: tokens('cache_read'), cache_write: tokens('cache_write'), reasoning: tokens('reasoning') },
    cost_usd: cost === 0 && unpriced > 0 ? null : cost, unpriced,
    duration_ms: percentiles(list.map((one) => one.duration_ms)), first_token_ms: percentiles(list.map((one) => one.first_token_ms).filter((one) => one !== null)),
    request_bytes: sum((one) => one.request_bytes), response_bytes: sum((one) => one.response_bytes),
  };
}

export function usage(records, query, now) {
  const list = choose(records, query, now, '24h');
  const bucket = query.get('bucket') ?? 'none';
  const group = (query.get('group') ?? '').split(',').filter((one) => one !== '');
  const groups = new Map();
  for (const one of list) {
    const start = bucket === 'none' ? null : Math.floor(Date.parse(one.began) / STEPS[bucket]) * STEPS[bucket];
    const key = JSON.stringify([start, ...group.map((name) => one[name])]);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(one);
  }
  const rows = [...groups].map(([key, members]) => {
    const [start, ...values] = JSON.parse(key);
    const own = Object.fromEntries(group.map((name, at) => [name, values[at]]));
    return { ...(start === null ? {} : { start: new Date(start).toISOString().replace('.000Z', 'Z') }), ...own, ...figures(members) };
  });
  rows.sort((a, b) => (a.start ?? '').localeCompare(b.start ?? '') || b.requests - a.requests);
  const since = new Date(moment(query.get('since') ?? '24h', now)).toISOString();
  return { since, until: new Date(now).toISOString(), bucket, group, rows, total: figures(list) };
}

export function csv({ group, rows }) {
  const names = ['start', ...group, 'requests', 'failed', 'cost_usd', 'unpriced'];
  return [names.join(','), ...rows.map((row) => names.map((name) => row[name] ?? '').join(','))].join('\n');
}

export function page(records, query, now) {
  const limit = Number(query.get('limit') ?? 100);
  const offset = Number(query.get('cursor') ?? 0);
  const list = choose(records, query, now, '3650d').reverse();
  return { requests: list.slice(offset, offset + limit), next: offset + limit < list.length ? String(offset + limit) : null };
}
