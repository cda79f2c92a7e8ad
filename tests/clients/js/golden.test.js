// The SDKs put the golden streams of crates/translate together, and get what they make of the golden whole answers. A
// stream that breaks off, or ends in an error, is never taken for an answer.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const GOLDEN = new URL("../../../crates/translate/tests/golden/answers/", import.meta.url);
const SECTION = /^## (whole|stream) to (\w+)\n\n```\w*\n([^]*?)\n```\n?(\nends: .*)?/gm;

/** What the clients are told, by `PROVIDER/CASE`, then by `DIALECT HOW`. */
const cases = new Map();
for (const provider of readdirSync(GOLDEN)) {
  for (const file of readdirSync(new URL(`${provider}/`, GOLDEN))) {
    const text = readFileSync(new URL(`${provider}/${file}`, GOLDEN), "utf8");
    const told = new Map();
    for (const [, how, dialect, said, ends] of text.matchAll(SECTION)) {
      told.set(`${dialect} ${how}`, { said, complete: !ends });
    }
    cases.set(`${provider}/${file.replace(".md", "")}`, { told, wantsUsage: /^client: .*\busage\b/m.test(text) });
  }
}

const dialects = { "/messages": "messages", "/chat/completions": "chat", "/responses": "responses" };

/** Says to `POST /PROVIDER/CASE/v1/…` what the case's file says. */
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const streamed = JSON.parse(body).stream ?? false;
  const [name, path] = request.url.slice(1).split("/v1");
  const { said } = cases.get(name).told.get(`${dialects[path]} ${streamed ? "stream" : "whole"}`);
  response.setHeader("content-type", streamed ? "text/event-stream" : "application/json");
  // The golden files are without the empty line after the last event.
  response.end(`${said}\n\n`);
});
let url;
before(async () => {
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const isObject = (value) => value !== null && typeof value === "object";
const json = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** As plain data, without the fields of these names. What is null and what is absent reads the same. */
function plain(value, names) {
  if (Array.isArray(value)) return value.map((inner) => plain(inner, names));
  if (!isObject(value)) return value;
  // White space between the arguments is the model's own in a stream.
  const entry = ([key, inner]) => [key, key === "arguments" ? json(inner) : plain(inner, names)];
  const kept = ([key, inner]) => !names.includes(key) && inner !== null && inner !== undefined;
  return Object.fromEntries(Object.entries(value).filter(kept).map(entry));
}

const isApiError = (error) => error instanceof Anthropic.APIError || error instanceof OpenAI.APIError;

const clients = {
  messages: {
    client: (name) => new Anthropic({ apiKey: "k", baseURL: `${url}/${name}`, maxRetries: 0 }).messages,
    asked: { model: "m", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] },
    final: (stream) => stream.finalMessage(),
    claims: (message) => Boolean(message.stop_reason),
    // Where the SDK puts what it parses: nothing was asked to be parsed.
    plain: (message) => plain(message, ["parsed_output"]),
  },
  chat: {
    client: (name) => new OpenAI({ apiKey: "k", baseURL: `${url}/${name}/v1`, maxRetries: 0 }).chat.completions,
    asked: { model: "m", messages: [{ role: "user", content: "Hi" }] },
    final: (stream) => stream.finalChatCompletion(),
    claims: (completion) => completion.choices.every((choice) => choice.finish_reason),
    plain(completion, { wantsUsage }) {
      // The SDK does not add up what OpenAI does not have: it keeps the last piece of the thoughts.
      const names = ["parsed", "parsed_arguments", "reasoning", "reasoning_content", "reasoning_details"];
      // Of a stream, only clients that ask for it are told the usage.
      const { choices, ...rest } = plain(completion, wantsUsage ? names : [...names, "usage"]);
      // A stream begins with an empty text, before it is known that none will come; whole answers have null there.
      for (const { message } of choices) if (message.content === "") delete message.content;
      return { ...rest, choices };
    },
  },
  responses: {
    client: (name) => new OpenAI({ apiKey: "k", baseURL: `${url}/${name}/v1`, maxRetries: 0 }).responses,
    asked: { model: "m", input: "Hi" },
    final: (stream) => stream.finalResponse(),
    claims: (response) => ["completed", "incomplete"].includes(response.status),
    plain: (response) => plain(response, ["parsed", "parsed_arguments", "output_text", "output_parsed"]),
  },
};

for (const [name, { told, wantsUsage }] of cases) {
  for (const [dialect, { client, asked, final, claims, plain }] of Object.entries(clients)) {
    const stream = told.get(`${dialect} stream`);
    if (!stream) continue;
    test(`${name} to ${dialect}`, async () => {
      const streamed = () => final(client(name).stream(asked));
      if (!stream.complete) return assert.rejects(streamed(), isApiError);
      // The SDK's `stream` does not know custom tools; it says so at the end.
      if (dialect === "chat" && stream.said.includes('"type":"custom"')) {
        return assert.rejects(streamed(), /missing choices\[0\].tool_calls\[0\].function/);
      }
      const streamedFinal = await streamed();
      assert.ok(claims(streamedFinal));
      if (!told.has(`${dialect} whole`)) return;
      const whole = await client(name).create(asked);
      assert.deepEqual(plain(streamedFinal, { wantsUsage }), plain(whole, { wantsUsage }));
    });
  }
}
