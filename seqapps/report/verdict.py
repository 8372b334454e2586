"""What a run's evaluation says, in one sentence and in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
        side = "above" if difference["value"] >= 0 else "below"
        sure = difference["low"] > 0 or difference["high"] < 0
        text += (
            f", {abs(difference['value']):.3f} {side} {best} "
            f"(95 % interval {difference['low']:+.3f} to {difference['high']:+.3f})"
            + ("" if sure else ": no clear difference")
        )
    return f"{text}. Goal {'reached' if goal['reached'] else 'missed'}: {goal['text']}."


def table(evaluation: Mapping[str, Any]) -> list[list[str]]:
    """Header and one line per predictor: value and interval of every metric.

    The model comes first, then its parts where it has some, then the baselines.
    """
    metrics = list(evaluation["model"])
    lines = [["", *metrics]]
    parts = {f"- {name}": scores for name, scores in evaluation.get("parts", {}).items()}
    everyone = {"model": evaluation["model"], **parts, **evaluation["baselines"]}
    for name, scores in everyone.items():
        lines.append([name, *(shown(scores[metric]) for metric in metrics)])
    return lines


def shown(score: Mapping[str, float]) -> str:
    """A score with its interval.

    >>> shown({"value": 0.7684, "low": 0.741, "high": 0.79})
    '0.768 (0.741 to 0.790)'
    """
    return f"{score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})"
