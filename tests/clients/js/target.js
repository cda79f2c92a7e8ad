// What the suites run against, as `run` describes it in the environment.

const { env } = process;

export const target = {
  name: env.TARGET,
  anthropicUrl: env.TARGET_ANTHROPIC_URL,
  openaiUrl: env.TARGET_OPENAI_URL,
  key: env.TARGET_KEY,
  claude: env.TARGET_CLAUDE,
  gpt: env.TARGET_GPT,
  scripted: Boolean(env.TARGET_UPSTREAM),
  proxied: env.TARGET !== "direct",
  auth: Boolean(env.TARGET_UPSTREAM),
  /** Whether the provider speaks one of these dialects itself. */
  native: (...dialects) => !env.TARGET_SPEAKS || dialects.includes(env.TARGET_SPEAKS),
};

const PATHS = { messages: "/v1/messages", chat: "/v1/chat/completions", responses: "/v1/responses" };

/** Where at the upstream arrives what a client sends to this path. */
const upstreamPath = (path) =>
  env.TARGET_SPEAKS && Object.values(PATHS).includes(path) ? PATHS[env.TARGET_SPEAKS] : path;

async function upstream(method, path, body) {
  const answer = await fetch(env.TARGET_UPSTREAM + path, { method, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Queues answers at the upstream; see crates/testkit/src/upstream/script.rs. */
export const script = (...scripts) =>
  upstream("POST", "/__script", scripts.map((script) => ({ ...script, path: upstreamPath(script.path) })));

/** Forgets scripts and requests. */
export const reset = () => (target.scripted ? upstream("POST", "/__reset", {}) : undefined);

/** The last request whose path starts with this, its headers as an object of lower-case names. */
export async function last(path) {
  const all = await upstream("GET", "/__requests");
  const found = all.findLast((request) => request.path_and_query.startsWith(upstreamPath(path)));
  if (!found) throw new Error(`nothing came to ${path}`);
  return { ...found, headers: Object.fromEntries(found.headers.map(([name, value]) => [name.toLowerCase(), value])) };
}

/** Waits until the target answers again after faults: a pool may be cooling down, a breaker be open. */
export async function heal() {
  await reset();
  const messages = [{ role: "user", content: "hi" }];
  for (const [url, model] of [
    [`${target.anthropicUrl}/v1/messages`, target.claude],
    [`${target.openaiUrl}/chat/completions`, target.gpt],
  ]) {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const answer = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${target.key}`, "content-type": "application/json" },
        body: JSON.stringify({ model, max_tokens: 9, messages }),
      });
      await answer.text();
      if (answer.ok) break;
      if (answer.status < 429 || Date.now() > deadline) throw new Error(`${url} does not heal: ${answer.status}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

/** A `fetch` for an SDK that keeps what it sent in `sent`. */
export function recordingFetch() {
  const sent = [];
  const recording = (url, init) => {
    sent.push({ url: String(url), headers: Object.fromEntries(new Headers(init.headers)), body: init.body });
    return fetch(url, init);
  };
  return { fetch: recording, sent };
}

const ON_THE_WAY = ["host", "connection", "transfer-encoding", "accept-encoding", "authorization", "x-api-key"];

/** The headers of `sent` that must arrive, and what arrived under their names. */
export function compareHeaders(sent, arrived) {
  const names = Object.keys(sent.headers).filter((name) => !ON_THE_WAY.includes(name));
  const pick = (headers) => Object.fromEntries(names.map((name) => [name, headers[name]]));
  return [pick(arrived.headers), pick(sent.headers)];
}

export const bothWays = [
  { way: "whole", streamed: false },
  { way: "streamed", streamed: true },
];
