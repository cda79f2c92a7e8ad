"""The SDKs put the golden streams of crates/translate together, and get what they make of the golden whole answers.

A stream that breaks off, or ends in an error, is never taken for an answer.
"""

import http.server
import json
import threading

import anthropic
import openai
import pytest

from golden import FILES, name, outputs, wants

DIALECTS = {"/messages": "messages", "/chat/completions": "chat", "/responses": "responses"}
OUTPUTS = {name(file): {(output.dialect, output.how): output for output in outputs(file)} for file in FILES}
WANTS_USAGE = {name(file) for file in FILES if wants(file, "usage")}
STREAMS = [(case, output) for case, found in OUTPUTS.items() for output in found.values() if output.how == "stream"]


class Replay(http.server.BaseHTTPRequestHandler):
    """Says to `POST /PROVIDER/CASE/v1/…` what the case's file says."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        case, _, path = self.path.removeprefix("/").partition("/v1")
        streamed = body.get("stream", False)
        text = OUTPUTS[case][DIALECTS[path], "stream" if streamed else "whole"].text
        # The golden files are without the empty line after the last event.
        answer = (text + "\n\n").encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if streamed else "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def url():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Replay) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


# To make one takes longer than to use it.
ANTHROPIC = anthropic.Anthropic(api_key="k", base_url="http://127.0.0.1:1", max_retries=0)
OPENAI = openai.OpenAI(api_key="k", base_url="http://127.0.0.1:1", max_retries=0)


class Messages:
    # What only the whole answer tells, if a stream does not.
    unheard = frozenset()

    def __init__(self, url, case):
        client = ANTHROPIC.with_options(base_url=f"{url}/{case}")
        self.create, self.stream = client.messages.create, client.messages.stream
        self.asked = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}

    def final(self, stream, events):
        return stream.get_final_message()

    def claims(self, final):
        return final.stop_reason is not None

    def plain(self, final):
        # Where the SDK would put what it parses: nothing was asked to be parsed.
        return without(final, "parsed_output")


class Chat:
    # The SDK takes it from the first chunk only, and Responses tells its own in the last event.
    unheard = frozenset({"service_tier"})

    def __init__(self, url, case):
        client = OPENAI.with_options(base_url=f"{url}/{case}/v1")
        self.create, self.stream = client.chat.completions.create, client.chat.completions.stream
        self.asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
        self.with_usage = case in WANTS_USAGE

    def final(self, stream, events):
        # The SDK's last step refuses what a limit or a filter has cut off, and does not know custom tools: then what it
        # had until then is compared.
        choice = stream.current_completion_snapshot.choices[0]
        custom = any(call.type == "custom" for call in choice.message.tool_calls or [])
        cut = choice.finish_reason in ("length", "content_filter")
        return stream.current_completion_snapshot if custom or cut else stream.get_final_completion()

    def claims(self, final):
        return any(choice.finish_reason for choice in final.choices)

    def plain(self, final):
        final = without(final, "parsed", "parsed_arguments")
        for choice in final["choices"]:
            message = choice["message"]
            # It tells the pieces of a stream apart; the SDK leaves it in the calls.
            for call in message.get("tool_calls", []):
                call.pop("index", None)
            # A stream begins with an empty text, before it is known that none will come; whole answers have null there.
            if message.get("content") == "":
                del message["content"]
        # Of a stream, only clients that ask for it are told the usage.
        return final if self.with_usage else without(final, "usage")


class Responses:
    unheard = frozenset()

    def __init__(self, url, case):
        client = OPENAI.with_options(base_url=f"{url}/{case}/v1")
        self.create, self.stream = client.responses.create, client.responses.stream
        self.asked = {"model": "m", "input": "Hi"}

    def final(self, stream, events):
        # The SDK's own final is of responses that are completed; others end in an event of their own.
        last = events[-1]
        return last.response if last.type == "response.incomplete" else stream.get_final_response()

    def claims(self, final):
        return final.status in ("completed", "incomplete")

    def plain(self, final):
        return without(final, "parsed", "parsed_arguments")


CLIENTS = {"messages": Messages, "chat": Chat, "responses": Responses}


def without(final, *names):
    """As plain data. What is null and what is absent reads the same in an SDK."""
    body = final if isinstance(final, dict) else final.model_dump(mode="json", exclude_none=True)

    def strip(value):
        if isinstance(value, list):
            return [strip(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        return {key: said(key, inner) for key, inner in value.items() if key not in names and inner is not None}

    def said(key, value):
        # White space between the arguments is the model's own in a stream.
        if key == "arguments" and isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                return value
        return strip(value)

    return strip(body)


def streamed(client):
    with client.stream(**client.asked) as stream:
        events = list(stream)
        return client.final(stream, events)


@pytest.mark.parametrize(("case", "output"), STREAMS, ids=[f"{case} to {output.dialect}" for case, output in STREAMS])
def test_stream(url, case, output):
    client = CLIENTS[output.dialect](url, case)
    if not output.complete:
        with pytest.raises((anthropic.APIError, openai.APIError)):
            streamed(client)
        return
    final = streamed(client)
    assert client.claims(final)
    if (output.dialect, "whole") in OUTPUTS[case]:
        told = client.plain(final)
        whole = client.plain(client.create(**client.asked))
        assert told == {key: value for key, value in whole.items() if key in told or key not in client.unheard}
