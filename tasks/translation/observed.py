"""What the report shows of a translator, asked of its export: plain values."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.task import Ask, Case, Surroundings
from seqapps.text.token_ids import visible

PLACES = (0.1, 0.5, 0.9, 0.99)  # of the test sources in the order of their length
WIDEST = 40  # tokens of a side that a map still shows
COMPARED = 500  # test pairs whose references are scored


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """Where it looks, what else it would have said, whether the search finds what is likely."""
    cases = _by_length(around.test)
    explains = around.settings.looks
    return {
        "maps": _maps(ask, cases) if explains else [],
        "beams": _beams(ask, cases),
        "search": _search(ask, around.test),
    }


def _by_length(cases: Sequence[Case]) -> list[Case]:
    order = np.argsort([len(case["source"]) for case in cases], kind="stable")
    places = dict.fromkeys(int(place * (len(cases) - 1)) for place in PLACES)
    return [cases[order[place]] for place in places]


def _maps(ask: Ask, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """[{"source": [token], "target": [token], "weights": [[0.98, ...]]}] of own translations."""
    asked = [{"source": case["source"], "target": ""} for case in cases]
    found = []
    for told in ask("explain", asked):
        source, target = (_real(told[f"{side}_tokens"]) for side in ("source", "target"))
        rows = np.asarray(told["attention"])[: len(target), : len(source)]
        if max(rows.shape) <= WIDEST:
            found.append({
                "source": [visible(token) for token in source],
                "target": [visible(token) for token in target],
                "weights": rows.round(3).tolist(),
            })  # fmt: skip
    return found


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
