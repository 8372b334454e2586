"""How long something lasts, in words."""

from __future__ import annotations

DAY = 86_400
UNITS = (  # name, seconds
    ("years", 365.25 * DAY), ("weeks", 7 * DAY), ("days", DAY), ("hours", 3600),
    ("minutes", 60), ("seconds", 1),
)  # fmt: skip


def duration(seconds: float) -> str:
    """So many seconds in the largest unit that they fill, by two digits; empty of less than one.

    >>> duration(5400)
    '1.5 hours'
    """
    for name, length in UNITS:
        if seconds >= 0.95 * length:
            amount = (
                f"{seconds / length:.2g}" if seconds < 95 * length else f"{seconds / length:.0f}"
            )
            return f"{amount} {name[:-1] if amount == '1' else name}"
    return ""
