"""The llm command line: Chat Completions, Responses and Messages, streamed and whole, with a tool that has no arguments."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli import environment

pytestmark = pytest.mark.scripted

LLM = str(Path(sys.executable).parent / "llm")
SAYS = "Hello from the scripted upstream – schön, 你好 👋."


@pytest.fixture
def run(target, tmp_path):
    settings = tmp_path / "llm"
    settings.mkdir()
    model = {
        "model_id": "gpt", "model_name": target.gpt, "api_base": target.openai_url, "api_key_name": "gpt",
        "supports_tools": True,
    }
    # JSON is YAML.
    (settings / "extra-openai-models.yaml").write_text(json.dumps([model]))
    (settings / "keys.json").write_text(json.dumps({"gpt": target.key, "anthropic": target.key}))
    env = environment(tmp_path, LLM_USER_PATH=str(settings), ANTHROPIC_BASE_URL=target.anthropic_url)

    def run(*arguments):
        done = subprocess.run(
            [LLM, "prompt", *arguments],
            env=env, cwd=tmp_path / "work", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    return run


models = pytest.mark.parametrize("model", ["gpt", "claude-opus-5.5"])


@models
@pytest.mark.parametrize("flags", [[], ["--no-stream"]], ids=["streamed", "whole"])
def test_plain_turn(run, model, flags):
    assert run("-m", model, *flags, "-s", "Be brief.", "Say hi, no tools") == SAYS


@models
def test_tool_loop(run, model):
    version = subprocess.run([LLM, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    assert f"The tool said: {version}" in run("-m", model, "-T", "llm_version", "Which version is it?")
