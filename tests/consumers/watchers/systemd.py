"""systemd, as far as a socket can be it: what the service tells, read as deploy/ccproxy.service says."""

import re
import time

from kit.deploy import text
from kit.lab import WATCHDOG, STATES
from kit.stage import Row


def watch(stage):
    unit = dict(re.findall(r"^(\w+)=(.+)$", text("ccproxy.service"), re.M))
    if unit.get("Type") != "notify" or "WatchdogSec" not in unit:
        raise RuntimeError(f"deploy/ccproxy.service has Type={unit.get('Type')}, WatchdogSec={unit.get('WatchdogSec')}")
    time.sleep(2 * WATCHDOG)
    expect = {
        "starting": "activating", "pass": "active", "warn": "active", "fail": "active",
        "draining": "deactivating", "stalled": "killed by its watchdog",
    }
    seen = {state: verdict(stage.labs[state].notices) for state in STATES}
    return [Row("systemd", "Type=notify, WatchdogSec", expect, seen)]


def verdict(notices):
    """What systemd would call the service that has told this, as pairs of time and message."""
    fed = [at for at, message in notices if "WATCHDOG=1" in message]
    told = {line for _, message in notices for line in message}
    if not fed or time.monotonic() - fed[-1] > WATCHDOG:
        return "killed by its watchdog"
    if "STOPPING=1" in told:
        return "deactivating" if any(line.startswith("EXTEND_TIMEOUT_USEC=") for line in told) else "timing out"
    return "active" if "READY=1" in told else "activating"
