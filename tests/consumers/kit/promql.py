"""Expressions of rules and panels: where they are, and which metrics and labels they name."""

import json
import re
from dataclasses import dataclass

from .install import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "ccproxy.json"
MANUAL = ROOT / "docs" / "METRICS.md"
# What is built into Grafana; no plugin has to be installed.
BUILT_IN = {"row", "stat", "state-timeline", "table", "timeseries"}
# What Grafana puts in the place of its variables, at most.
VARIABLES = {"$__rate_interval": "10s", "$__range": "5m", "$instance": ".*", "$provider": ".*", "$model": ".*"}

# Of every check; METRICS.md writes `…` for them.
OF_CHECKS = {"plugin", "component", "id", "measurement"}
# Prometheus' own.
OF_TARGETS = {"job", "instance"}


@dataclass
class Family:
    """A metric of the manual."""

    kind: str
    labels: set


def manual():
    """The metrics that docs/METRICS.md has, by name."""
    families = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\|", MANUAL.read_text(), re.M):
        named = set(re.findall(r"`(\w+)`", labels)) | (OF_CHECKS if "…" in labels else set())
        families[name] = Family(kind, named)
    return families


def panels():
    """The panels of the dashboard, and its variables."""
    whole = json.loads(DASHBOARD.read_text())
    return whole["panels"], whole["templating"]["list"]


def substituted(text):
    """With a value for each of Grafana's variables."""
    for variable, value in VARIABLES.items():
        text = text.replace(variable, value)
    return text


def unknown(expression, families, recorded):
    """The metrics and labels of an expression that nobody has."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    strange, had = [], {*OF_TARGETS, "le", "quantile"}
    for name, matchers in re.findall(r"([a-zA-Z_][\w:]*)\s*(?:\{([^}]*)\})?", bare):
        if not (name == "up" or ":" in name or name.startswith(("ccproxy_", "process_"))):
            continue
        of = _labels(name, families, recorded)
        if of is None:
            strange.append(name)
            continue
        had |= of
        asked = set(re.findall(r"(\w+)\s*[=!]", matchers))
        strange += [f"{name}{{{label}}}" for label in asked - of - OF_TARGETS - {"le"}]
    for clause in re.findall(r"\b(?:by|without|on|ignoring|group_left)\s*\(([^)]*)\)", bare):
        strange += [f"by {label}" for label in set(re.findall(r"\w+", clause)) - had]
    return strange


def _labels(name, families, recorded):
    """The labels of a metric; `None` if there is none of this name."""
    if name == "up":
        return set()
    if name in recorded:
        # The level says them: job_provider:…
        return {*name.split(":")[0].split("_"), "quantile"}
    if name in families:
        return families[name].labels
    histogram = families.get(re.sub("_(bucket|sum|count)$", "", name))
    return histogram.labels if histogram and histogram.kind == "histogram" else None
