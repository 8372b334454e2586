"""What one setting may take in a search, made of its type, its limits and its value."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

SEVERAL = 8  # whole numbers from here on are sizes: what matters is their ratio
NONE_OR_LITTLE = (0.0, 1e-3, 1e-2, 1e-1)  # of a number that is 0 and has no upper limit
MOST_SHARE = 0.7  # of values left out; beyond it little is learnt
DIGITS = 3  # that a number is rounded to: what is tried can be typed


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """One setting that is searched: either `choices`, or numbers from `low` to `high`."""

    name: str
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    multiple: int = 1  # sizes are rounded to multiples of it, so that heads divide them

    @property
    def distribution(self) -> Any:
        """The same for Optuna."""
        from optuna.distributions import (
            CategoricalDistribution,
            FloatDistribution,
            IntDistribution,
        )

        if self.choices:
            return CategoricalDistribution(self.choices)
        if self.whole:
            return IntDistribution(int(self.low), int(self.high), log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)

    def value(self, drawn: Any) -> Any:
        """The setting that a drawn number means: rounded, still within the limits.

        >>> Dimension(name="units", low=16, high=256, log=True, whole=True, multiple=16).value(37)
        32
        """
        if self.choices:
            return drawn
        if not self.whole:
            return min(max(float(f"{drawn:.{DIGITS}g}"), self.low), self.high)
        rounded = round(drawn / self.multiple) * self.multiple
        return int(min(max(rounded, self.low), self.high))

    def told(self) -> dict[str, Any]:
        """As a table of TOML, which `--space` takes."""
        if self.choices:
            return {"choices": list(self.choices)}
        low, high = (int(self.low), int(self.high)) if self.whole else (self.low, self.high)
        return {"low": low, "high": high, **({"log": True} if self.log else {})}


def derive(field: dataclasses.Field[Any], value: Any) -> Dimension | None:
    """What a setting may take, by type, limits and choices, around its `value`; None: not known."""
    meta, name = field.metadata, field.name
    low, high = meta.get("at_least"), meta.get("at_most")
    if meta.get("choices"):
        return Dimension(name=name, choices=tuple(meta["choices"]))
    if isinstance(value, bool):
        return Dimension(name=name, choices=(False, True))
    if isinstance(value, float):
        return _numbers(name, value, low, high)
    if isinstance(value, int):
        return _whole_numbers(name, value, low, high)
    return None  # a text without choices: a file, a column


def _numbers(name: str, value: float, low: float | None, high: float | None) -> Dimension:
    if low is not None and high is not None:  # a share
        return Dimension(name=name, low=low, high=max(value, min(high, max(low, MOST_SHARE))))
    if value <= 0:
        return Dimension(name=name, choices=NONE_OR_LITTLE)
    lowest = _rounded(value / 10)
    return Dimension(name=name, low=max(lowest, low or lowest), high=_rounded(value * 10), log=True)


def _whole_numbers(name: str, value: int, low: float | None, high: float | None) -> Dimension:
    if value >= SEVERAL:
        least, most, log = value // 4, value * 4, True
    else:
        least, most, log = min(value, 1), value + 2, False
    least = max(least, 1 if low is None else int(low))
    most = most if high is None else min(most, int(high))
    return Dimension(
        name=name, low=min(least, value), high=most, log=log, whole=True,
        multiple=_multiple(value) if log else 1,
    )  # fmt: skip


def _multiple(value: int) -> int:
    """The largest power of two that divides `value` and is at most a quarter of it.

    >>> _multiple(64), _multiple(1500), _multiple(26)
    (16, 4, 2)
    """
    found = 1
    while value % (2 * found) == 0 and 8 * found <= value:
        found *= 2
    return found


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
