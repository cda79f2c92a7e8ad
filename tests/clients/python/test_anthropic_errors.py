"""The anthropic SDK: errors arrive as the classes it has for them, with the text of the one who refused."""

import time

import anthropic
import pytest

from target import events, simulate
from test_anthropic import ask, text_of

# How often a failure is scripted: more than any number of tries a proxy makes.
TRIES = 20


def scripted(status, **more):
    return {"path": "/v1/messages", "times": TRIES, "answer": {"error": status}, **more}


@pytest.mark.auth
def test_wrong_key(target):
    client = anthropic.Anthropic(api_key="wrong-key", base_url=target.anthropic_url, max_retries=0)
    with pytest.raises(anthropic.AuthenticationError) as caught:
        client.messages.create(**ask(target))
    assert caught.value.status_code == 401 and caught.value.body["error"]["type"] == "authentication_error"
    assert "wrong-key" not in str(caught.value)


@pytest.mark.scripted
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_unknown_model(claude, target, streamed):
    with pytest.raises(anthropic.NotFoundError) as caught:
        claude.messages.create(**ask(target) | {"model": "no-such-model"}, stream=streamed)
    assert caught.value.body["error"]["type"] == "not_found_error" and "no-such-model" in str(caught.value)


def test_missing_field_is_named(claude, target):
    with pytest.raises(anthropic.BadRequestError) as caught:
        claude.post("/v1/messages", body={"model": target.claude, "max_tokens": 5}, cast_to=object)
    assert caught.value.body["error"]["type"] == "invalid_request_error" and "messages" in str(caught.value)


def test_broken_json(claude):
    with pytest.raises(anthropic.BadRequestError) as caught:
        claude.post("/v1/messages", content=b'{"model": ', cast_to=object)
    assert caught.value.body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("path", ["/v1/nothing-here", "/v1/messages/nothing"])
def test_unknown_route(claude, path):
    with pytest.raises(anthropic.NotFoundError) as caught:
        claude.post(path, body={"model": "m"}, cast_to=object)
    assert caught.value.body["error"]["type"] == "not_found_error"


@pytest.mark.scripted
@pytest.mark.parametrize(
    ("status", "error", "kind", "text"),
    [
        (400, anthropic.BadRequestError, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        (413, anthropic.RequestTooLargeError, "request_too_large", "Request exceeds the maximum size"),
        (429, anthropic.RateLimitError, "rate_limit_error", "rate limit"),
        (529, anthropic.OverloadedError, "overloaded_error", "verloaded"),
        (500, anthropic.InternalServerError, "api_error", None),
    ],
    ids=lambda value: value if isinstance(value, int) else "",
)
def test_upstream_status(claude, faulty, status, error, kind, text):
    faulty.script(scripted(status))
    with pytest.raises(error) as caught:
        claude.messages.create(**ask(faulty))
    assert caught.value.status_code == status and caught.value.body["error"]["type"] == kind
    assert text is None or text in str(caught.value)
    if status == 429:
        assert int(caught.value.response.headers["retry-after"]) >= 1


@pytest.mark.scripted
@pytest.mark.proxied
@pytest.mark.parametrize("status", [401, 403])
def test_the_upstream_refuses_our_key(claude, faulty, status):
    faulty.script(scripted(status))
    with pytest.raises(anthropic.InternalServerError) as caught:
        claude.messages.create(**ask(faulty))
    assert caught.value.status_code == 502 and "upstream-key" not in str(caught.value)


@pytest.mark.scripted
def test_the_sdk_retries_an_overload(target, faulty):
    client = anthropic.Anthropic(api_key=target.key, base_url=target.anthropic_url, max_retries=4)
    faulty.script(scripted(529) | {"times": 1})
    assert text_of(client.messages.create(**ask(target)))


@pytest.mark.scripted
def test_overload_as_the_first_event(claude, faulty):
    faulty.script({"path": "/v1/messages", "times": TRIES, "answer": "error_event"})
    with pytest.raises(anthropic.APIStatusError) as caught, claude.messages.stream(**ask(faulty)) as stream:
        stream.get_final_message()
    assert "verloaded" in str(caught.value)


@pytest.mark.scripted
@pytest.mark.parametrize(
    # Left alone, the SDK takes a clean end inside an event for an answer.
    "fault", ["reset", "close", pytest.param("end", marks=pytest.mark.proxied)],
)
def test_a_stream_cut_inside_an_event_is_no_answer(claude, faulty, fault):
    faulty.script({"path": "/v1/messages", "fault": {fault: 900 if fault == "end" else {"body": 900}}})
    # The SDK has no class for this: what its HTTP library raises comes through.
    with pytest.raises(Exception, match="(?i)connection|reset|closed|before its last event"), claude.messages.stream(**ask(faulty)) as stream:
        stream.get_final_message()


@pytest.mark.scripted
@pytest.mark.proxied
@pytest.mark.parametrize("fault", [None, "close", "reset"])
def test_a_stream_that_ends_early_ends_in_an_error_event(claude, faulty, fault):
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": faulty.claude, "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    answer = events(
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Half an ans"}},
    )
    script = {"path": "/v1/messages", "answer": answer}
    faulty.script(script | ({"fault": {fault: {"body": 10**6}}} if fault else {}))
    with pytest.raises(anthropic.APIStatusError) as caught, claude.messages.stream(**ask(faulty)) as stream:
        stream.get_final_message()
    assert caught.value.body["error"]["type"] == "api_error"


@pytest.mark.scripted
@pytest.mark.proxied
@pytest.mark.parametrize("how", ["reset", "garbage"])
def test_an_upstream_that_speaks_no_http(claude, faulty, how):
    broken = {"fault": {"reset": "head"}} if how == "reset" else {"answer": {"raw": "\u0000SMTP 220 hello\r\n\r\n"}}
    faulty.script({"path": "/v1/messages", "times": TRIES, **broken})
    with pytest.raises(anthropic.InternalServerError) as caught:
        claude.messages.create(**ask(faulty))
    assert caught.value.status_code == 502 and caught.value.body["error"]["type"] == "api_error"


@pytest.mark.scripted
def test_leaving_a_stream_cancels_it(claude, target):
    target.script({"path": "/v1/messages", "fault": {"stall": {"body": 900}}})
    with claude.messages.stream(**ask(target)) as stream:
        next(iter(stream))
    assert wait_for_end(target) == "cancelled"


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("rate_limit", anthropic.RateLimitError),
        ("overloaded", anthropic.OverloadedError),
        ("too_long", anthropic.BadRequestError),
        ("server_error", anthropic.InternalServerError),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_simulated_status(claude, faulty, fault, error):
    with pytest.raises(error) as caught:
        claude.messages.create(**ask(faulty), extra_headers=simulate(fault))
    assert caught.value.body["type"] == "error" and caught.value.body["error"]["message"]


@pytest.mark.simulated
@pytest.mark.parametrize("fault", ["overloaded_stream", "reset", "truncate"])
def test_simulated_broken_stream(claude, faulty, fault):
    wanted = ask(faulty) | {"extra_headers": simulate(fault)}
    with pytest.raises(anthropic.APIStatusError) as caught, claude.messages.stream(**wanted) as stream:
        stream.get_final_message()
    assert caught.value.body["error"]["type"] in ("overloaded_error", "api_error")


def wait_for_end(target):
    deadline = time.monotonic() + 5
    while (end := target.last("/v1/messages")["end"]) == "running" and time.monotonic() < deadline:
        time.sleep(0.02)
    return end
