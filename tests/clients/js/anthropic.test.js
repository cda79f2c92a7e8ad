// The TypeScript SDK of Anthropic.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";

import { bothWays, compareHeaders, heal, last, recordingFetch, reset, script, target } from "./target.js";

const sdk = (more = {}) =>
  new Anthropic({ apiKey: target.key, baseURL: target.anthropicUrl, maxRetries: 0, timeout: 20_000, ...more });
const client = sdk();
const ask = (content = "Say hi", more = {}) => ({
  model: target.claude,
  max_tokens: 4096,
  messages: [{ role: "user", content }],
  ...more,
});
const textOf = (message) => message.content.filter((b) => b.type === "text").map((b) => b.text).join("");
const turn = (wanted, streamed) =>
  streamed ? client.messages.stream(wanted).finalMessage() : client.messages.create(wanted);

const properties = { city: { type: "string" } };
const weather = { name: "get_weather", input_schema: { type: "object", properties, required: ["city"] } };
const thinking = { type: "enabled", budget_tokens: 1024 };

beforeEach(reset);

describe("messages", () => {
  for (const { way, streamed } of bothWays) {
    test(`a turn, ${way}`, async () => {
      const message = await turn(ask(), streamed);
      assert.equal(message.stop_reason, "end_turn");
      assert.equal(message.model, target.claude);
      assert.ok(textOf(message) && message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
    });

    // Chat Completions has no thoughts that could be sealed.
    if (target.native("messages", "responses")) test(`a tool loop with thinking, ${way}`, async () => {
      const wanted = ask("What is the weather in Bern?", { tools: [weather], thinking });
      const first = await turn(wanted, streamed);
      assert.equal(first.stop_reason, "tool_use");
      assert.ok(first.content.find((block) => block.type === "thinking").signature);
      const call = first.content.find((block) => block.type === "tool_use");
      assert.equal(call.name, "get_weather");
      assert.equal(typeof call.input.city, "string");
      const result = { type: "tool_result", tool_use_id: call.id, content: "Sunny-4711" };
      wanted.messages.push({ role: "assistant", content: first.content }, { role: "user", content: [result] });
      assert.match(textOf(await turn(wanted, streamed)), /Sunny-4711/);
    });
  }

  test("text deltas add up", async () => {
    let heard = "";
    const message = await client.messages.stream(ask()).on("text", (delta) => (heard += delta)).finalMessage();
    assert.equal(heard, textOf(message));
  });

  test("count_tokens", async () => {
    const { input_tokens } = await client.messages.countTokens({ model: target.claude, messages: ask().messages });
    assert.ok(input_tokens > 0);
  });
});

test("models", async () => {
  const listed = (await client.models.list()).data;
  assert.ok(listed.length > 0 && listed.every((model) => model.type === "model" && model.display_name));
  assert.equal((await client.models.retrieve(listed[0].id)).id, listed[0].id);
  await assert.rejects(client.models.retrieve("no-such-model"), Anthropic.NotFoundError);
});

test("a missing field is named", async () => {
  const wanted = { model: target.claude, max_tokens: 5 };
  await assert.rejects(client.messages.create(wanted), (error) => {
    assert.ok(error instanceof Anthropic.BadRequestError);
    assert.match(error.message, /messages/);
    return true;
  });
});

if (target.auth) {
  test("a wrong key", async () => {
    await assert.rejects(sdk({ apiKey: "wrong-key" }).messages.create(ask()), Anthropic.AuthenticationError);
  });
}

if (target.scripted) {
  test("an unknown model", async () => {
    const wanted = { ...ask(), model: "no-such-model" };
    await assert.rejects(client.messages.create(wanted), Anthropic.NotFoundError);
    await assert.rejects(client.messages.stream(wanted).finalMessage(), Anthropic.NotFoundError);
  });

  for (const { way, streamed } of bothWays) {
    if (target.native("messages")) test(`bytes and headers pass through, ${way}`, async () => {
      const { fetch, sent } = recordingFetch();
      const wanted = { ...ask("Grüße, 世界 👋"), x_unknown: { deep: [1, 2.5, null] }, stream: streamed };
      const headers = { "x-custom": "kept", "anthropic-beta": "made-up-2026-11-01" };
      const { data, response } = await sdk({ fetch }).messages.create(wanted, { headers }).withResponse();
      if (streamed) for await (const event of data) assert.ok(event.type);
      const arrived = await last("/v1/messages");
      assert.equal(arrived.body, sent[0].body);
      assert.deepEqual(...compareHeaders(sent[0], arrived));
      assert.equal(response.headers.get("x-upstream-unknown"), "kept");
    });
  }

  describe("failures upstream", () => {
    const statuses = [
      [400, Anthropic.BadRequestError, /prompt is too long: 210000 tokens > 200000 maximum/],
      [429, Anthropic.RateLimitError, /rate limit/],
      [529, Anthropic.InternalServerError, /verloaded/],
    ];
    for (const [status, kind, text] of statuses) {
      test(`${status}`, async () => {
        await script({ path: "/v1/messages", times: 20, answer: { error: status } });
        await assert.rejects(client.messages.create(ask()), (error) => {
          assert.ok(error instanceof kind, error.constructor.name);
          assert.equal(error.status, status);
          assert.match(error.message, text);
          return true;
        });
        await heal();
      });
    }

    test("overload as the first event", async () => {
      await script({ path: "/v1/messages", times: 20, answer: "error_event" });
      await assert.rejects(client.messages.stream(ask()).finalMessage(), /verloaded/);
      await heal();
    });

    test("a broken stream is no answer", async () => {
      await script({ path: "/v1/messages", fault: { close: { body: 900 } } });
      await assert.rejects(client.messages.stream(ask()).finalMessage());
      await heal();
    });
  });
}
