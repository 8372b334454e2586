"""Pictures of the report that only this task knows."""

from collections.abc import Sequence
from dataclasses import replace

from seqapps.metrics.tagging import tagged
from seqapps.report.labels import by_length, confusion
from seqapps.task import Case, Figure, Response
from seqapps.text.tokens import spaced


def confusion_of_tags(cases: Sequence[Case], responses: Sequence[Response]) -> Figure:
    """True tags down, told tags across, over all words."""
    words = [one for pair in zip(cases, responses, strict=True) for one in tagged(*pair)]
    truth, told = [one.tag for one in words], [one.told for one in words]
    return replace(confusion(truth, told, label="tag", case="word"), title="Confusion of tags")


def sentences_by_length(cases: Sequence[Case], responses: Sequence[Response]) -> Figure:
    """Sentences without any wrong tag, by their words: each more may be wrong."""
    figure = by_length(
        cases,
        responses,
        length=lambda case: len(spaced(case["text"])),
        right=lambda case, response: all(one.tag == one.told for one in tagged(case, response)),
    )
    note = "Sentences without any wrong tag, by their words, with 95 % intervals; dashed: of all."
    return replace(figure, title="Whole sentences by length", note=note)
