"""Where the CLIs are, and the environment they run in: a home of their own, and no way out but the loopback."""

import json
import os
import pathlib

from target import PATHS

BIN = pathlib.Path(__file__).parent.parent / "js" / "node_modules" / ".bin"
NOWHERE = "http://127.0.0.1:1"


def command(name: str) -> str:
    return str(BIN / name)


def environment(home: pathlib.Path, **more: str) -> dict[str, str]:
    (home / "home").mkdir()
    (home / "work").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home / "home"),
        # Whatever the CLI would call besides its base URL ends at a closed port.
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
        "NO_PROXY": "127.0.0.1,localhost",
        **{name: value for name, value in more.items() if value},
    }


# What a turn after a tool's result holds, in the words of each dialect. The scripted upstream refuses thoughts that do
# not come back with the proof that it gave them.
LOOP = {
    "messages": {"thinking", "tool_use", "tool_result"},
    "chat": {"tool_calls", "tool"},
    "responses": {"reasoning", "function_call", "function_call_output"},
}


def assert_loop_came_back(target, own: str):
    """The provider got its call, the result, and its own thoughts again; `own` is the client's dialect."""
    speaks = target.speaks or own
    body = json.loads(target.last(PATHS[speaks])["body"])
    if speaks == "responses":
        kinds = {item["type"] for item in body["input"]}
    elif speaks == "messages":
        kinds = {b["type"] for m in body["messages"] if isinstance(m["content"], list) for b in m["content"]}
    else:
        kinds = {kind for m in body["messages"] for kind in (m["role"], *m)}
    assert LOOP[speaks] <= kinds
