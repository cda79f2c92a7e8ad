"""The openai SDK: errors arrive as the classes it has for them, with the text of the one who refused."""

import openai
import pytest

from target import events, simulate
from test_openai import chat, respond

TRIES = 20
surfaces = pytest.mark.parametrize("surface", ["chat", "responses"])


def call(gpt, target, surface, **more):
    if surface == "chat":
        return gpt.chat.completions.create(**chat(target) | more)
    return gpt.responses.create(**respond(target) | more)


def scripted(**more):
    """The health probes of a proxy ask other paths: those stay well."""
    return [{"path": path, "times": TRIES, **more} for path in ("/v1/chat/completions", "/v1/responses")]


@pytest.mark.auth
@surfaces
def test_wrong_key(target, surface):
    client = openai.OpenAI(api_key="wrong-key", base_url=target.openai_url, max_retries=0)
    with pytest.raises(openai.AuthenticationError) as caught:
        call(client, target, surface)
    assert caught.value.status_code == 401 and caught.value.code == "invalid_api_key"
    assert "wrong-key" not in str(caught.value)


@pytest.mark.scripted
@surfaces
def test_unknown_model(gpt, target, surface):
    with pytest.raises(openai.NotFoundError) as caught:
        call(gpt, target, surface, model="no-such-model")
    assert caught.value.code == "model_not_found" and "no-such-model" in str(caught.value)


def test_broken_json(gpt):
    with pytest.raises(openai.BadRequestError) as caught:
        gpt.post("/chat/completions", content=b'{"model": ', cast_to=object)
    assert caught.value.type == "invalid_request_error"


def test_unknown_route(gpt):
    with pytest.raises(openai.NotFoundError) as caught:
        gpt.post("/nothing-here", body={"model": "m"}, cast_to=object)
    assert caught.value.type == "invalid_request_error"


@pytest.mark.scripted
@surfaces
@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (400, openai.BadRequestError, "prompt is too long: 210000 tokens > 200000 maximum"),
        (413, openai.APIStatusError, "Request exceeds the maximum size"),
        (429, openai.RateLimitError, "rate limit"),
        (500, openai.InternalServerError, None),
        (503, openai.InternalServerError, None),
    ],
    ids=lambda value: value if isinstance(value, int) else "",
)
def test_upstream_status(gpt, faulty, surface, status, error, text):
    faulty.script(*scripted(answer={"error": status}))
    with pytest.raises(error) as caught:
        call(gpt, faulty, surface)
    assert caught.value.status_code == status
    assert text is None or text in str(caught.value)
    if status == 429:
        assert int(caught.value.response.headers["retry-after"]) >= 1


@pytest.mark.scripted
@pytest.mark.proxied
@pytest.mark.parametrize("status", [401, 403])
def test_the_upstream_refuses_our_key(gpt, faulty, status):
    faulty.script(*scripted(answer={"error": status}))
    with pytest.raises(openai.InternalServerError) as caught:
        call(gpt, faulty, "chat")
    assert caught.value.status_code == 502 and caught.value.code == "upstream_auth"


@pytest.mark.scripted
def test_the_sdk_retries_a_rate_limit(target, faulty):
    client = openai.OpenAI(api_key=target.key, base_url=target.openai_url, max_retries=4)
    faulty.script({"path": "/v1/chat/completions", "answer": {"error": 429}})
    assert call(client, target, "chat").choices[0].message.content


@pytest.mark.scripted
@surfaces
def test_overload_as_the_first_event(gpt, faulty, surface):
    faulty.script(*scripted(answer="error_event"))
    with pytest.raises(openai.APIError) as caught:
        events = list(call(gpt, faulty, surface, stream=True))
        # Responses hands its error event over as an event.
        failed = [event for event in events if event.type == "error"]
        raise openai.APIError(failed[0].message, request=None, body=None)
    assert "verloaded" in str(caught.value)


@pytest.mark.scripted
@surfaces
@pytest.mark.parametrize("fault", ["reset", "close", pytest.param("end", marks=pytest.mark.proxied)])
def test_a_stream_cut_inside_an_event_is_no_answer(gpt, faulty, surface, fault):
    at = 1000 if fault == "end" else {"body": 1000}
    faulty.script(*[script | {"times": 1} for script in scripted(fault={fault: at})])
    with pytest.raises(Exception, match="(?i)connection|reset|closed|before its last event"):
        list(call(gpt, faulty, surface, stream=True))


@pytest.mark.scripted
@pytest.mark.proxied
@pytest.mark.parametrize("fault", [None, "close", "reset"])
def test_a_chat_that_ends_early_ends_in_an_error_event(gpt, faulty, fault):
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": faulty.gpt}
    delta = {"role": "assistant", "content": "Half an ans"}
    answer = events(chunk | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}, named=False)
    early(faulty, "/v1/chat/completions", answer, fault)
    with pytest.raises(openai.APIError) as caught:
        list(call(gpt, faulty, "chat", stream=True))
    assert not isinstance(caught.value, openai.APIConnectionError)


@pytest.mark.scripted
@pytest.mark.proxied
@pytest.mark.parametrize("fault", [None, "close", "reset"])
def test_a_response_that_ends_early_ends_in_an_error_event(gpt, faulty, fault):
    begun = {"id": "resp_1", "object": "response", "created_at": 1, "status": "in_progress", "model": faulty.gpt, "output": []}
    answer = events({"type": "response.created", "sequence_number": 0, "response": begun})
    early(faulty, "/v1/responses", answer, fault)
    with pytest.raises(openai.APIError) as caught:
        last = list(call(gpt, faulty, "responses", stream=True))[-1]
        # An error event that holds no `error` object is handed over as an event.
        assert last.type in ("error", "response.failed")
        raise openai.APIError(last.message, request=None, body=None)
    assert not isinstance(caught.value, openai.APIConnectionError)


def early(target, path, answer, fault):
    target.script({"path": path, "answer": answer} | ({"fault": {fault: {"body": 10**6}}} if fault else {}))


@pytest.mark.scripted
@pytest.mark.proxied
@pytest.mark.parametrize("how", ["reset", "garbage"])
def test_an_upstream_that_speaks_no_http(gpt, faulty, how):
    broken = {"fault": {"reset": "head"}} if how == "reset" else {"answer": {"raw": "\u0000SMTP 220 hello\r\n\r\n"}}
    faulty.script(*scripted(**broken))
    with pytest.raises(openai.InternalServerError) as caught:
        call(gpt, faulty, "chat")
    assert caught.value.status_code == 502 and caught.value.code == "upstream_unreachable"


@pytest.mark.simulated
@surfaces
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("rate_limit", openai.RateLimitError),
        ("overloaded", openai.InternalServerError),
        ("too_long", openai.BadRequestError),
        ("server_error", openai.InternalServerError),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_simulated_status(gpt, faulty, surface, fault, error):
    with pytest.raises(error) as caught:
        call(gpt, faulty, surface, extra_headers=simulate(fault))
    assert caught.value.body["message"]


@pytest.mark.simulated
@pytest.mark.parametrize("fault", ["overloaded_stream", "reset", "truncate"])
def test_simulated_broken_chat(gpt, faulty, fault):
    with pytest.raises(openai.APIError) as caught:
        list(call(gpt, faulty, "chat", stream=True, extra_headers=simulate(fault)))
    assert not isinstance(caught.value, openai.APIConnectionError)
