"""Commands that are run for their exit code: check_http, curl, wget and ccproxy's own, as Docker runs it."""

import json
import re
import subprocess

from kit.deploy import text
from kit.install import environment, tool
from kit.stage import Row, up_or_down

# Docker keeps so much of what a health check prints.
DOCKER_KEEPS = 4096


def check_http(stage):
    program = tool("check_http")
    expect = up_or_down("OK", "CRITICAL")
    words = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}

    def of(at):
        code, _ = run(program, "-H", "127.0.0.1", "-p", at, "-u", "/health/ready", "-t", 2)
        return words.get(code, code)

    return both("check_http", stage, expect, of)


def curl(stage):
    program = tool("curl")
    expect = up_or_down("0", "22")

    def of(at):
        return str(run(program, "-fsS", "-o", "/dev/null", "-m", 2, f"http://127.0.0.1:{at}/health/ready")[0])

    rows = both("curl -f", stage, expect, of)
    rows[0].expect = expect | {"stalled": "28"}
    return rows


def wget(stage):
    program = tool("wget")
    expect = up_or_down("0", "8")

    def of(at):
        url = f"http://127.0.0.1:{at}/health/ready"
        return str(run(program, "-q", "--spider", "-T", 2, "-t", 1, url)[0])

    rows = both("wget --spider", stage, expect, of)
    rows[0].expect = expect | {"stalled": "4"}
    return rows


def docker(stage):
    """HEALTHCHECK of the Dockerfile and of the compose file, which have to be the same."""
    command = json.loads(re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", text("Dockerfile"), re.M)[1])
    compose = json.loads(re.search(r"^ +test: (\[.*\])$", text("docker-compose.yml"), re.M)[1])
    if compose != ["CMD", *command]:
        raise RuntimeError(f"the compose file has {compose}, the Dockerfile {command}")
    program, *arguments = command
    if program != "ccproxy":
        raise RuntimeError(f"the health check is {program}")

    def of(at):
        # In a container, the configuration says where.
        code, printed = run(stage.binary, *arguments, "--url", f"http://127.0.0.1:{at}")
        if len(printed) > DOCKER_KEEPS:
            return f"{len(printed)} bytes"
        return {0: "healthy", 1: "unhealthy"}.get(code, code)

    return both(" ".join(command), stage, up_or_down("healthy", "unhealthy"), of)


def both(consumer, stage, expect, of):
    """A row for each of the ports."""
    asked = [("main", "/health/ready"), ("management", "/health/ready, management")]
    return [Row(consumer, words, dict(expect), stage.each(port, of)) for port, words in asked]


def run(program, *arguments):
    """The exit code and what was printed."""
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(command, env=environment(), capture_output=True, timeout=15, check=False)
    return done.returncode, done.stdout + done.stderr
