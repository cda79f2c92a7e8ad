"""What a part of the measurement says: goals, judged, and the figures behind them."""

import dataclasses
import statistics


@dataclasses.dataclass
class Goal:
    key: str
    what: str
    limit: str
    measured: str
    # None: shown and not judged.
    reached: bool | None

    def verdict(self):
        return "" if self.reached is None else "reached" if self.reached else "**missed**"


@dataclasses.dataclass
class Part:
    goals: list
    # Markdown below the table of goals.
    detail: str = ""
    # The figures, for the JSON file.
    data: object = None


def table(head, rows):
    lines = [row(head), row(["---"] + ["---:"] * (len(head) - 1)), *(row(cells) for cells in rows)]
    return "\n".join(lines) + "\n"


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def goals(parts):
    head = ["", "", "goal", "measured", "", "command"]
    lines = [row(head), row(["---", "---", "---:", "---:", "---", "---"])]
    for key, part in parts.items():
        for goal in part.goals:
            command = f"`bench/health-run --only {key}`"
            lines.append(row([goal.key, goal.what, goal.limit, goal.measured, goal.verdict(), command]))
    return "\n".join(lines) + "\n"


def spread(values, digits=1):
    """Median, least and greatest."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def quantile(values, part):
    """The smallest value that this part of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(part * 1000) * len(ordered) // 1000) - 1))]


def ms(us):
    return f"{us / 1000:.2f}"
