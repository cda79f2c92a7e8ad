"""Prometheus itself: what it makes of /metrics, of deploy/prometheus and of every query of deploy/grafana."""

import itertools
import json
import re
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from kit import deploy, promql
from kit.checks import Checks
from kit.install import tool
from kit.lab import Replica
from kit.process import Process, free_port

RULES = deploy.FOLDER / "prometheus"
PATIENCE = 20

# A provider that answers, one that fails, one that has no room, one that is not there.
CONFIG = """
[server]
port = {main}
workers = 1
[management]
port = {management}
[metrics]
keys = true
[logging]
level = "warn"
[retry]
attempts = 1
[providers.good]
kind = "simulator"
[providers.fails]
kind = "simulator"
fault = "server_error"
[providers.limited]
kind = "simulator"
fault = "rate_limit"
[providers.away]
kind = "openai-compatible"
base_url = "http://127.0.0.1:{away}/v1"
credentials = [{{ value = "no-key-at-all" }}]
[[pricing.models]]
model = "priced"
provider = "good"
input = 1
output = 2
"""

HELLO = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}
REQUESTS = [
    ("good/v1/chat/completions", {"model": "priced", **HELLO}),
    ("good/v1/messages", {"model": "priced", "stream": True, **HELLO}),
    ("good/v1/chat/completions", {"model": "unpriced", **HELLO}),
    ("good/v1/chat/completions", {"model": 7}),
    ("fails/v1/chat/completions", {"model": "priced", **HELLO}),
    ("limited/v1/chat/completions", {"model": "priced", **HELLO}),
    ("away/v1/chat/completions", {"model": "priced", **HELLO}),
]

# What these requests are a reason for, at once or after a while (pending); nothing else.
ALERTS = {
    "CcproxyBreakerOpen",
    "CcproxyErrorBudgetBurns",
    "CcproxyErrorBudgetBurnsFast",
    "CcproxyProviderFails",
    "CcproxyProviderUnreachable",
    "CcproxyRateLimitNearlyUsed",
    "CcproxyUnpricedRequests",
}


class Api:
    """Prometheus' HTTP API."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/api/v1/"

    def ask(self, path, **fields):
        """What it answers: the data, and what it has against the question."""
        query = "?" + urllib.parse.urlencode(fields) if fields else ""
        try:
            with urllib.request.urlopen(self.base + path + query, timeout=10) as answer:
                said = json.load(answer)
        except urllib.error.HTTPError as answer:
            said = json.load(answer)
        return said.get("data"), [said["error"]] if "error" in said else said.get("warnings", [])

    def query(self, expression):
        """The values of an expression, those that are none left out; and what is wrong with it."""
        data, wrong = self.ask("query", query=expression)
        values = [sample["value"][1] for sample in (data or {}).get("result", [])]
        return [value for value in values if value != "NaN"], wrong


def watch(binary, folder):
    """Everything, with a program of ours and a Prometheus of its own."""
    checks, promtool, program = Checks("Prometheus"), tool("promtool"), tool("prometheus")
    folder.mkdir(parents=True, exist_ok=True)
    us = Replica("ccproxy-1", free_port(), free_port(), 0)
    (folder / "ccproxy.toml").write_text(CONFIG.format(main=us.main, management=us.management, away=free_port()))
    ours = Process(folder, "ccproxy", binary, "serve", "--config", "ccproxy.toml").wait_for_port(us.management)
    ended = threading.Event()
    threading.Thread(target=_traffic, args=(us.main, ended), daemon=True).start()
    api, theirs = _start(program, folder, us)
    try:
        _files(checks, promtool, folder)
        _scrape(checks, promtool, us)
        _rules(checks, api)
        _dashboard(checks, api, {rule["name"] for rule in _all_rules(api) if rule["type"] == "recording"})
        _exemplars(checks, api)
    finally:
        ended.set()
        theirs.end()
        ours.end()
    return checks


def _start(program, folder, us):
    """Prometheus with the file of deploy/, every second instead of every fifteenth."""
    faster = [(f"{what}_interval: 15s", f"{what}_interval: 1s") for what in ("scrape", "evaluation")]
    config = deploy.render("prometheus/prometheus.yml", [us], *faster, ("- rules.yml", f"- {RULES}/rules.yml"))
    (folder / "prometheus.yml").write_text(config)
    port = free_port()
    flags = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--enable-feature=exemplar-storage"]
    process = Process(folder, "prometheus", program, *flags, f"--web.listen-address=127.0.0.1:{port}")
    return Api(process.wait_for_port(port) and port), process


def _traffic(port, ended):
    """A request of every kind, again and again: a counter takes two scrapes to have a rate."""
    for path, body in itertools.cycle(REQUESTS):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", json.dumps(body).encode())
        request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                answer.read()
        except OSError:
            pass
        if ended.wait(0.03):
            return


def _files(checks, promtool, folder):
    """promtool on the files of deploy/prometheus."""
    for words in (
        ["check", "config", folder / "prometheus.yml"],
        ["check", "rules", RULES / "rules.yml"],
        ["test", "rules", RULES / "rules.test.yml"],
    ):
        _promtool(checks, promtool, *words)


def _promtool(checks, promtool, *words, **options):
    """It passes, and has nothing to say about style."""
    command = [str(word) for word in (promtool, *words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, **options)
    fine = done.returncode == 0 and "FAILED" not in done.stdout and (words[1] == "config" or not done.stderr.strip())
    checks.that(fine, f"promtool {words[0]} {words[1]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def _scrape(checks, promtool, us):
    """The page: promtool has nothing against it, and the manual has all of it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{us.management}/metrics", timeout=10) as answer:
        page = answer.read().decode()
    _promtool(checks, promtool, "check", "metrics", input=page)
    families = promql.manual()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", page, re.M):
        known = families.get(name)
        checks.that(known and known.kind == kind, f"docs/METRICS.md does not have {kind} {name}")
    openmetrics = urllib.request.Request(f"http://127.0.0.1:{us.management}/metrics")
    openmetrics.add_header("accept", "application/openmetrics-text")
    with urllib.request.urlopen(openmetrics, timeout=10) as answer:
        units = re.findall(r"^# UNIT (\S+) (\S+)$", answer.read().decode(), re.M)
    for name, unit in units:
        checks.that(unit != "info" and name.endswith(f"_{unit}"), f"{name} cannot be in {unit!r}")


def _all_rules(api):
    data, _ = api.ask("rules")
    return [rule for group in data["groups"] for rule in group["rules"]]


def _active(api):
    """The alerts that are firing, or will if it goes on."""
    return {rule["name"] for rule in _all_rules(api) if rule.get("alerts")}


def _rules(checks, api):
    """Every rule is evaluated, names what there is, and the recording ones have something to record."""
    _settled(lambda: (rules := _all_rules(api)) and all(rule["health"] != "unknown" for rule in rules))
    families, rules = promql.manual(), _all_rules(api)
    recorded = {rule["name"] for rule in rules if rule["type"] == "recording"}
    tested = (RULES / "rules.test.yml").read_text()
    up = _settled(lambda: api.query("up")[0])
    checks.that(rules and up == ["1"], f"{len(rules)} rules, up is {up}")
    for rule in rules:
        name, query = rule["name"], rule["query"]
        checks.that(rule["health"] == "ok", f"{name}: {rule.get('lastError')}")
        strange = promql.unknown(query, families, recorded)
        checks.that(not strange, f"{name} names {strange}, which docs/METRICS.md does not have")
        if rule["type"] == "recording":
            found = _settled(lambda query=query: api.query(query)[0])
            checks.that(found, f"{name} has nothing to record")
            continue
        notes, labels = rule["annotations"], rule["labels"]
        told = {"summary", "description"} <= set(notes) and labels.get("severity") in ("critical", "warning", "info")
        checks.that(told, f"{name} lacks a severity, a summary or a description")
        checks.that(f"{name}\"" in tested, f"rules.test.yml does not try {name}")
    _settled(lambda: ALERTS <= _active(api))
    active = _active(api)
    checks.that(active == ALERTS, f"pending or firing are {sorted(active)}, expected {sorted(ALERTS)}")


def _dashboard(checks, api, recorded):
    """Every panel can be shown by a Grafana without plugins, names what there is, and has something to show."""
    panels, variables = promql.panels()
    families = promql.manual()
    checks.that(len({panel["id"] for panel in panels}) == len(panels), "panels share an id")
    for panel in panels:
        title = panel["title"]
        checks.that(panel["type"] in promql.BUILT_IN, f"{title}: {panel['type']} is not built in")
        for target in panel.get("targets", []):
            where, query = f"{title} {target['refId']}", promql.substituted(target["expr"])
            checks.that("$" not in query, f"{where}: what is left of {query}?")
            strange = promql.unknown(query, families, recorded)
            checks.that(not strange, f"{where} names {strange}, which docs/METRICS.md does not have")
            found = _settled(lambda query=query: api.query(query)[0])
            wrong = api.query(query)[1]
            checks.that(found and not wrong, f"{where}: {wrong or 'no data'}: {query}")
            histogram = "_bucket{" in query
            checks.that(target.get("exemplar", False) == histogram, f"{where}: exemplars go with histograms")
    for variable in variables:
        if variable["type"] == "query":
            series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", promql.substituted(variable["definition"])).groups()
            values, wrong = api.ask(f"label/{label}/values", **{"match[]": series})
            checks.that(values and not wrong, f"the variable {variable['name']}: {wrong or 'no values'}")


def _exemplars(checks, api):
    """A request can be found from a class of a histogram."""
    now = time.time()
    for name in ("ccproxy_request_duration_seconds", "ccproxy_time_to_first_token_seconds"):
        series, wrong = api.ask("query_exemplars", query=f"{name}_bucket", start=now - 300, end=now)
        named = [each["labels"].get("request_id") for one in series or [] for each in one["exemplars"]]
        checks.that(named and all(named) and not wrong, f"exemplars of {name}: {wrong or named}")


def _settled(read):
    """What `read` says as soon as it says anything, or what it says in the end."""
    until = time.monotonic() + PATIENCE
    while not (said := read()) and time.monotonic() < until:
        time.sleep(0.5)
    return said
