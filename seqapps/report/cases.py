"""The picked cases as a reader sees them: input, truth, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seqapps.answers import Answers
from seqapps.doctor.view import shortened
from seqapps.report.picks import Labels, labels_of, loss_of
from seqapps.task import Case, Column, Response, Task

LONGEST = 600  # characters of an input
MOST_TOKENS = 120  # shaded ones
DIGITS = 4


def groups(
    task: Task, answers: Answers, explained: Mapping[str, Any], best: str | None
) -> list[dict[str, Any]]:
    """[{"title", "cases": [{"input", "words", "spaced", "facts"}]}].

    `words` are shaded, [{"text", "alpha", "against", "title"}], and there where the export tells
    weights; `facts` are [{"name", "value", "side"}].
    """
    return [
        {
            "title": each["title"],
            "cases": [
                _case(task, answers, place, explained["weights"].get(str(place)), best)
                for place in each["places"]
            ],
        }
        for each in explained["picks"]
    ]


def moved(
    task: Task, answers: Answers, explained: Mapping[str, Any], best: str | None
) -> list[dict[str, Any]]:
    """The cases of which words were left out, shaded by what that changed."""
    found = []
    for place, stretches in explained["shades"].items():
        most = max((abs(effect) for _, effect in stretches if effect is not None), default=0) or 1
        words = [
            {
                "text": text,
                "alpha": None if effect is None else round(100 * abs(effect) / most),
                "against": effect is not None and effect < 0,
                "title": "" if effect is None else f"{effect:+.2f} nats",
            }
            for text, effect in stretches
        ]
        found.append({**_case(task, answers, int(place), None, best), "words": words})
    return found


def _case(
    task: Task, answers: Answers, place: int, weights: list[list[Any]] | None, best: str | None
) -> dict[str, Any]:
    case, response = answers.cases[place], answers.model[place]
    baseline = answers.baseline[place] if answers.baseline else None
    inputs = [_shown(case[name], column) for name, column in task.inputs.items()]
    labels = labels_of(task)
    found: dict[str, Any] = {"input": " | ".join(inputs), "words": [], "spaced": False}
    if weights:
        found["words"] = _shaded(weights[:MOST_TOKENS])
        if weights[MOST_TOKENS:]:
            found["words"].append(_plain(f"... and {len(weights) - MOST_TOKENS:,} more tokens"))
        found["spaced"] = any(len(token) > 1 for token, _ in weights)
    if labels:
        found["facts"] = _label_facts(labels, case, response, baseline, best)
    else:
        found["facts"] = _other_facts(task, case, response, baseline, best)
    return found


def _shaded(weights: list[list[Any]]) -> list[dict[str, Any]]:
    most = max((weight for _, weight in weights), default=0) or 1
    return [
        {
            "text": token,
            "alpha": round(100 * weight / most),
            "against": False,
            "title": f"{100 * weight:.1f} %",
        }
        for token, weight in weights
    ]


def _plain(text: str) -> dict[str, Any]:
    return {"text": text, "alpha": None, "against": False, "title": ""}


def _label_facts(
    labels: Labels, case: Case, response: Response, baseline: Response | None, best: str | None
) -> list[dict[str, str]]:
    facts = [_fact("true", case[labels.target]), _told("told", labels, case, response)]
    if case[labels.target] != response[labels.label]:
        facts.append(_fact("for the true one", f"{labels.true_probability(case, response):.3f}"))
    if baseline and labels.scores in baseline:
        facts.append(_told(best or "baseline", labels, case, baseline))
    return facts


def _told(name: str, labels: Labels, case: Case, response: Response) -> dict[str, str]:
    right = case[labels.target] == response[labels.label]
    value = f"{response[labels.label]} {max(response[labels.scores]):.3f}"
    return _fact(name, value, side="right" if right else "wrong")


def _fact(name: str, value: str, *, side: str = "") -> dict[str, str]:
    return {"name": name, "value": value, "side": side}


def _other_facts(
    task: Task, case: Case, response: Response, baseline: Response | None, best: str | None
) -> list[dict[str, str]]:
    metric = next(iter(task.metrics))
    sign = -1 if task.metrics[metric].higher_is_better else 1

    def scored(answer: Response) -> str:
        return f"{sign * float(loss_of(task, [case], [answer])[0]):.{DIGITS}g}"

    facts = [
        _fact(f"true {name}", _shown(case[name], column)) for name, column in task.targets.items()
    ]
    facts += [_fact(name, _value(value)) for name, value in response.items()]
    facts.append(_fact(metric, scored(response)))
    if baseline:
        facts.append(_fact(f"{metric} of {best}", scored(baseline)))
    return facts


def _shown(value: Any, column: Column) -> str:
    if isinstance(value, dict):  # of an image, its digest only
        return f"image {value['sha256'][:12]}"
    return shortened(value, column.kind, LONGEST)


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return (
            "[" + ", ".join(_value(item) for item in value[:8]) + (", ...]" if value[8:] else "]")
        )
    return str(value)
