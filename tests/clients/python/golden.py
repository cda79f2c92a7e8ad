"""The golden answers of crates/translate: what a client of each other dialect is told of each provider's answer."""

import pathlib
import re
from dataclasses import dataclass

GOLDEN = pathlib.Path(__file__).parents[3] / "crates" / "translate" / "tests" / "golden" / "answers"
FILES = sorted(GOLDEN.glob("*/*.md"))
SECTION = re.compile(r"^## (whole|stream) to (\w+)\n\n```\w*\n(.*?)\n```\n?(\nends: [^\n]*)?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Output:
    """What one client is told."""

    how: str
    dialect: str
    text: str
    # A stream has come to its own end: it neither breaks off nor ends in an error.
    complete: bool


def name(file: pathlib.Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def outputs(file: pathlib.Path) -> list[Output]:
    found = SECTION.findall(file.read_text())
    return [Output(how, dialect, text, not ends) for how, dialect, text, ends in found]


def headings(file: pathlib.Path) -> list[str]:
    """Those of outputs, whatever is below them; a translation may refuse an answer."""
    return re.findall(r"^## (.* to .*)\n\n(?!refused: )", file.read_text(), re.MULTILINE)


def wants(file: pathlib.Path, what: str) -> bool:
    """Whether the client has asked for it."""
    line = re.search(r"^client: (.*)$", file.read_text(), re.MULTILINE)
    return line is not None and what in line[1].split(", ")
