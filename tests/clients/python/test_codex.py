"""The Codex CLI: with a provider of its own (POST) and with the built-in one, which tries a WebSocket first."""

import json
import subprocess

import pytest

from cli import assert_loop_came_back, command, environment
from relay import Relay

# No update check, no plugin catalogue: nothing but the base URL is called.
COMMON = """
check_for_update_on_startup = false
[analytics]
enabled = false
[features]
plugins = false
apps = false
"""


@pytest.fixture
def relay(target):
    with Relay(target.openai_url) as relay:
        yield relay


@pytest.fixture(params=["custom-provider", "built-in-provider"])
def run(request, target, relay, tmp_path):
    url, model = json.dumps(relay.url), json.dumps(target.gpt)
    config = f"model = {model}\n"
    if request.param == "custom-provider":
        config += 'model_provider = "local"\n' + COMMON + (
            f'[model_providers.local]\nname = "local"\nbase_url = {url}\nwire_api = "responses"\nenv_key = "LOCAL_KEY"\n'
        )
    else:
        config += f"openai_base_url = {url}\n" + COMMON
    env = environment(
        tmp_path, CODEX_HOME=str(tmp_path / "codex"), LOCAL_KEY=target.key, CODEX_API_KEY=target.key,
        OPENAI_BASE_URL=relay.url,
    )
    (tmp_path / "codex").mkdir()
    (tmp_path / "codex" / "config.toml").write_text(config)

    def run(prompt):
        # Its sandbox needs rights that containers lack; what it runs here is one scripted echo, or the simulator's
        # made-up command, which does not exist.
        flags = ["--skip-git-repo-check", "--json", "--sandbox", "danger-full-access"]
        done = subprocess.run(
            [command("codex"), "exec", *flags, prompt],
            env=env, cwd=tmp_path / "work", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        events = [json.loads(line) for line in done.stdout.splitlines()]
        assert events[-1]["type"] == "turn.completed", done.stdout
        assert_way_taken(relay, socket=request.param == "built-in-provider", refused=not target.proxied)
        return events

    return run


def assert_way_taken(relay, socket, refused):
    """All turns went through a WebSocket, or, where there is none or Codex asks for none, by POST."""
    asked, posted = relay.asked("GET"), relay.asked("POST")
    assert (asked > 0, posted > 0) == (socket, refused or not socket), (asked, posted)
    assert (relay.answered(101) > 0, relay.answered(426) > 0) == (socket and not refused, socket and refused)


def items(events, kind):
    return [e["item"] for e in events if e["type"] == "item.completed" and e["item"]["type"] == kind]


def complaints(events):
    """What the user would see go wrong; that Codex does not know the model's name is no fault of the server's."""
    return [i["message"] for i in items(events, "error") if "Model metadata" not in i["message"]]


@pytest.mark.scripted
def test_plain_turn(run, target):
    events = run("Say hi, no tools")
    assert complaints(events) == []
    assert [item["text"] for item in items(events, "agent_message")] == [
        "Hello from the scripted upstream – schön, 你好 👋."
    ]
    assert bool(items(events, "reasoning")) == (target.speaks != "chat")
    assert events[-1]["usage"]["output_tokens"] > 0


@pytest.mark.scripted
def test_tool_loop(run, target):
    events = run("Run the command")
    assert complaints(events) == []
    ran = items(events, "command_execution")
    assert [item["exit_code"] for item in ran] == [0] and "scripted-tool-output" in ran[0]["aggregated_output"]
    assert "scripted-tool-output" in items(events, "agent_message")[-1]["text"]
    assert_loop_came_back(target, "responses")
    if target.speaks in (None, "responses"):
        assert target.last("/v1/responses")["headers"]["originator"] == "codex_exec"


@pytest.mark.simulated
def test_tool_loop_with_made_up_arguments(run):
    events = run("Run the command")
    assert complaints(events) == []
    assert [item["exit_code"] for item in items(events, "command_execution")] == [127]
    assert "exited with code 127" in items(events, "agent_message")[-1]["text"]
