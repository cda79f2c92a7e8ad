"""The files of deploy/, as they are shown to people, with the names of two replicas made those of ours."""

import re

from .install import ROOT

FOLDER = ROOT / "deploy"


def text(name):
    """A file as it is."""
    return (FOLDER / name).read_text()


def render(name, replicas, *changes):
    """A file for these replicas: each line about the first replica once for each, those about the second left out.

    `changes` are (old, new) pairs of plain text that has to be there.
    """
    whole = text(name)
    for old, new in changes:
        if old not in whole:
            raise RuntimeError(f"deploy/{name} has no {old!r}")
        whole = whole.replace(old, str(new))
    lines = []
    for line in whole.splitlines():
        if line.lstrip().startswith("#"):
            lines.append(line)
        elif re.search("ccproxy[-_]1", line):
            lines += [_for(line, replica) for replica in replicas]
        elif not re.search("ccproxy[-_]2", line):
            lines.append(line)
    return "\n".join(lines) + "\n"


def _for(line, replica):
    """A line about the first replica as one about this one. Its ports are 8000, 8001 and 8002, in this order."""
    line = line.replace("address: ccproxy-1", "address: 127.0.0.1")
    line = line.replace('.host = "ccproxy-1"', '.host = "127.0.0.1"')
    line = line.replace("with address ccproxy-1", "with address 127.0.0.1")
    line = re.sub(r"\bccproxy-1:(?=\d)", "127.0.0.1:", line)
    line = re.sub(r"\b8000\b", str(replica.main), line)
    line = re.sub(r"\b8001\b", str(replica.management), line)
    line = re.sub(r"\b8002\b", str(replica.agent), line)
    return re.sub(r"ccproxy([-_])1", lambda match: replica.name.replace("-", match[1]), line)
