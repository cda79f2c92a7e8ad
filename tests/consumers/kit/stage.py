"""What every consumer is shown, and what it says."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .lab import STATES, Lab


@dataclass
class Row:
    """What one consumer, asked in one way, makes of each state."""

    consumer: str
    asked: str
    expect: dict
    seen: dict = field(default_factory=dict)

    def wrong(self):
        """The states that are seen otherwise than expected."""
        return [state for state in STATES if self.seen.get(state) != self.expect[state]]


@dataclass
class Stage:
    """The labs, one in each state, and where a consumer may put its files."""

    labs: dict[str, Lab]
    folder: Path
    binary: Path

    def replicas(self, port="main"):
        """One replica in each state, as whoever watches this port sees them."""
        return [self.labs[state].replica(port) for state in STATES]

    def each(self, port, ask):
        """What `ask` says of each state, asked all at once: the stalled one takes its time."""
        said = {}

        def one(state):
            try:
                said[state] = ask(getattr(self.labs[state], port))
            except Exception as error:  # pylint: disable=broad-except
                said[state] = f"{type(error).__name__}: {error}"

        threads = [threading.Thread(target=one, args=(state,), daemon=True) for state in STATES]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return said


def up_or_down(up, down, **others):
    """The verdicts that readiness asks for: up while it passes or warns, down otherwise."""
    states = {state: up if state in ("pass", "warn") else down for state in STATES}
    return {**states, **others}


def settled(read, seconds):
    """What `read` says when the consumer has had its time, and still says a moment later."""
    time.sleep(seconds)
    first = read()
    time.sleep(2)
    second = read()
    return {key: value if first.get(key) == value else f"{first.get(key)}, then {value}" for key, value in second.items()}
