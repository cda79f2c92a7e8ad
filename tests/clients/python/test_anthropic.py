"""The anthropic SDK: messages, streams, tools, thinking, counting, models."""

import anthropic
import pytest

from target import assert_passed_through

WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
TIME = {
    "name": "get_time",
    "description": "The time somewhere.",
    "input_schema": {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]},
}
THINK = {"type": "enabled", "budget_tokens": 1024}


def ask(target, text="Say hi", **more):
    return {"model": target.claude, "max_tokens": 4096, "messages": [{"role": "user", "content": text}], **more}


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def test_whole(claude, target):
    message = claude.messages.create(**ask(target, system=[{"type": "text", "text": "Be brief."}]))
    assert message.role == "assistant" and message.model == target.claude
    assert message.stop_reason == "end_turn" and text_of(message)
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    assert message._request_id


def test_streamed(claude, target):
    with claude.messages.stream(**ask(target)) as stream:
        heard = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert heard and heard == text_of(final)
    assert final.stop_reason == "end_turn" and final.usage.output_tokens > 0


def test_whole_and_streamed_say_the_same(claude, target):
    whole = claude.messages.create(**ask(target))
    with claude.messages.stream(**ask(target)) as stream:
        streamed = stream.get_final_message()
    assert text_of(whole) == text_of(streamed)
    assert whole.usage.input_tokens == streamed.usage.input_tokens


@pytest.mark.native("messages", "responses")
def test_event_order(claude, target):
    events = list(claude.messages.create(**ask(target, thinking=THINK), stream=True))
    kinds = [event.type for event in events if event.type != "ping"]
    assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"]
    starts = [event.index for event in events if event.type == "content_block_start"]
    stops = [event.index for event in events if event.type == "content_block_stop"]
    assert starts == stops == list(range(len(starts))) and len(starts) >= 2


@pytest.mark.native("messages", "responses")
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tool_loop_with_thinking(claude, target, streamed):
    def turn(messages):
        wanted = ask(target, tools=[WEATHER], thinking=THINK) | {"messages": messages}
        if not streamed:
            return claude.messages.create(**wanted)
        with claude.messages.stream(**wanted) as stream:
            return stream.get_final_message()

    messages = [{"role": "user", "content": "What is the weather in Bern?"}]
    first = turn(messages)
    assert first.stop_reason == "tool_use"
    thinking = [block for block in first.content if block.type == "thinking"]
    assert thinking and thinking[0].signature
    call = next(block for block in first.content if block.type == "tool_use")
    assert call.name == "get_weather" and isinstance(call.input["city"], str)
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "Sunny-4711"}
    # The thinking block goes back with its signature: a changed one would be refused.
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second = turn(messages)
    assert second.stop_reason == "end_turn" and "Sunny-4711" in text_of(second)


@pytest.mark.scripted
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_two_tools_in_one_turn(claude, target, streamed):
    wanted = ask(target, "Use both tools", tools=[WEATHER, TIME])
    if streamed:
        with claude.messages.stream(**wanted) as stream:
            message = stream.get_final_message()
    else:
        message = claude.messages.create(**wanted)
    calls = [(block.name, block.input) for block in message.content if block.type == "tool_use"]
    assert calls == [("get_weather", {"city": "scripted"}), ("get_time", {"zone": "scripted"})]


def test_count_tokens(claude, target):
    messages = [{"role": "user", "content": "How many tokens is this?"}]
    few = claude.messages.count_tokens(model=target.claude, messages=messages)
    many = claude.messages.count_tokens(model=target.claude, messages=messages, system="Words. " * 200, tools=[WEATHER])
    assert 0 < few.input_tokens < many.input_tokens


def test_models(claude):
    listed = list(claude.models.list())
    assert listed and all(model.type == "model" and model.display_name for model in listed)
    assert claude.models.retrieve(listed[0].id).id == listed[0].id


def test_unknown_model_in_the_list(claude):
    with pytest.raises(anthropic.NotFoundError):
        claude.models.retrieve("no-such-model")


@pytest.mark.native("messages")
@pytest.mark.scripted
def test_beta_keeps_query_and_header(claude, target):
    betas = ["context-1m-2025-08-07", "made-up-2026-11-01"]
    # SDKs before 2.0 add ?beta=true by themselves; Claude Code still does.
    claude.beta.messages.create(**ask(target), betas=betas, extra_query={"beta": "true"})
    arrived = target.last("/v1/messages")
    assert arrived["path_and_query"] == "/v1/messages?beta=true"
    assert set(betas) <= {beta.strip() for beta in arrived["headers"]["anthropic-beta"].split(",")}


@pytest.mark.native("messages")
@pytest.mark.scripted
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_bytes_and_headers_pass_through(claude, target, streamed):
    answer = claude.messages.with_raw_response.create(
        **ask(target, "Grüße, 世界 👋"),
        stream=streamed,
        extra_body={"x_unknown": {"deep": [1, 2.5, None, "\u2028"]}, "context_management": {"edits": []}},
        extra_headers={"x-custom": "kept", "x-claude-code-session-id": "s-1", "idempotency-key": "i-1"},
        extra_query={"x": "a b&c"},
    )
    arrived = target.last("/v1/messages")
    assert arrived["path_and_query"] == answer.http_request.url.raw_path.decode().removeprefix(prefix(target))
    assert_passed_through(answer.http_request, arrived)
    assert answer.headers["x-upstream-unknown"] == "kept"
    assert answer.headers["anthropic-ratelimit-requests-remaining"] == "3999"
    assert answer.headers["request-id"]
    if not streamed:
        assert answer.parse().x_upstream_extra == {"kept": True}


def prefix(target):
    """The path under which the target mounts the API."""
    return "/" + "/".join(target.anthropic_url.split("/")[3:]) if target.anthropic_url.count("/") > 2 else ""


@pytest.mark.scripted
@pytest.mark.proxied
def test_our_key_goes_up_and_the_clients_stays(claude, target):
    claude.messages.create(**ask(target))
    arrived = target.last("/v1/messages")
    credentials = [arrived["headers"].get(name, "") for name in ("x-api-key", "authorization")]
    assert any("upstream-key" in credential for credential in credentials)
    assert target.key not in str(arrived)
