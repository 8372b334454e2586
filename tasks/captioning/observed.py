"""What the report shows of a captioner, asked of its export: plain values."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.metrics.captions import cider_d
from seqapps.report.heat_maps import opened
from seqapps.task import Ask, Case, Surroundings

from .pointing import pointing

JUDGED = 300  # test pictures among which best and worst are looked for
SHOWN = 3  # of the best, of the worst, and of those between
POINTED = 500  # test scenes whose attention is looked at
THUMBNAIL = 160  # pixels of the longer side
BEAMS = 3


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """Where it looks, best and worst, what else it would have said, and whether it points."""
    cases = _spread(around.test, JUDGED)
    answers = ask("serving_default", [{"image_bytes": case["image_bytes"]} for case in cases])
    scores = cider_d().statistics(cases, answers)[:, 0]
    order = np.argsort(-scores, kind="stable")
    middle = len(order) // 2
    places = {
        "best": order[:SHOWN],
        "in the middle": order[middle : middle + SHOWN],
        "worst": order[::-1][:SHOWN],
    }
    drawn = [case for case in around.test if case["scene"]]
    return {
        "looks": {
            title: _looks(ask, [cases[place] for place in found]) for title, found in places.items()
        },
        "beams": _beams(ask, cases[:BEAMS]),
        "pointing": _pointing(ask, _spread(drawn, POINTED)) if drawn else None,
    }


def _spread(cases: Sequence[Case], most: int) -> list[Case]:
    """At most so many of the cases, in their order."""
    places = np.linspace(0, len(cases) - 1, min(most, len(cases))).round().astype(int)
    return [cases[place] for place in places.tolist()]


def _looks(ask: Ask, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """[{"image", "captions", "tokens", "attention"}] of the model's own captions."""
    return [
        {
            "image": thumbnail(case["image_bytes"]),
            "captions": case["captions"].split("\n"),
            "tokens": [token.strip() for token in tokens],
            "attention": np.round(maps, 4).tolist(),
        }
        for case, (tokens, maps) in zip(cases, _explained(ask, cases), strict=True)
    ]


def _explained(ask: Ask, cases: Sequence[Case]) -> list[tuple[list[str], Any]]:
    """(tokens of the model's own caption with its end, attention [tokens, height, width])."""
    found = ask("explain", [{"image_bytes": c["image_bytes"], "caption": ""} for c in cases])
    told = []
    for answer in found:
        tokens = [token for token in answer["tokens"] if token]
        told.append((tokens, np.asarray(answer["attention"])[: len(tokens)]))
    return told


def thumbnail(image: bytes) -> str:
    """A small JPEG of it, as base64."""
    file = io.BytesIO()
    opened(image, THUMBNAIL).save(file, "JPEG", quality=88)
    return base64.b64encode(file.getvalue()).decode()


def _beams(ask: Ask, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """[{"captions", "scores"}], what the beam holds at its end."""
    return ask("n_best", [{"image_bytes": case["image_bytes"]} for case in cases])


def _pointing(ask: Ask, cases: Sequence[Case]) -> Mapping[str, Any]:
    explained = [{"tokens": tokens, "attention": maps} for tokens, maps in _explained(ask, cases)]
    return {"scenes": len(cases), "scores": pointing(cases, explained)}
