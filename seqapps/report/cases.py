"""The picked cases as a reader sees them: input, truth, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from seqapps.answers import Answers
from seqapps.doctor.view import shortened
from seqapps.report.picks import Labels, labels_of, scores_of
from seqapps.task import Case, Column, Output, Response, Signature, Task
from seqapps.text.tokens import spaced, with_tags

LONGEST = 600  # characters of an input
MOST_TOKENS = 120  # shaded ones, or more where they are short
SHADED = 360  # characters that are shaded at least, where the text has them
LEAD = 90  # characters of what stands before a shaded text
DIGITS = 4


def explaining(task: Task, settings: Any) -> tuple[str, Signature] | None:
    """(name, signature) of what tells tokens of the task's own inputs and weights of them."""
    for name, declared in task.signatures(settings).items():
        if declared.inputs == task.inputs and declared.explains:
            return name, declared
    return None


def shading(task: Task, settings: Any) -> str:
    """How the shades of the cases are read; nothing where no signature tells weights."""
    found = explaining(task, settings)
    if found is None:
        return ""
    name, declared = found
    meaning = declared.answer[declared.outputs["weights"]].meaning
    return (
        f"Shades of tokens: {meaning} (signature {name} of the export). The strongest is the most "
        "of its case; tokens are shown as the model reads them."
    )


def visible_newlines(text: str) -> str:
    """A mark where a line ends: on a shade of its own, a newline would be nothing to see."""
    return text.replace("\n", "↵\n")


def groups(
    task: Task, answers: Answers, explained: Mapping[str, Any], best: str | None
) -> list[dict[str, Any]]:
    """[{"title", "cases": [{"input", "lead", "words", "spaced", "facts"}]}].

    `words` are shaded, [{"text", "alpha", "against", "title"}], and there where the export tells
    weights; `lead` is the end of what the model read before them; `facts` are
    [{"name", "value", "side"}].
    """
    scores = _Scores(task, answers)
    return [
        {
            "title": each["title"],
            "cases": [
                _case(task, answers, place, explained["weights"].get(str(place)), best, scores)
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
    scores = _Scores(task, answers)
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
        case = _case(task, answers, int(place), None, best, scores)
        found.append({**case, "words": words})
    return found


class _Scores:
    """The first metric of each case, counted once and where it is shown."""

    def __init__(self, task: Task, answers: Answers) -> None:
        self._task, self._answers = task, answers

    @cached_property
    def model(self) -> np.ndarray:
        """Float [cases]."""
        return scores_of(self._task, self._answers.cases, self._answers.model)

    @cached_property
    def baseline(self) -> np.ndarray:
        """Float [cases]; empty where no baseline answered."""
        answered = self._answers.baseline
        return scores_of(self._task, self._answers.cases, answered) if answered else np.empty(0)


def _case(
    task: Task,
    answers: Answers,
    place: int,
    weights: list[list[Any]] | None,
    best: str | None,
    scores: _Scores,
) -> dict[str, Any]:
    case, response = answers.cases[place], answers.model[place]
    baseline = answers.baseline[place] if answers.baseline else None
    inputs = [_shown(case[name], column) for name, column in task.inputs.items()]
    labels = labels_of(task)
    found: dict[str, Any] = {"input": " | ".join(inputs), "lead": "", "words": [], "spaced": False}
    tags = next((name for name, column in task.targets.items() if column.along), None)
    if tags:
        found["facts"] = _tag_facts(task, tags, case, response, baseline, best)
    elif labels:
        found["facts"] = _label_facts(labels, case, response, baseline, best)
    else:
        found["facts"] = _other_facts(task, case, response, place, best, scores)
    if weights:
        _shade(task, case, weights, found)
    return found


def _shade(task: Task, case: Case, weights: list[list[Any]], found: dict[str, Any]) -> None:
    tokens = [token for token, _ in weights]
    count = _shown_tokens(tokens)
    found["words"] = _shaded(weights[:count])
    if count < len(tokens):
        found["words"].append(_plain(f" ... and {len(tokens) - count:,} more tokens"))
    texts = [name for name, column in task.inputs.items() if column.kind == "text"]
    own = [name for name in texts if case[name] == "".join(tokens)]
    found["spaced"] = not own and _lack_spaces(tokens)
    own = own or texts[-1:]  # tokens that are not known are written in another way
    rest = [name for name in task.inputs if name not in own]
    before = " ".join(case[name] for name in rest if name in texts)
    found["lead"] = f"...{before[-LEAD:]}" if before[LEAD:] else before
    others = [name for name in rest if name not in texts]
    found["facts"] = [
        *(_fact(name, _shown(case[name], task.inputs[name])) for name in others),
        *found["facts"],
    ]


def _shown_tokens(tokens: list[str]) -> int:
    count = characters = 0
    while count < len(tokens) and (count < MOST_TOKENS or characters < SHADED):
        characters += len(tokens[count])
        count += 1
    return count


def _lack_spaces(tokens: list[str]) -> bool:
    """Whether tokens are words without their spaces, which must be put between them again."""
    return any(len(token) > 1 for token in tokens) and not any(map(str.isspace, "".join(tokens)))


def _shaded(weights: list[list[Any]]) -> list[dict[str, Any]]:
    most = max((weight for _, weight in weights), default=0) or 1
    return [
        {
            "text": visible_newlines(token),
            "alpha": round(100 * max(0.0, weight) / most),
            "against": False,
            "title": f"{weight:.3g}",
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


def _tag_facts(
    task: Task, target: str, case: Case, response: Response, baseline: Response | None,
    best: str | None,
) -> list[dict[str, str]]:  # fmt: skip
    """The true tags, and of each who answered those that are others."""
    words, truth = spaced(case[task.targets[target].along]), spaced(case[target])
    name = next(name for name, output in task.answer.items() if output.kind == "tags")
    facts = [_fact("true", shortened(with_tags(words, truth), "text", LONGEST))]
    for who, answer in (("told", response), (best or "baseline", baseline)):
        if answer is not None:
            told = zip(words, truth, answer[name], strict=False)
            other = [(word, tag) for word, true, tag in told if tag != true]
            text = with_tags(*zip(*other, strict=True)) if other else "the same"
            facts.append(_fact(who, text, side="wrong" if other else "right"))
    return facts


def _told(name: str, labels: Labels, case: Case, response: Response) -> dict[str, str]:
    right = case[labels.target] == response[labels.label]
    value = f"{response[labels.label]} {max(response[labels.scores]):.3f}"
    return _fact(name, value, side="right" if right else "wrong")


def _fact(name: str, value: str, *, side: str = "") -> dict[str, str]:
    return {"name": name, "value": value, "side": side}


def _other_facts(
    task: Task, case: Case, response: Response, place: int, best: str | None, scores: _Scores
) -> list[dict[str, str]]:
    metric = next(iter(task.metrics))
    facts = [
        _fact(f"true {name}", _shown(case[name], column))
        for name, column in task.targets.items()
        if not column.metrics_only
    ]
    told = {name: value for name, value in response.items() if name != metric}
    facts += [_fact(name, _answered(value, task.answer.get(name))) for name, value in told.items()]
    tells_of = task.metrics[metric].tells_of
    if tells_of is None or tells_of(case):
        facts.append(_fact(metric, f"{scores.model[place]:.{DIGITS}g}"))
        if len(scores.baseline):
            facts.append(_fact(f"{metric} of {best}", f"{scores.baseline[place]:.{DIGITS}g}"))
    return facts


def _shown(value: Any, column: Column) -> str:
    if isinstance(value, dict):  # of an image, its digest only
        return f"image {value['sha256'][:12]}"
    return shortened(value, column.kind, LONGEST)


def _answered(value: Any, output: Output | None) -> str:
    if output is not None and output.kind in ("series", "band"):
        return shortened(value, "series", LONGEST)
    return _value(value)


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return (
            "[" + ", ".join(_value(item) for item in value[:8]) + (", ...]" if value[8:] else "]")
        )
    return str(value)
