// The JavaScript SDK of OpenAI.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import OpenAI from "openai";

import { bothWays, compareHeaders, heal, last, recordingFetch, reset, script, target } from "./target.js";

const sdk = (more = {}) =>
  new OpenAI({ apiKey: target.key, baseURL: target.openaiUrl, maxRetries: 0, timeout: 20_000, ...more });
const client = sdk();
const chat = (content = "Say hi", more = {}) => ({
  model: target.gpt,
  messages: [{ role: "user", content }],
  ...more,
});
const respond = (content = "Say hi", more = {}) => ({
  model: target.gpt,
  input: [{ role: "user", content }],
  ...more,
});
const chatTurn = (wanted, streamed) =>
  streamed
    ? client.chat.completions.stream({ ...wanted, stream_options: { include_usage: true } }).finalChatCompletion()
    : client.chat.completions.create(wanted);
const responseTurn = (wanted, streamed) =>
  streamed ? client.responses.stream(wanted).finalResponse() : client.responses.create(wanted);

const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

beforeEach(reset);

for (const { way, streamed } of bothWays) {
  describe(way, () => {
    test("chat", async () => {
      const done = await chatTurn(chat(), streamed);
      assert.equal(done.choices[0].finish_reason, "stop");
      assert.ok(done.choices[0].message.content && done.usage.total_tokens > 0);
    });

    test("chat tool loop", async () => {
      const tools = [{ type: "function", function: { name: "get_weather", parameters, strict: true } }];
      const wanted = chat("What is the weather in Bern?", { tools });
      const { message } = (await chatTurn(wanted, streamed)).choices[0];
      const [call] = message.tool_calls;
      assert.equal(typeof JSON.parse(call.function.arguments).city, "string");
      wanted.messages.push(message, { role: "tool", tool_call_id: call.id, content: "Sunny-4711" });
      assert.match((await chatTurn(wanted, streamed)).choices[0].message.content, /Sunny-4711/);
    });

    if (target.native("messages", "responses")) test("responses", async () => {
      const done = await responseTurn(respond("Say hi", { reasoning: { effort: "low", summary: "auto" } }), streamed);
      assert.equal(done.status, "completed");
      assert.deepEqual(done.output.map((item) => item.type), ["reasoning", "message"]);
      assert.ok(done.output_text && done.usage.output_tokens > 0);
    });

    test("responses tool loop", async () => {
      const tools = [{ type: "function", name: "get_weather", parameters, strict: true }];
      const wanted = respond("What is the weather in Bern?", { tools });
      const first = await responseTurn(wanted, streamed);
      const call = first.output.find((item) => item.type === "function_call");
      assert.equal(typeof JSON.parse(call.arguments).city, "string");
      const { parsed_arguments: _, ...plain } = call;
      wanted.input.push(plain, { type: "function_call_output", call_id: call.call_id, output: "Sunny-4711" });
      assert.match((await responseTurn(wanted, streamed)).output_text, /Sunny-4711/);
    });

    if (target.scripted && target.native("responses")) {
      test("bytes and headers pass through", async () => {
        const { fetch, sent } = recordingFetch();
        const wanted = { ...respond("Grüße, 世界 👋"), x_unknown: { deep: [1, 2.5, null] }, stream: streamed };
        const headers = { "x-custom": "kept", "openai-beta": "made-up=2026-11-01" };
        const { data, response } = await sdk({ fetch }).responses.create(wanted, { headers }).withResponse();
        if (streamed) for await (const event of data) assert.ok(event.type);
        const arrived = await last("/v1/responses");
        assert.equal(arrived.body, sent[0].body);
        assert.deepEqual(...compareHeaders(sent[0], arrived));
        assert.equal(response.headers.get("x-upstream-unknown"), "kept");
      });
    }
  });
}

if (target.native("chat", "responses")) test("embeddings come as base64 and are decoded", async () => {
  const done = await client.embeddings.create({ model: "text-embedding-3-small", input: ["one", "two"] });
  assert.deepEqual(done.data.map((item) => item.index), [0, 1]);
  assert.ok(done.data.every((item) => item.embedding.length > 0 && item.embedding.every(Number.isFinite)));
});

test("models", async () => {
  const listed = (await client.models.list()).data;
  assert.ok(listed.length > 0 && listed.every((model) => model.object === "model"));
  assert.equal((await client.models.retrieve(listed[0].id)).id, listed[0].id);
  await assert.rejects(client.models.retrieve("no-such-model"), OpenAI.NotFoundError);
});

if (target.auth) {
  test("a wrong key", async () => {
    await assert.rejects(sdk({ apiKey: "wrong-key" }).responses.create(respond()), OpenAI.AuthenticationError);
  });
}

if (target.scripted) {
  test("an unknown model", async () => {
    const model = "no-such-model";
    await assert.rejects(client.chat.completions.create({ ...chat(), model }), OpenAI.NotFoundError);
    await assert.rejects(client.responses.create({ ...respond(), model }), OpenAI.NotFoundError);
  });

  describe("failures upstream", () => {
    const statuses = [
      [400, OpenAI.BadRequestError, /prompt is too long: 210000 tokens > 200000 maximum/],
      [429, OpenAI.RateLimitError, /rate limit/],
      [503, OpenAI.InternalServerError, /./],
    ];
    for (const [status, kind, text] of statuses) {
      test(`${status}`, async () => {
        await script({ path: "/v1/chat/completions", times: 20, answer: { error: status } });
        await assert.rejects(client.chat.completions.create(chat()), (error) => {
          assert.ok(error instanceof kind, error.constructor.name);
          assert.equal(error.status, status);
          assert.match(error.message, text);
          return true;
        });
        await heal();
      });
    }

    test("overload as the first event", async () => {
      await script({ path: "/v1/chat/completions", times: 20, answer: "error_event" });
      await assert.rejects(client.chat.completions.stream(chat()).finalChatCompletion(), /verloaded/);
      await heal();
    });

    test("a broken stream is no answer", async () => {
      await script({ path: "/v1/chat/completions", fault: { close: { body: 900 } } });
      await assert.rejects(client.chat.completions.stream(chat()).finalChatCompletion());
      await heal();
    });
  });
}
