"""Whether attention finds year, month and day where they stand in the source of a date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from seqapps.task import Case

from .dates import FIRST_YEAR, LOCALES, NEW_LOCALES, YEARS, formats, pieces_of

Span = tuple[int, int]  # characters, the last one not among them
Spans = Mapping[str, Span]
# Tokens of source and target without padding, the last ones for the end, and [target, source].
Explained = tuple[Sequence[str], Sequence[str], np.ndarray]

ISO: Spans = {"year": (0, 4), "month": (5, 7), "day": (8, 10)}  # of 1999-03-03
MOST = 2_000  # dates that are looked at


def dated(cases: Sequence[Case]) -> list[tuple[Case, Spans]]:
    """Cases that are dates of which it is plain where year, month and day stand; at most `MOST`."""
    places = np.linspace(0, len(cases) - 1, min(MOST, len(cases))).round().astype(int)
    found = ((cases[place], spans_of(cases[place])) for place in places)
    return [(case, spans) for case, spans in found if spans]


def spans_of(case: Case) -> Spans:
    """Where the parts of the target stand in the source, by the formats of `sample:dates`.

    {"source": "3. März 1999", "target": "1999-03-03"} -> {"day": (0, 1), "month": (3, 7), "year":
    (8, 12)}. Empty where no format writes the date so, and where two do that differ, as of
    "3/3/1999" nobody can tell which number is the day.
    """
    day = _day(case["target"])
    if day is None:
        return {}
    every = (each for locale in (*LOCALES, *NEW_LOCALES) for each in formats(locale))
    found = {
        tuple(sorted(spans.items()))
        for text, spans in (_written(format_, day) for format_ in every)
        if text.casefold() == case["source"].casefold() and len(text) == len(case["source"])
    }
    return dict(found.pop()) if len(found) == 1 else {}


def pointing(spans: Sequence[Spans], explained: Iterable[Explained]) -> dict[str, Any]:
    """How often the source token that is looked at most lies in the part that is written.

    {"dates": 1871, "all": 0.93, "parts": {"year": {"dates": 0.98, "tokens": 0.99, "anywhere":
    0.31}, ...}}: of the dates, the share in which that holds for every token of the part, and of
    all three; of the part's tokens alone; and the part's share of the source, which looking
    anywhere would have. Dates whose tokens are not the text are left out. Empty without any date.
    """
    found: dict[str, list[tuple[np.ndarray, float]]] = {part: [] for part in ISO}
    for where, (source, target, weights) in zip(spans, explained, strict=True):
        reached = max(to for _, to in where.values())
        if len("".join(source[:-1])) < reached or len("".join(target[:-1])) != ISO["day"][1]:
            continue  # cut, or tokens that are not parts of the text
        for part, iso in ISO.items():
            inside = _inside(source, where[part])  # [source]
            written = np.flatnonzero(_inside(target, iso))
            looked = np.asarray(weights)[written].argmax(axis=1)
            found[part].append((inside[looked], float(inside.mean())))
    if not found["year"]:
        return {}
    whole = {part: [bool(hits.all()) for hits, _ in each] for part, each in found.items()}
    return {
        "dates": len(found["year"]),
        "all": float(np.mean(np.all(list(whole.values()), axis=0))),
        "parts": {
            part: {
                "dates": float(np.mean(whole[part])),
                "tokens": float(np.mean(np.concatenate([hits for hits, _ in each]))),
                "anywhere": float(np.mean([share for _, share in each])),
            }
            for part, each in found.items()
        },
    }


def _day(target: str) -> date | None:
    try:
        day = date.fromisoformat(target)
    except ValueError:
        return None
    known = day.isoformat() == target and FIRST_YEAR <= day.year < FIRST_YEAR + YEARS
    return day if known else None


def _written(format_: Any, day: date) -> tuple[str, dict[str, Span]]:
    """A date in a format, and where its parts stand there."""
    pieces = pieces_of(format_, year=day.year, month=day.month, day=day.day, weekday=day.weekday())
    named = zip((part.of for part in format_), _ends(pieces), strict=True)
    return "".join(pieces), {part: span for part, span in named if part in ISO}


def _inside(tokens: Sequence[str], span: Span) -> np.ndarray:
    """Which tokens have a character in the span; the last one, the end, has none: [tokens]."""
    start, end = span
    return np.array([*(first < end and start < last for first, last in _ends(tokens[:-1])), False])


def _ends(pieces: Iterable[str]) -> Iterator[Span]:
    """The span of each of the pieces that make a text."""
    at = 0
    for piece in pieces:
        yield at, at + len(piece)
        at += len(piece)
