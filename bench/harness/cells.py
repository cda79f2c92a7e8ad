"""Rows and cells of Markdown tables."""

import statistics


def row(first, cells):
    return "| " + " | ".join([first, *cells]) + " |"


def cell(values, digits=None):
    """Median, and the range if there is one."""
    if not values:
        return ""
    middle = statistics.median(values)
    if digits is None:
        digits = 0 if abs(middle) >= 1000 else 1
    text = f"{middle:.{digits}f}"
    if len(values) > 1:
        text += f" ({min(values):.{digits}f}–{max(values):.{digits}f})"
    return text
