"""Which of the vendors' schemas an answer has to keep, by its dialect."""

import json

from schema import faults

VENDOR = {"messages": "anthropic", "chat": "openai", "responses": "openai"}
WHOLE = {"messages": "Message", "chat": "CreateChatCompletionResponse", "responses": "Response"}
EVENT = {
    "messages": "MessageStreamEvent",
    "chat": "CreateChatCompletionStreamResponse",
    "responses": "ResponseStreamEvent",
}


def data_of(text: str) -> list[dict]:
    """The JSON data of each event of a stream. Chat's `[DONE]` is none, and has nothing after it."""
    found = []
    *blocks, rest = (text.rstrip("\n") + "\n\n").split("\n\n")
    assert rest == ""
    for block in blocks:
        fields = [line.partition(":")[::2] for line in block.split("\n")]
        data = "\n".join(value.removeprefix(" ") for name, value in fields if name == "data")
        assert found[-1:] != ["[DONE]"], f"after the end: {block}"
        if not data:
            assert all(name == "" for name, _ in fields), f"an event without data: {block}"
        elif data == "[DONE]":
            found.append(data)
        else:
            found.append(json.loads(data))
            assert [value.strip() for name, value in fields if name == "event"] in ([], [found[-1].get("type")]), block
    return [event for event in found if event != "[DONE]"]


def faults_of_whole(dialect: str, body) -> list[str]:
    return faults(VENDOR[dialect], WHOLE[dialect], body)


def faults_of_error(dialect: str, body) -> list[str]:
    """Of the body of an answer that has an error's status."""
    return faults(VENDOR[dialect], "ErrorResponse", body)


def faults_of_event(dialect: str, event) -> list[str]:
    # The document has no event for Chat's errors: the SDKs look for an error's body in place of a chunk.
    if dialect == "chat" and "error" in event:
        return faults_of_error(dialect, event)
    return faults(VENDOR[dialect], EVENT[dialect], event)
