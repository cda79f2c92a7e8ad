"""What the program answers is what the vendors' documents promise: translated answers, its own errors, the simulator's."""

import json
import urllib.error
import urllib.request

import pytest

from answers import data_of, faults_of_error, faults_of_event, faults_of_whole
from schema import faults
from target import PATHS, from_environment, simulate

TARGET = from_environment()
# What comes from a provider of the client's own dialect is as the provider wrote it.
DIALECTS = [dialect for dialect in PATHS if dialect != TARGET.speaks]

SCHEMA = {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False,
}
WEATHER = "What is the weather in Bern? Use both tools"


def messages(text="Say hi", **more):
    return {"model": TARGET.claude, "max_tokens": 4096, "messages": [{"role": "user", "content": text}], **more}


def chat(text="Say hi", **more):
    told = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": text}]
    return {"model": TARGET.gpt, "messages": told, **more}


def respond(asked="Say hi", **more):
    return {"model": TARGET.gpt, "input": asked, **more}


def functions(*names):
    return [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in names]


FORMAT = {"name": "place", "schema": SCHEMA, "strict": True}
NAMES = ("get_weather", "get_time")
ASKED = {
    "messages": {
        "plain": messages(),
        "tools": messages(WEATHER, tools=[{"name": name, "input_schema": SCHEMA} for name in NAMES]),
        "thinking": messages(thinking={"type": "enabled", "budget_tokens": 1024}),
        "adaptive": messages(thinking={"type": "adaptive"}, output_config={"effort": "high"}),
        "structured": messages(output_config={"format": {"type": "json_schema", "schema": SCHEMA}}),
    },
    "chat": {
        "plain": chat(stream_options={"include_usage": True}),
        "without usage": chat(temperature=0.5, max_completion_tokens=99, user="u", metadata={"a": "b"}),
        "tools": chat(WEATHER, tools=functions(*NAMES), parallel_tool_calls=True),
        "custom tool": chat(WEATHER, tools=[{"type": "custom", "custom": {"name": "shell"}}]),
        "older functions": chat(WEATHER, functions=[{"name": "get_weather", "parameters": SCHEMA}]),
        "thinking": chat(reasoning_effort="high"),
        "structured": chat(response_format={"type": "json_schema", "json_schema": FORMAT}),
    },
    "responses": {
        "plain": respond(),
        "much told": respond(
            instructions="Be brief.", temperature=0.5, top_p=0.9, max_output_tokens=99, metadata={"a": "b"}, store=False,
            safety_identifier="s", prompt_cache_key="k", user="u", truncation="auto", service_tier="auto",
        ),
        "tools": respond(WEATHER, tools=[{"type": "function", "name": name, "parameters": SCHEMA} for name in NAMES]),
        "custom tool": respond(WEATHER, tools=[{"type": "custom", "name": "shell"}], tool_choice="auto"),
        "a tool must be": respond(
            WEATHER, tool_choice={"type": "function", "name": "get_time"},
            tools=[{"type": "function", "name": name, "parameters": SCHEMA, "strict": True} for name in NAMES],
        ),
        "thinking": respond(reasoning={"effort": "high", "summary": "auto"}, include=["reasoning.encrypted_content"]),
        "structured": respond(text={"format": {"type": "json_schema", **FORMAT}, "verbosity": "low"}),
    },
}
TOLD = [(dialect, asked) for dialect in DIALECTS for asked in ASKED[dialect]]

dialects = pytest.mark.parametrize("dialect", DIALECTS)
both_ways = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


def send(dialect, path, body, **headers):
    """Status and text of an answer."""
    url = (TARGET.anthropic_url if dialect == "messages" else TARGET.openai_url.removesuffix("/v1")) + path
    head = {"authorization": f"Bearer {TARGET.key}", "content-type": "application/json"} | headers
    if dialect == "messages":
        head["anthropic-version"] = "2023-06-01"
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, head), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def create(dialect, body, **headers):
    return send(dialect, PATHS[dialect], body, **headers)


def assert_error(dialect, answer, *statuses):
    status, text = answer
    assert status in statuses, answer
    assert faults_of_error(dialect, json.loads(text)) == []


def assert_stream(dialect, text) -> list[dict]:
    events = data_of(text)
    assert [fault for event in events for fault in faults_of_event(dialect, event)] == []
    return events


def is_error(event):
    return event.get("type") in ("error", "response.failed") or ("error" in event and "choices" not in event)


@both_ways
@pytest.mark.parametrize(("dialect", "asked"), TOLD, ids=[" ".join(case) for case in TOLD])
def test_answers(target, dialect, asked, streamed):
    status, text = create(dialect, ASKED[dialect][asked] | ({"stream": True} if streamed else {}))
    assert status == 200, text
    if streamed:
        events = assert_stream(dialect, text)
        assert len(events) > 3 and not any(map(is_error, events))
    else:
        assert faults_of_whole(dialect, json.loads(text)) == []


@pytest.mark.scripted
@dialects
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500, 503, 529])
def test_errors_of_the_provider(faulty, dialect, status):
    faulty.script({"path": PATHS[dialect], "times": 20, "answer": {"error": status}})
    answer = create(dialect, ASKED[dialect]["plain"])
    told = {401: 502, 403: 502, 529: 529 if dialect == "messages" else 503}
    assert_error(dialect, answer, told.get(status, status))


@pytest.mark.scripted
@dialects
@pytest.mark.parametrize("body", ["", "<html>no</html>", "{}", '{"error":"no"}', '{"detail":[{"msg":"no"}]}'])
def test_errors_that_are_no_providers(faulty, dialect, body):
    faulty.script({"path": PATHS[dialect], "times": 20, "answer": {"whole": {"status": 500, "body": body}}})
    assert_error(dialect, create(dialect, ASKED[dialect]["plain"]), 500, 502)


@pytest.mark.scripted
@dialects
@pytest.mark.parametrize("how", ["unreachable", "no JSON", "no answer"])
def test_answers_that_are_none(faulty, dialect, how):
    script = {
        "unreachable": {"fault": {"reset": "head"}},
        "no JSON": {"answer": {"whole": {"status": 200, "body": "hello"}}},
        "no answer": {"answer": {"whole": {"status": 200, "body": "[]"}}},
    }
    faulty.script({"path": PATHS[dialect], "times": 20} | script[how])
    assert_error(dialect, create(dialect, ASKED[dialect]["plain"]), 502)


@pytest.mark.scripted
@dialects
@pytest.mark.parametrize("how", ["overload at once", "end", "close"])
def test_streams_that_fail(faulty, dialect, how):
    script = {"answer": "error_event", "times": 20} if how == "overload at once" else {"fault": {
        "end": {"end": 1000}, "close": {"close": {"body": 1000}},
    }[how]}
    faulty.script({"path": PATHS[dialect]} | script)
    status, text = create(dialect, ASKED[dialect]["plain"] | {"stream": True})
    if status == 200:
        assert any(map(is_error, assert_stream(dialect, text)))
    else:
        # Before anything was told, an error can still have a status.
        assert how == "overload at once"
        assert_error(dialect, (status, text), 503, 529)


@pytest.mark.auth
@dialects
def test_wrong_key(target, dialect):
    assert_error(dialect, create(dialect, ASKED[dialect]["plain"], authorization="Bearer wrong-key"), 401)


@dialects
@pytest.mark.parametrize("body", [b'{"model": ', b"[]", b'{"model":"m"}', b"\xff"], ids=["cut", "list", "lacking", "binary"])
def test_broken_requests(target, dialect, body):
    assert_error(dialect, create(dialect, body), 400, 404)


@pytest.mark.parametrize("dialect", ["messages", "chat"])
@pytest.mark.parametrize("path", ["/v1/nothing-here", "/v1/models/no-such-model"])
def test_unknown_paths(target, dialect, path):
    answer = send(dialect, path, None if "models" in path else {})
    # Whose words an unknown path is refused in, its instance decides.
    assert answer[0] == 404
    assert [] in [faults_of_error(d, json.loads(answer[1])) for d in ("messages", "chat")], answer


@pytest.mark.native("chat", "responses")
def test_count_tokens(target):
    status, text = send("messages", "/v1/messages/count_tokens", messages(tools=[{"name": "f", "input_schema": SCHEMA}]))
    assert status == 200 and faults("anthropic", "CountMessageTokensResponse", json.loads(text)) == []


@pytest.mark.simulated
@dialects
@pytest.mark.parametrize("fault", ["rate_limit", "overloaded", "too_long", "server_error"])
def test_simulated_errors(faulty, dialect, fault):
    assert_error(dialect, create(dialect, ASKED[dialect]["plain"], **simulate(fault)), 400, 429, 500, 503, 529)


@pytest.mark.simulated
@dialects
@pytest.mark.parametrize("fault", ["overloaded_stream", "truncate"])
def test_simulated_streams_that_fail(faulty, dialect, fault):
    status, text = create(dialect, ASKED[dialect]["plain"] | {"stream": True}, **simulate(fault))
    assert status == 200 and any(map(is_error, assert_stream(dialect, text)))
