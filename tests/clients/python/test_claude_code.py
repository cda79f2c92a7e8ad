"""The Claude Code CLI in print mode: a plain turn, a streamed one, a tool loop, an overloaded upstream."""

import json
import subprocess

import pytest

from cli import assert_loop_came_back, command, environment


@pytest.fixture
def run(target, tmp_path):
    def run(*arguments, key=target.key, **more):
        env = environment(
            tmp_path,
            ANTHROPIC_BASE_URL=target.anthropic_url,
            ANTHROPIC_API_KEY=key,
            ANTHROPIC_MODEL=target.claude,
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
            DISABLE_TELEMETRY="1",
            DISABLE_ERROR_REPORTING="1",
            DISABLE_AUTOUPDATER="1",
            **more,
        )
        return subprocess.run(
            [command("claude"), "-p", *arguments],
            env=env, cwd=tmp_path / "work", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        )

    return run


def result(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_plain_turn(run):
    answer = result(run("Say hi, no tools", "--tools", "", "--output-format", "json"))
    assert answer["is_error"] is False and answer["num_turns"] == 1 and answer["result"]
    assert answer["usage"]["input_tokens"] > 0 and answer["usage"]["output_tokens"] > 0


def test_streamed_turn(run):
    flags = ["--output-format", "stream-json", "--include-partial-messages", "--verbose"]
    done = run("Say hi, no tools", "--tools", "", *flags)
    answer = result(done)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    deltas = [event["event"]["delta"] for event in events if event.get("event", {}).get("type") == "content_block_delta"]
    heard = "".join(delta["text"] for delta in deltas if delta["type"] == "text_delta")
    assert heard and heard == answer["result"]


@pytest.mark.scripted
def test_bearer_token(run, target):
    answer = result(run("Say hi, no tools", "--output-format", "json", key="", ANTHROPIC_AUTH_TOKEN=target.key))
    assert answer["is_error"] is False


@pytest.mark.scripted
def test_tool_loop(run, target):
    answer = result(run("Run the command", "--allowedTools", "Bash", "--output-format", "json"))
    assert answer["is_error"] is False and answer["num_turns"] == 2 and answer["permission_denials"] == []
    assert "The tool said: scripted-tool-output" in answer["result"]
    assert_loop_came_back(target, "messages")


@pytest.mark.scripted
@pytest.mark.native("messages")
def test_what_it_sends_passes_through(run, target):
    result(run("Run the command", "--allowedTools", "Bash", "--output-format", "json"))
    arrived = target.last("/v1/messages")
    body = json.loads(arrived["body"])
    assert arrived["path_and_query"] == "/v1/messages?beta=true"
    assert "claude-code-20250219" in arrived["headers"]["anthropic-beta"]
    assert arrived["headers"]["x-claude-code-session-id"] and arrived["headers"]["x-app"] == "cli"
    assert any(message["role"] == "system" for message in body["messages"])


@pytest.mark.scripted
def test_an_overload_is_retried(run, faulty):
    faulty.script({"path": "/v1/messages", "answer": {"error": 529}})
    answer = result(run("Say hi, no tools", "--output-format", "json", CLAUDE_CODE_MAX_RETRIES="5"))
    assert answer["is_error"] is False


@pytest.mark.auth
def test_wrong_key_is_told(run):
    done = run("Say hi, no tools", "--output-format", "json", key="wrong-key", CLAUDE_CODE_MAX_RETRIES="1")
    answer = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode != 0 and answer["is_error"] is True and answer["api_error_status"] == 401
