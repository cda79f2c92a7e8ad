"""The openai SDK: chat completions, responses, embeddings, completions, models."""

import json

import openai
import pytest

from target import assert_passed_through

PARAMETERS = {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False,
}
CHAT_TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather.", "parameters": PARAMETERS, "strict": True},
}
CHAT_TOOL_2 = {"type": "function", "function": {"name": "get_time", "parameters": PARAMETERS, "strict": True}}
TOOL = {"type": "function", "name": "get_weather", "description": "The weather.", "parameters": PARAMETERS, "strict": True}
TOOL_2 = {"type": "function", "name": "get_time", "parameters": PARAMETERS, "strict": True}


def chat(target, text="Say hi", **more):
    messages = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": text}]
    return {"model": target.gpt, "messages": messages, **more}


def respond(target, text="Say hi", **more):
    return {"model": target.gpt, "input": text, "instructions": "Be brief.", **more}


def chat_turn(gpt, wanted, streamed):
    if not streamed:
        return gpt.chat.completions.create(**wanted)
    with gpt.chat.completions.stream(**wanted, stream_options={"include_usage": True}) as stream:
        for _ in stream:
            pass
        return stream.get_final_completion()


def response_turn(gpt, wanted, streamed):
    if not streamed:
        return gpt.responses.create(**wanted)
    with gpt.responses.stream(**wanted) as stream:
        for _ in stream:
            pass
        return stream.get_final_response()


native_surface = pytest.mark.parametrize(
    "surface", [pytest.param(name, marks=pytest.mark.native(name)) for name in ("chat", "responses")],
)
both_ways = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@both_ways
def test_chat(gpt, target, streamed):
    done = chat_turn(gpt, chat(target), streamed)
    choice = done.choices[0]
    assert choice.message.role == "assistant" and choice.message.content and choice.finish_reason == "stop"
    assert done.model == target.gpt and done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens


def test_chat_chunks(gpt, target):
    chunks = list(gpt.chat.completions.create(**chat(target), stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage.total_tokens > 0 and chunks[-1].choices == []
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    assert len({chunk.id for chunk in chunks}) == 1
    unasked = list(gpt.chat.completions.create(**chat(target), stream=True))
    assert all(chunk.choices and chunk.usage is None for chunk in unasked)


@both_ways
def test_chat_tool_loop(gpt, target, streamed):
    wanted = chat(target, "What is the weather in Bern?", tools=[CHAT_TOOL])
    first = chat_turn(gpt, wanted, streamed).choices[0]
    assert first.finish_reason == "tool_calls"
    call = first.message.tool_calls[0]
    assert call.function.name == "get_weather" and isinstance(json.loads(call.function.arguments)["city"], str)
    said = {
        "role": "assistant", "content": first.message.content,
        "tool_calls": [{
            "id": call.id, "type": "function",
            "function": {"name": call.function.name, "arguments": call.function.arguments},
        }],
    }
    wanted["messages"] += [said, {"role": "tool", "tool_call_id": call.id, "content": "Sunny-4711"}]
    second = chat_turn(gpt, wanted, streamed).choices[0]
    assert second.finish_reason == "stop" and "Sunny-4711" in second.message.content


@pytest.mark.scripted
@both_ways
def test_chat_two_tools_in_one_turn(gpt, target, streamed):
    wanted = chat(target, "Use both tools", tools=[CHAT_TOOL, CHAT_TOOL_2])
    calls = chat_turn(gpt, wanted, streamed).choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["get_weather", "get_time"]
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "scripted"}] * 2
    assert len({call.id for call in calls}) == 2


@pytest.mark.native("messages", "responses")
@both_ways
def test_responses(gpt, target, streamed):
    done = response_turn(gpt, respond(target, reasoning={"effort": "low", "summary": "auto"}), streamed)
    assert done.status == "completed" and done.output_text and done.model == target.gpt
    kinds = [item.type for item in done.output]
    assert kinds == ["reasoning", "message"]
    assert done.usage.total_tokens == done.usage.input_tokens + done.usage.output_tokens


def test_response_events(gpt, target):
    events = list(gpt.responses.create(**respond(target), stream=True))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"] and kinds[-1] == "response.completed"
    numbers = [event.sequence_number for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(events)))
    heard = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert heard and heard == events[-1].response.output_text


@pytest.mark.native("messages", "responses")
@both_ways
def test_response_tool_loop(gpt, target, streamed):
    wanted = respond(
        target, tools=[TOOL], store=False, include=["reasoning.encrypted_content"],
        reasoning={"effort": "low", "summary": "auto"},
    )
    wanted["input"] = [{"role": "user", "content": "What is the weather in Bern?"}]
    first = response_turn(gpt, wanted, streamed)
    call = next(item for item in first.output if item.type == "function_call")
    assert call.name == "get_weather" and isinstance(json.loads(call.arguments)["city"], str)
    reasoning = next(item for item in first.output if item.type == "reasoning")
    assert reasoning.encrypted_content
    said = [item.model_dump(exclude_none=True, exclude={"parsed_arguments", "status"}) for item in first.output]
    wanted["input"] += [*said, {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny-4711"}]
    second = response_turn(gpt, wanted, streamed)
    assert "Sunny-4711" in second.output_text


@pytest.mark.scripted
@both_ways
def test_response_two_tools_in_one_turn(gpt, target, streamed):
    done = response_turn(gpt, respond(target, "Use both tools", tools=[TOOL, TOOL_2]), streamed)
    calls = [(item.name, json.loads(item.arguments)) for item in done.output if item.type == "function_call"]
    assert calls == [("get_weather", {"city": "scripted"}), ("get_time", {"city": "scripted"})]


@pytest.mark.native("responses")
@pytest.mark.scripted
def test_stored_response(gpt, target):
    assert gpt.responses.retrieve("resp_abc").id == "resp_abc"
    gpt.responses.delete("resp_abc")
    assert target.last("/v1/responses/resp_abc")["method"] == "DELETE"


@pytest.mark.keeps
@both_ways
def test_kept_response(gpt, target, streamed):
    """The provider keeps no responses, so ccproxy does."""
    first = response_turn(gpt, respond(target, "My name is Ada-4711", store=True), streamed)
    going_on = respond(target, "What is my name?", store=True, previous_response_id=first.id)
    second = response_turn(gpt, going_on, streamed)
    assert first.store and second.store and second.previous_response_id == first.id != second.id
    arrived = json.loads(target.last("/v1/responses")["body"])["messages"]
    said = [message for message in arrived if message["role"] in ("user", "assistant")]
    assert [message["role"] for message in said] == ["user", "assistant", "user"]
    assert "Ada-4711" in str(said[0]) and first.output_text in str(said[1])

    for done in (first, second):
        kept = gpt.responses.retrieve(done.id)
        assert kept.output_text == done.output_text and kept.usage == done.usage
        gpt.responses.delete(done.id)
        with pytest.raises(openai.NotFoundError):
            gpt.responses.retrieve(done.id)
    with pytest.raises(openai.BadRequestError) as refused:
        gpt.responses.create(**going_on)
    assert refused.value.code == "previous_response_not_found" and refused.value.param == "previous_response_id"
    assert not gpt.responses.create(**respond(target, store=False)).store


@pytest.mark.native("chat", "responses")
def test_embeddings(gpt, target):
    """The SDK asks for base64 by itself and decodes it."""
    done = gpt.embeddings.create(model="text-embedding-3-small", input=["one", "two"])
    assert [item.index for item in done.data] == [0, 1]
    assert all(isinstance(x, float) for item in done.data for x in item.embedding)
    plain = gpt.embeddings.create(model="text-embedding-3-small", input="one", encoding_format="float")
    assert plain.data[0].embedding == pytest.approx(done.data[0].embedding, abs=1e-6)


@pytest.mark.native("chat", "responses")
@both_ways
def test_completions(gpt, target, streamed):
    answer = gpt.completions.create(model=target.gpt, prompt="Once upon a time", stream=streamed)
    text = "".join(chunk.choices[0].text for chunk in answer) if streamed else answer.choices[0].text
    assert text


def test_models(gpt):
    listed = list(gpt.models.list())
    assert listed and all(model.object == "model" and model.owned_by for model in listed)
    assert gpt.models.retrieve(listed[0].id).id == listed[0].id


def test_unknown_model_in_the_list(gpt):
    with pytest.raises(openai.NotFoundError):
        gpt.models.retrieve("no-such-model")


@pytest.mark.scripted
@both_ways
@native_surface
def test_bytes_and_headers_pass_through(gpt, target, surface, streamed):
    create = gpt.chat.completions if surface == "chat" else gpt.responses
    wanted = chat(target, "Grüße, 世界 👋") if surface == "chat" else respond(target, "Grüße, 世界 👋")
    answer = create.with_raw_response.create(
        **wanted,
        stream=streamed,
        extra_body={"x_unknown": {"deep": [1, 2.5, None, "\u2028"]}},
        extra_headers={"x-custom": "kept", "openai-beta": "made-up=2026-11-01", "idempotency-key": "i-1"},
    )
    arrived = target.last("/v1/chat/completions" if surface == "chat" else "/v1/responses")
    assert_passed_through(answer.http_request, arrived)
    assert answer.headers["x-upstream-unknown"] == "kept"
    assert answer.headers["x-ratelimit-remaining-requests"] == "9999" and answer.headers["x-request-id"]
    if not streamed:
        assert answer.parse().x_upstream_extra == {"kept": True}


@pytest.mark.scripted
@pytest.mark.proxied
def test_our_key_goes_up_and_the_clients_stays(gpt, target):
    gpt.chat.completions.create(**chat(target))
    arrived = target.last("/v1/chat/completions")
    sent = arrived["headers"].get("x-api-key") or arrived["headers"]["authorization"].removeprefix("Bearer ")
    assert sent == "upstream-key"
    assert target.key not in str(arrived)
