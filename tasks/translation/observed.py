"""What the report shows of a translator, asked of its export: plain values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.task import Ask, Case, Surroundings
from seqapps.text.token_ids import visible

from .pointing import Explained, dated, pointing

PLACES = (0.1, 0.5, 0.9, 0.99)  # of the test sources in the order of their length
WIDEST = 40  # tokens of a side that a map shows
COMPARED = 500  # test pairs whose references are scored


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """Where it looks and whether it finds what it writes; what else the search has and misses."""
    cases = _by_length(around.test)
    explains = around.settings.looks
    return {
        "maps": _maps(ask, cases) if explains else [],
        "pointing": _pointing(ask, around.test) if explains else {},
        "beams": _beams(ask, cases),
        "search": _search(ask, around.test),
    }


def _by_length(cases: Sequence[Case]) -> list[Case]:
    order = np.argsort([len(case["source"]) for case in cases], kind="stable")
    places = dict.fromkeys(int(place * (len(cases) - 1)) for place in PLACES)
    return [cases[order[place]] for place in places]


def _maps(ask: Ask, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """[{"source": [token], "target": [token], "weights": [[0.98, ...]], "tokens": [57, 33]}].

    Of own translations; of long ones the first tokens, while `tokens` counts all of both sides.
    """
    found = []
    for source, target, weights in _explained(ask, cases, targets=[""] * len(cases)):
        first, second = source[:WIDEST], target[:WIDEST]
        rows = weights[: len(second), : len(first)]
        found.append({
            "source": [visible(token) for token in first],
            "target": [visible(token) for token in second],
            "weights": rows.round(3).tolist(),
            "tokens": [len(source), len(target)],
        })  # fmt: skip
    return found


def _pointing(ask: Ask, cases: Sequence[Case]) -> dict[str, Any]:
    """Whether the parts of true dates are looked for where they stand; nothing of other data."""
    chosen = dated(cases)
    dates = [case for case, _ in chosen]
    told = _explained(ask, dates, targets=[case["target"] for case in dates]) if dates else ()
    return pointing([spans for _, spans in chosen], told)


def _explained(ask: Ask, cases: Sequence[Case], *, targets: Sequence[str]) -> Iterator[Explained]:
    """(source tokens, target tokens, weights [target, source]) without padding."""
    asked = [
        {"source": case["source"], "target": target}
        for case, target in zip(cases, targets, strict=True)
    ]
    for told in ask("explain", asked):
        source, target = (_real(told[f"{side}_tokens"]) for side in ("source", "target"))
        yield source, target, np.asarray(told["attention"])[: len(target), : len(source)]


def _real(tokens: Sequence[str]) -> list[str]:
    """Without the padding; a token of no text can only stand before the last one that has some."""
    last = max((place for place, token in enumerate(tokens) if token), default=-1)
    return list(tokens[: last + 1])


def _beams(ask: Ask, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """[{"source", "target", "translations", "scores"}], what the beam holds at its end."""
    answers = ask("n_best", [{"source": case["source"]} for case in cases])
    return [
        {"source": case["source"], "target": case["target"], **told}
        for case, told in zip(cases, answers, strict=True)
    ]


def _search(ask: Ask, cases: Sequence[Case]) -> dict[str, Any]:
    """How likely references and own translations are, nats per token, and which is likelier.

    Where the reference is likelier the search has missed it; where it is not, the model itself
    prefers something else (Stahlberg and Byrne 2019).
    """
    places = np.linspace(0, len(cases) - 1, min(COMPARED, len(cases))).round().astype(int)
    chosen = [cases[place] for place in places]
    best = ask("n_best", [{"source": case["source"]} for case in chosen])
    own = [
        {"source": case["source"], "target": told["translations"][0]}
        for case, told in zip(chosen, best, strict=True)
    ]
    scores = {
        who: [told["log_probability"] for told in ask("score", pairs)]
        for who, pairs in (
            ("reference", [{key: case[key] for key in ("source", "target")} for case in chosen]),
            ("own", own),
        )
    }
    other = [case["target"] != pair["target"] for case, pair in zip(chosen, own, strict=True)]
    missed = np.array(scores["reference"]) > np.array(scores["own"])
    return {
        "pairs": len(chosen),
        "same": len(chosen) - sum(other),
        "missed": int(np.sum(missed & np.array(other))),
        "reference": float(np.mean(scores["reference"])),
        "own": float(np.mean(scores["own"])),
    }
