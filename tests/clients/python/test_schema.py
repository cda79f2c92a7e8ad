"""The check by the vendors' documents can fail: right bodies pass, and each change that makes one wrong is told."""

import copy

import pytest

from schema import faults

CHAT = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{
        "index": 0, "finish_reason": "stop", "logprobs": None,
        "message": {"role": "assistant", "content": "hi", "refusal": None, "reasoning": "hm"},
    }],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
CHUNK = {
    "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
    "choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": None}],
}
RESPONSE = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "error": None, "model": "m",
    "incomplete_details": None, "instructions": None, "metadata": {}, "parallel_tool_calls": True, "temperature": 1.0,
    "top_p": 1.0, "tool_choice": "auto",
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}],
    "output": [{
        "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}],
    }],
}
CREATED = {"type": "response.created", "sequence_number": 0, "response": RESPONSE}
DELTA = {
    "type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": "hi",
    "sequence_number": 4, "logprobs": [],
}
OPENAI_ERROR = {"error": {"message": "no", "type": "server_error", "param": None, "code": None}}
MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "stop_sequence": None,
    "content": [{"type": "text", "text": "hi"}], "usage": {"input_tokens": 1, "output_tokens": 1},
}
START = {"type": "message_start", "message": MESSAGE}
BLOCK_DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}}
ANTHROPIC_ERROR = {"type": "error", "error": {"type": "api_error", "message": "no"}, "request_id": None}

RIGHT = {
    ("openai", "CreateChatCompletionResponse"): [CHAT],
    ("openai", "CreateChatCompletionStreamResponse"): [CHUNK],
    ("openai", "Response"): [RESPONSE],
    ("openai", "ResponseStreamEvent"): [CREATED, DELTA],
    ("openai", "ErrorResponse"): [OPENAI_ERROR],
    ("anthropic", "Message"): [MESSAGE],
    ("anthropic", "MessageStreamEvent"): [START, BLOCK_DELTA, {"type": "ping"}, ANTHROPIC_ERROR],
    ("anthropic", "ErrorResponse"): [ANTHROPIC_ERROR],
    ("anthropic", "CountMessageTokensResponse"): [{"input_tokens": 1}],
}
# Of the right one, what is changed, and what is told. ABSENT takes away.
ABSENT = object()
WRONG = [
    (CHAT, ("created",), ABSENT, "'created' is a required property"),
    (CHAT, ("created",), "now", "is not of type 'integer'"),
    (CHAT, ("choices", 0, "finish_reason"), None, "finish_reason: None is not"),
    (CHAT, ("choices", 0, "finish_reason"), "done", "'done' is not one of"),
    (CHAT, ("choices", 0, "message", "refused"), "no", "'refused' was unexpected"),
    (CHAT, ("usage", "prompt_tokens_details"), {"cached": 1}, "'cached' was unexpected"),
    (CHUNK, ("choices", 0, "index"), ABSENT, "'index' is a required property"),
    (CHUNK, ("choices", 0, "delta", "text"), "hi", "'text' was unexpected"),
    (CHUNK, ("x_new",), 1, "'x_new' was unexpected"),
    (RESPONSE, ("metadata",), ABSENT, "'metadata' is a required property"),
    (RESPONSE, ("usage",), None, "usage: None is not of type 'object'"),
    (RESPONSE, ("store",), "no", "store: 'no' is not of type 'boolean'"),
    (RESPONSE, ("user",), None, "user: None is not of type 'string'"),
    (RESPONSE, ("status",), "done", "'done' is not one of"),
    (RESPONSE, ("output", 0, "status"), "done", "'done' is not one of"),
    (RESPONSE, ("output", 0, "content", 0, "annotations"), ABSENT, "'annotations' is a required property"),
    (RESPONSE, ("output", 0, "type"), "letter", "output[0]"),
    (RESPONSE, ("x_new",), 1, "'x_new' was unexpected"),
    (CREATED, ("response", "output", 0, "x_new"), 1, "'x_new' was unexpected"),
    (CREATED, ("response", "tools", 0, "strict"), "yes", "strict"),
    (CREATED, ("sequence_number",), ABSENT, "'sequence_number' is a required property"),
    (DELTA, ("item_id",), None, "item_id: None is not of type 'string'"),
    (DELTA, ("type",), "response.output_text.new", "is not valid under any"),
    (OPENAI_ERROR, ("error", "param"), ABSENT, "'param' is a required property"),
    (OPENAI_ERROR, ("error", "request_id"), "r", "'request_id' was unexpected"),
    (MESSAGE, ("model",), ABSENT, "'model' is a required property"),
    (MESSAGE, ("type",), ABSENT, "'type' is a required property"),
    (MESSAGE, ("usage", "input_tokens"), None, "input_tokens: None is not of type 'integer'"),
    (MESSAGE, ("stop_reason",), "stop", "'stop' is not one of"),
    (MESSAGE, ("content", 0, "logprobs"), [], "'logprobs' was unexpected"),
    (START, ("message", "x_new"), 1, "'x_new' was unexpected"),
    (BLOCK_DELTA, ("delta", "type"), "new_delta", "delta"),
    (BLOCK_DELTA, ("index",), "0", "is not of type 'integer'"),
    (ANTHROPIC_ERROR, ("error", "message"), ABSENT, "'message' is a required property"),
    (ANTHROPIC_ERROR, ("error", "type"), "new_error", "error"),
]
CASES = [(*name, body) for name, bodies in RIGHT.items() for body in bodies]


@pytest.mark.parametrize(("vendor", "name", "body"), CASES, ids=[f"{name}{n}" for n, (_, name, _) in enumerate(CASES)])
def test_right(vendor, name, body):
    assert faults(vendor, name, body) == []


@pytest.mark.parametrize(("right", "path", "value", "told"), WRONG, ids=[".".join(map(str, case[1])) for case in WRONG])
def test_wrong(right, path, value, told):
    for vendor, name in [(vendor, name) for vendor, name, body in CASES if body is right]:
        found = faults(vendor, name, changed(right, path, value))
        assert any(told in fault for fault in found), found


def changed(body, path, value):
    body = copy.deepcopy(body)
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    if value is ABSENT:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return body
