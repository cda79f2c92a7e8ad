// A server that answers as ccproxy does, for the page's tests and for `npm run dev`. `node test/mock.mjs [PORT]`.

import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import * as data from './data.mjs';
import { csv, page, usage } from './usage.mjs';

const DIST = new URL('../../crates/dashboard/dist/', import.meta.url);
/** The policy of the crate, read from it so that there is one. */
export async function policy() {
  const source = await readFile(new URL('../../crates/dashboard/src/lib.rs', import.meta.url), 'utf8');
  const [, text] = /CONTENT_SECURITY_POLICY: &str =\s*"([^"]+)"/.exec(source) ?? [];
  if (text === undefined) throw new Error('no policy in crates/dashboard/src/lib.rs');
  return text.replace(/\\\s+/g, '');
}

const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };

async function assets() {
  const files = new Map();
  for (const name of await readdir(DIST)) {
    const bytes = await readFile(new URL(name, DIST));
    const plain = name.replace(/\.gz$/, '');
    const type = TYPES[plain.split('.').at(-1)];
    if (type !== undefined) files.set(plain, { type, bytes: name.endsWith('.gz') ? gunzipSync(bytes) : bytes });
  }
  return files;
}

/**
 * Options: `token` that has to be shown; `mood` well, warn or fail; `phase`; `empty` has no records; `key` of a client, which is not enough; `orders`
 * is the token that they take; `store: false` switches it off; `rate` of live requests a second. All may be changed while it runs.
 */
export async function start({ port = 0, scale = 1, ...given } = {}) {
  const options = { token: null, key: null, mood: 'warn', phase: 'ready', empty: false, orders: null, store: true, rate: 0, ...given };
  const [csp, files] = [await policy(), await assets()];
  const begun = Date.now();
  const records = data.records(begun, scale);
  const random = data.dice(begun);
  const state = { options, asked: [], origins: [], live: new Set(), health: new Set(), begun: 128_000, open: 0 };

  const send = (response, status, body, type = 'application/json', headers = {}) => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers });
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  };
  const refuse = (response, status, message) => send(response, status, { error: { type: 'error', message } });
  const stream = (request, response, readers, hello) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(hello);
    readers.add(response);
    request.on('close', () => readers.delete(response));
  };
  state.tell = (one) => {
    records.push(one);
    for (const reader of state.live) reader.write(`event: request\ndata: ${JSON.stringify(one)}\n\n`);
  };
  state.record = () => data.record(random, Date.now());
  state.transition = (change) => {
    for (const reader of state.health) reader.write(`event: transition\nid: 1\ndata: ${JSON.stringify(change)}\n\n`);
  };

  const overview = () => ({
    version: '0.1.0', started: new Date(begun - 219_300_000).toISOString(), uptime_s: 219_300 + Math.round((Date.now() - begun) / 1e3), phase: options.phase, address: '127.0.0.1:8000',
    requests: { begun: state.begun + records.length, done: 124_611, failed: 2_901, client_gone: 488, running: 21 }, sockets: 6, memory_bytes: 74_448_896,
    recorder: { store: options.store ? 'sqlite' : 'none', store_bytes: options.store ? 31_948_800 : null, lanes: [{ name: 'store', queued: 3, capacity: 8_192, dropped: 0, failing: false }] },
  });

  const api = (path, query, request, response) => {
    const now = Date.now();
    const { mood } = options;
    const kept = options.empty ? [] : records;
    if (path === '/api/overview') return send(response, 200, overview());
    if (path === '/api/providers') return send(response, 200, { providers: data.providers(now, mood) });
    if (path === '/api/keys') return send(response, 200, { keys: data.keys(now) });
    if (path === '/api/config') return send(response, 200, { toml: data.TOML });
    if (path === '/api/health/transitions' && Number(query.get('limit')) > 1_000) return refuse(response, 400, 'limit: at most 1000');
    if (path === '/api/health/transitions') return send(response, 200, { transitions: data.transitions(now, mood) });
    if (path === '/api/requests/live') return stream(request, response, state.live, ':\n\n');
    if (!options.store) return refuse(response, 503, 'the store is switched off: set [store] enabled = true');
    if (path === '/api/usage') {
      const found = usage(kept, query, now);
      return query.get('format') === 'csv' ? send(response, 200, csv(found), 'text/csv') : send(response, 200, found);
    }
    if (path === '/api/requests') return send(response, 200, page(kept, query, now));
    const one = kept.findLast((other) => `/api/requests/${other.id}` === path);
    return one ? send(response, 200, one) : refuse(response, 404, 'no such request is kept');
  };

  const order = (path, request, response) => {
    state.origins.push(request.headers.origin);
    if (request.headers.origin !== `http://${request.headers.host}`) return send(response, 403, { error: 'a web page of another site may not do this' });
    if (options.orders === null || request.headers.authorization !== `Bearer ${options.orders}`) return send(response, 403, { error: 'this needs more rights: show the management token, or use the management socket' });
    if (path === '/drain') options.phase = 'draining';
    if (path === '/undrain') options.phase = 'ready';
    return send(response, 200, path === '/reload' ? { changed: [], restart: [] } : { phase: options.phase });
  };

  const serve = (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const path = url.pathname;
    const name = path.replace(/^\/dashboard\/?/, '') || 'index.html';
    if (path.startsWith('/dashboard')) {
      const file = files.get(name);
      if (file === undefined) return refuse(response, 404, 'no such page');
      return send(response, 200, file.bytes, file.type, { 'content-security-policy': csp, 'x-content-type-options': 'nosniff' });
    }
    state.asked.push(request.url);
    if (state.asked.length > 10_000) state.asked.shift();
    const known = options.token === null || request.headers.authorization === `Bearer ${options.token}`;
    if (request.method === 'POST') return order(path, request, response);
    if (path === '/health') {
      const body = data.health(Date.now(), options.mood);
      const shown = known ? body : { status: body.status, version: body.version, serviceId: body.serviceId, description: body.description };
      return send(response, body.status === 'fail' ? 503 : 200, shown, 'application/health+json');
    }
    if (!known && options.key !== null && request.headers.authorization === `Bearer ${options.key}`) return refuse(response, 403, 'a client\'s key does not show this');
    if (!known && request.headers.authorization !== undefined) return refuse(response, 401, 'the key is not known here');
    if (!known) return send(response, 401, { error: 'this is shown to whoever shows a key; send yours as Authorization: Bearer KEY' });
    if (path === '/health/events') return stream(request, response, state.health, `event: phase\ndata: {"phase":"${options.phase}"}\n\n`);
    const [, plugin] = /^\/plugins\/([^/]+)\/health$/.exec(path) ?? [];
    if (plugin !== undefined) {
      const body = data.plugin(Date.now(), decodeURIComponent(plugin), options.mood);
      return send(response, body.status === 'fail' ? 503 : 200, body, 'application/health+json');
    }
    if (path.startsWith('/api/')) return api(path, url.searchParams, request, response);
    return refuse(response, 404, 'no such page');
  };

  const server = createServer((request, response) => {
    try {
      serve(request, response);
    } catch (error) {
      refuse(response, 400, error.message);
    }
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const beat = setInterval(() => {
    for (let at = 0; at < options.rate; at += 1) state.tell(state.record());
  }, 1_000);
  state.url = `http://127.0.0.1:${server.address().port}`;
  state.stop = () => {
    clearInterval(beat);
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return state;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const mock = await start({ port: Number(process.argv[2] ?? 8000), rate: 2 });
  console.log(`${mock.url}/dashboard`);
}
