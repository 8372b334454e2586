"""What a run's evaluation says, in one sentence and in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seqapps.task import Task

WITH_INTERVALS = 5  # metrics of a table in the terminal that leave room for intervals


def verdict(evaluation: Mapping[str, Any]) -> str:
    """Whether the network is worth its cost, with the interval that says how sure that is.

    "accuracy 0.768 on 1,166 test cases, 0.004 above tfidf_words (95 % interval -0.021 to 0.029):
    no clear difference. Goal missed: accuracy 0.768, wanted at least 0.780."
    """
    goal, best = evaluation["goal"], evaluation["best_baseline"]
    metric = goal["metric"]
    text = (
        f"{metric} {evaluation['model'][metric]['value']:.3f} on {evaluation['cases']:,} "
        f"{evaluation['split']} cases"
    )
    if best:
        difference = evaluation["difference"][metric]
        far = f"{abs(difference['value']):.3f}"
        side = "above" if difference["value"] >= 0 else "below"
        sure = difference["low"] > 0 or difference["high"] < 0
        text += (
            f", {'the same as' if far == '0.000' else f'{far} {side}'} {best} "
            f"(95 % interval {difference['low']:+.3f} to {difference['high']:+.3f})"
            + ("" if sure else ": no clear difference")
        )
    return f"{text}. Goal {'reached' if goal['reached'] else 'missed'}: {goal['text']}."


def outcome(evaluation: Mapping[str, Any], task: Task) -> dict[str, str]:
    """{"title": the finding in a few words, "side": "better", "worse" or ""}."""
    best, metric = evaluation["best_baseline"], evaluation["goal"]["metric"]
    if best is None:
        return {"title": f"{metric} {evaluation['model'][metric]['value']:.3f}", "side": ""}
    sign = 1 if task.metrics[metric].higher_is_better else -1
    gain = sorted(sign * evaluation["difference"][metric][key] for key in ("low", "high"))
    if gain[0] > 0:
        return {"title": f"Clearly better than {best}", "side": "better"}
    if gain[1] < 0:
        return {"title": f"Clearly worse than {best}", "side": "worse"}
    return {"title": f"No clear difference from {best}", "side": ""}


def lines_of(evaluation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One line per predictor for the page: the model, its parts, the baselines."""
    metric, best = evaluation["goal"]["metric"], evaluation["best_baseline"]
    found = [_line("model", "", evaluation["model"], None, model=True)]
    for name, scores in evaluation.get("parts", {}).items():
        found.append(_line(name, "part of the model", scores, None))
    for name, scores in evaluation["baselines"].items():
        gain = evaluation["differences"][name][metric]
        note = f"baseline, best on {chosen_on(evaluation)}" if name == best else "baseline"
        found.append(_line(name, note, scores, gain))
    return found


def chosen_on(evaluation: Mapping[str, Any]) -> str:
    """What the best baseline was chosen on, in words."""
    if evaluation.get("chosen_on") == "test":
        return "the test part, as validation has nothing to tell"
    return "validation"


def _line(
    name: str,
    note: str,
    scores: Mapping[str, Any],
    gain: Mapping[str, float] | None,
    *,
    model: bool = False,
) -> dict[str, Any]:
    cells = [
        {"value": f"{score['value']:.3f}", "interval": f"{score['low']:.3f} to {score['high']:.3f}"}
        for score in scores.values()
    ]
    difference: dict[str, str] = {}
    if gain:
        interval = f"{gain['low']:+.3f} to {gain['high']:+.3f}"
        difference = {"value": f"{gain['value']:+.3f}", "interval": interval}
    return {"name": name, "note": note, "cells": cells, "difference": difference, "model": model}


def shown_seconds(seconds: float) -> str:
    """One decimal, none from a thousand on.

    >>> shown_seconds(0.04), shown_seconds(31.26), shown_seconds(5432.1)
    ('0.0', '31.3', '5,432')
    """
    return f"{seconds:,.1f}" if seconds < 1000 else f"{seconds:,.0f}"


def table(evaluation: Mapping[str, Any]) -> list[list[str]]:
    """Header and one line per predictor: value and interval of every metric.

    Of more than `WITH_INTERVALS` metrics only that of the verdict has its interval here. The model
    comes first, then its parts where it has some, then the baselines.
    """
    metrics = list(evaluation["model"])
    lines = [["", *metrics]]
    parts = {f"- {name}": scores for name, scores in evaluation.get("parts", {}).items()}
    everyone = {"model": evaluation["model"], **parts, **evaluation["baselines"]}
    chosen = metrics if len(metrics) <= WITH_INTERVALS else [evaluation["goal"]["metric"]]
    for name, scores in everyone.items():
        lines.append(
            [
                name,
                *(
                    shown(scores[metric]) if metric in chosen else f"{scores[metric]['value']:.3f}"
                    for metric in metrics
                ),
            ]
        )
    return lines


def signature_lines(signatures: Mapping[str, str]) -> list[str]:
    """What scores were counted with, where their metrics tell that.

    >>> signature_lines({"chrf": "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0"})
    ['chrf: nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0']
    """
    return [f"{name}: {signature}" for name, signature in signatures.items()]


def shown(score: Mapping[str, float]) -> str:
    """A score with its interval.

    >>> shown({"value": 0.7684, "low": 0.741, "high": 0.79})
    '0.768 (0.741 to 0.790)'
    """
    return f"{score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})"
