// Plausible data: the same every time but for the moment it is made at.

/** A generator of numbers in 0..1 that is the same on every run. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const MODELS = [
  { name: 'claude-sonnet-4-5', served: 'claude-sonnet-4-5', provider: 'claude', kind: 'anthropic', dialect: 'messages', price: [3, 15], weight: 42 },
  { name: 'claude-haiku-4-5', served: 'claude-haiku-4-5', provider: 'claude', kind: 'anthropic', dialect: 'messages', price: [1, 5], weight: 18 },
  { name: 'claude-opus-4-5', served: 'claude-opus-4-5', provider: 'claude-team', kind: 'anthropic', dialect: 'messages', price: [5, 25], weight: 9 },
  { name: 'gpt-5', served: 'gpt-5', provider: 'codex', kind: 'openai', dialect: 'responses', price: [1.25, 10], weight: 16 },
  { name: 'gpt-5-mini', served: 'gpt-5-mini', provider: 'codex', kind: 'openai', dialect: 'chat', price: [0.25, 2], weight: 9 },
  { name: 'fast', served: 'qwen3-coder:30b', provider: 'local', kind: 'openai-compatible', dialect: 'chat', price: null, weight: 6 },
];
export const KEYS = ['ci', 'anna', 'bo', 'claude-code', 'nightly-eval'];
const OPERATIONS = { messages: 'messages', chat: 'chat/completions', responses: 'responses' };
const FAILURES = [
  ['upstream', 'rate_limited', 429, 429], ['upstream', 'timeout', 504, null], ['upstream', 'overloaded', 529, 529],
  ['client', 'unknown_model', 404, null], ['client', 'invalid_request', 400, 400], ['us', 'internal', 500, null],
];

function pick(list, roll) {
  const all = list.reduce((sum, one) => sum + one.weight, 0);
  let at = roll * all;
  return list.find((one) => (at -= one.weight) < 0) ?? list[0];
}

const round = (value, digits = 3) => Number(value.toFixed(digits));
const hex = (random, digits) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');

/** One record of an exchange that began at `began` (ms). */
export function record(random, began) {
  const model = pick(MODELS, random());
  const stream = random() < 0.75;
  const trouble = random();
  const ending = trouble < 0.055 ? 'failed' : trouble < 0.075 ? 'client_gone' : 'done';
  const [fault, error, status, upstream] = ending === 'failed' ? FAILURES[Math.floor(random() * FAILURES.length)] : [null, null, 200, 200];
  const head = 180 + random() ** 3 * 1900;
  const before = 0.3 + random() * 1.6;
  const again = ending !== 'failed' && random() < 0.06;
  const pause = again ? 300 + random() * 700 : 0;
  const first = before + pause + head;
  const token = stream && ending !== 'failed' ? first + 40 + random() * 300 : null;
  const output = ending === 'failed' ? null : Math.round(20 + random() ** 2 * 3200);
  const duration = ending === 'failed' ? first : (token ?? first) + (output ?? 0) * (6 + random() * 9);
  const input = ending === 'failed' ? null : Math.round(400 + random() ** 2 * 42000);
  const read = input === null ? null : Math.round(input * 0.7 * random());
  const write = input === null ? null : Math.round((input - read) * 0.3 * random());
  const called = !(fault === 'client' && upstream === null);
  const attempts = [];
  if (again) attempts.push({ provider: model.provider, model: model.served, after_ms: round(before), duration_ms: round(pause * 0.6), status: 529, error: 'overloaded' });
  if (called) attempts.push({ provider: model.provider, model: model.served, after_ms: round(before + pause), duration_ms: round(head), status: upstream, error: error === 'timeout' || error === 'internal' ? error : null });
  return {
    id: `req_${hex(random, 20)}`, began: new Date(began).toISOString(),
    session: random() < 0.6 ? `session-${Math.floor(random() * 40)}` : null,
    key: random() < 0.93 ? KEYS[Math.floor(random() ** 1.5 * KEYS.length)] : null,
    operation: OPERATIONS[model.dialect], dialect: model.dialect, route: random() < 0.7 ? `${model.name.split('-')[0]}-*` : null,
    provider: called ? model.provider : null, kind: called ? model.kind : null, model: model.name, served_model: called ? model.served : null,
    stream, status: ending === 'client_gone' ? (token === null ? null : 200) : status, upstream_status: upstream, ending, error, fault, attempts,
    first_byte_ms: round(first), first_token_ms: token === null ? null : round(token), duration_ms: round(duration),
    tokens: { input, output, cache_read: read, cache_write: write, reasoning: output === null || model.name !== 'gpt-5' ? null : Math.round(output * 0.4) },
    cost_usd: input === null || model.price === null ? null
      : round(((input - read - write) * model.price[0] + read * model.price[0] * 0.1 + write * model.price[0] * 1.25 + output * model.price[1]) / 1e6, 9),
    request_bytes: Math.round(600 + (input ?? 2000) * 4.2), response_bytes: Math.round(300 + (output ?? 40) * (stream ? 92 : 6)),
    trace: random() < 0.5 ? { trace: hex(random, 32), span: hex(random, 16), parent: hex(random, 16), sampled: true } : null,
  };
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Records of the last 90 days, the oldest first: some 20,000 times the scale, few at night and on Sundays. */
export function records(now, scale) {
  const random = dice(7);
  const spans = [[0, HOUR, 60], [HOUR, DAY, 950], [DAY, 90 * DAY, 40_000]];
  const all = [];
  for (const [from, to, count] of spans) {
    for (let at = 0; at < count * scale; at += 1) {
      const began = now - from - random() * (to - from);
      const busy = 0.45 + 0.55 * Math.sin(((began % DAY) / DAY) * Math.PI) * (new Date(began).getUTCDay() % 6 === 0 ? 0.3 : 1);
      if (from === 0 || random() < busy) all.push(record(random, began));
    }
  }
  return all.sort((a, b) => a.began.localeCompare(b.began));
}

const iso = (at) => new Date(at).toISOString().replace('Z', '000+00:00');

const check = (now, id, status, output, extra = {}) => ({
  componentId: id, componentType: 'component', ...(status === null ? {} : { status }), time: iso(now - 4_000), ...(output === null ? {} : { output }),
  since: iso(now - 31 * HOUR), consecutive: 400, thresholds: { fall: 3, rise: 2 }, critical: false, lastSuccess: iso(now - 4_000), durationMs: 0.41, ageMs: 4_012, ...extra,
});

/** `/health`; `mood` is well, warn or fail. */
export function health(now, mood) {
  const disk = mood === 'fail'
    ? check(now, 'data', 'fail', '1.4 % free of 50 GB', { observedValue: 1.4, observedUnit: 'percent', since: iso(now - 0.4 * HOUR), critical: true, lastSuccess: iso(now - 0.4 * HOUR) })
    : check(now, 'data', 'pass', '41 % free of 50 GB', { observedValue: 41, observedUnit: 'percent' });
  const config = mood === 'well' ? check(now, 'config', 'pass', 'As the file says.')
    : check(now, 'config', 'warn', 'server.workers was changed and takes a restart', { since: iso(now - 2.2 * HOUR), lastSuccess: iso(now - 2.2 * HOUR) });
  const status = mood === 'well' ? 'pass' : mood;
  const own = { componentId: 'service-container', componentType: 'service', status: 'pass', time: iso(now), output: 'Service container operational', version: '0.1.0' };
  const checks = {
    ...(mood === 'fail' ? { disk: [disk] } : {}), ...(mood === 'well' ? {} : { config: [config] }), service_container: [own],
    admission: [check(now, 'admission', 'pass', 'Nobody waits.', { observedValue: 0, observedUnit: 'requests' })],
    clock: [check(now, 'clock', 'pass', 'No jump.')],
    ...(mood === 'well' ? { config: [config] } : {}),
    ...(mood === 'fail' ? {} : { disk: [disk, check(now, 'logs', 'pass', '63 % free of 200 GB', { observedValue: 63, observedUnit: 'percent' })] }),
    event_loop: [check(now, 'event-loop', 'pass', 'On time.', { observedValue: 0.8, observedUnit: 'ms' })],
    file_descriptors: [check(now, 'file-descriptors', 'pass', '214 of 65536 used', { observedValue: 0.3, observedUnit: 'percent', componentType: 'system' })],
    memory: [check(now, 'memory', 'pass', '71 MiB resident', { observedValue: 71, observedUnit: 'MiB' })],
    shared: [check(now, 'shared', null, null, { enabled: false })],
  };
  return {
    status, version: '0.1.0', serviceId: 'ccproxy', description: 'CCProxy API Server',
    ...(status === 'pass' ? {} : { output: mood === 'fail' ? 'disk(data): 1.4 % free of 50 GB' : 'config: server.workers was changed and takes a restart' }), time: iso(now), checks,
  };
}

/** `/plugins/{name}/health`. */
export function plugin(now, name, mood) {
  const broken = mood !== 'well' && name === 'local';
  const uneasy = mood !== 'well' && name === 'codex';
  const since = iso(now - 0.7 * HOUR);
  const entry = (id, output, extra) => [check(now, id, 'pass', output, extra)];
  const checks = {
    ...(broken ? {
      breaker: [check(now, 'breaker', 'fail', 'open for 12 s more', { since, affectedEndpoints: ['/local/v1', '/v1'], lastSuccess: since })],
      upstream: [check(now, 'upstream', 'fail', 'connection refused: 127.0.0.1:11434', { since, affectedEndpoints: ['/local/v1'], lastSuccess: since })],
    } : {}),
    ...(uneasy ? { rate_limit: [check(now, 'rate-limit', 'warn', '6 % of tokens left', { since: iso(now - 0.1 * HOUR), observedValue: 6, observedUnit: 'percent', lastSuccess: iso(now - 0.1 * HOUR) })] } : {}),
    ...(broken ? {} : { breaker: entry('breaker', 'Closed.') }),
    credentials: entry('credentials', name === 'local' ? 'None needed.' : 'Both can be used.'),
    errors: entry('errors', '0.4 % of 212 exchanges in the last minute', { observedValue: 0.4, observedUnit: 'percent' }),
    latency: entry('latency', '412 ms on average', { observedValue: 412, observedUnit: 'ms' }),
    ...(uneasy ? {} : { rate_limit: entry('rate-limit', name === 'local' ? 'It tells nothing.' : '71 % left') }),
    ...(broken ? {} : { upstream: entry('upstream', 'Reached by real traffic.') }),
  };
  const status = broken ? 'fail' : uneasy ? 'warn' : 'pass';
  return {
    status, version: '0.1.0', serviceId: name, description: 'Provider',
    ...(broken ? { output: 'upstream: connection refused: 127.0.0.1:11434; breaker: open for 12 s more' } : uneasy ? { output: 'rate_limit: 6 % of tokens left' } : {}), time: iso(now), checks,
  };
}

/** Changes of the last day. */
export function transitions(now, mood) {
  const list = [];
  const add = (hours, plugin, component, from, to, output) => list.push({ at: new Date(now - hours * HOUR).toISOString(), plugin, component, from, to, output });
  add(19.3, 'claude', 'errors', 'pass', 'warn', '12 % of 97 exchanges failed by the provider');
  add(18.9, 'claude', 'errors', 'warn', 'fail', '54 % of 120 exchanges failed by the provider');
  add(18.9, 'claude', 'breaker', 'pass', 'fail', 'open for 30 s');
  add(18.2, 'claude', 'breaker', 'fail', 'warn', 'it tries again');
  add(18.15, 'claude', 'breaker', 'warn', 'pass', null);
  add(18.1, 'claude', 'errors', 'fail', 'pass', null);
  add(11, 'codex', 'rate_limit', 'pass', 'warn', 'HTTP 429: 0 % of requests left');
  add(10.4, 'codex', 'rate_limit', 'warn', 'pass', null);
  add(7.5, '', 'event_loop', 'pass', 'warn', 'a runtime is 311 ms late');
  add(7.4, '', 'event_loop', 'warn', 'pass', null);
  if (mood !== 'well') {
    add(2.2, '', 'config', 'pass', 'warn', 'server.workers was changed and takes a restart');
    add(0.7, 'local', 'upstream', 'pass', 'fail', 'connection refused: 127.0.0.1:11434');
    add(0.7, 'local', 'breaker', 'pass', 'fail', 'open for 30 s');
    add(0.1, 'codex', 'rate_limit', 'pass', 'warn', '6 % of tokens left');
  }
  if (mood === 'fail') add(0.4, '', 'disk(data)', 'pass', 'fail', '1.4 % free of 50 GB');
  return list.sort((a, b) => b.at.localeCompare(a.at));
}

export function providers(now, mood) {
  const bad = mood !== 'well';
  const one = (name, kind, dialects, extra = {}) => ({
    name, kind, version: '0.1.0', dialects, status: 'pass', breaker: 'closed', shut_ms: null, running: 3, concurrency: 64, latency_ms: 412.4, rate_limit: null, ...extra,
  });
  const at = (hours) => new Date(now + hours * HOUR).toISOString();
  return [
    one('claude', 'anthropic', ['Anthropic Messages'], {
      running: 11, rate_limit: { limit: 'tokens', percent: 71, resets_in_ms: 33_000 },
      credentials: [
        { name: 'env ANTHROPIC_API_KEY', usable: true, resting_ms: null, expires: null }, { name: 'oauth team-a', usable: true, resting_ms: bad ? 41_000 : null, expires: at(5.2) },
        { name: 'file spare.key', usable: !bad, resting_ms: null, expires: bad ? at(-2) : null },
      ],
    }),
    one('claude-team', 'anthropic', ['Anthropic Messages'], { running: 2, concurrency: null, latency_ms: 688.1, rate_limit: { limit: 'requests', percent: 94, resets_in_ms: 12_000 } }),
    one('codex', 'openai', ['OpenAI Responses', 'OpenAI Chat Completions'], { status: bad ? 'warn' : 'pass', running: 8, concurrency: 8, latency_ms: 1_204, rate_limit: { limit: 'tokens', percent: bad ? 6 : 68, resets_in_ms: 44_000 } }),
    one('local', 'openai-compatible', ['OpenAI Chat Completions'], { status: bad ? 'fail' : 'pass', breaker: bad ? 'open' : 'closed', shut_ms: bad ? 12_000 : null, running: 0, concurrency: 4, latency_ms: null }),
  ];
}

export function keys(now) {
  const at = (hours) => new Date(now + hours * HOUR).toISOString();
  const key = (name, limits, budget, running) => ({ name, limits, budget, running });
  return [
    key('anna', { requests_per_minute: 120, tokens_per_minute: 400_000, streams: 8 }, [{ window: 'day', limit_usd: 20, spent_usd: 7.412, resets: at(9) }, { window: 'month', limit_usd: 300, spent_usd: 122.07, resets: at(120) }], 4),
    key('bo', { requests_per_minute: 60 }, [{ window: 'day', limit_usd: 10, spent_usd: 8.93, resets: at(9) }], 1),
    key('ci', { requests_per_minute: 600, concurrency: 40 }, [{ window: 'week', limit_usd: 50, spent_usd: 50.2, resets: at(60) }], 0),
    key('claude-code', {}, [], 7),
    key('nightly-eval', { tokens_per_minute: 2_000_000 }, [{ window: 'month', limit_usd: 900, spent_usd: 212.5, resets: at(120) }], 12),
    key(null, { requests_per_minute: 30 }, [], 0),
  ];
}

export const TOML = `# As ccproxy config show prints it.
[server]
host = "127.0.0.1"
port = 8000
workers = 2
keep_alive = "1m 15s"

[management]
port = 8001
token = { env = "CCPROXY_MANAGEMENT_TOKEN" }

[auth]
key_file = "keys.toml"

[limits]
concurrency = 200
queue = 100

[retry]
attempts = 3
budget = 0.2
base = "250ms"

[providers.claude]
kind = "anthropic"
credentials = [{ env = "ANTHROPIC_API_KEY" }, { oauth = "team-a" }, { value = "***" }]

[providers.codex]
kind = "openai"
credentials = [{ env = "OPENAI_API_KEY" }]
concurrency = 8

[providers.local]
kind = "openai-compatible"
base_url = "http://127.0.0.1:11434/v1"

[[routes]]
model = "claude-*"
targets = ["claude", "claude-team"]
strategy = "failover"

[[routes]]
model = "*"
targets = ["codex", "local"]

[store]
enabled = true
retention = "90d"
`;
