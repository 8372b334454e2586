"""The task's own picture in the report."""

from collections.abc import Sequence

from seqapps.report.labels import by_length
from seqapps.task import Case, Figure, Response
from seqapps.text.pieces import pieces


def by_words(cases: Sequence[Case], responses: Sequence[Response]) -> Figure:
    """Accuracy by words of the text, or characters of a script without spaces."""
    return by_length(
        cases,
        responses,
        length=lambda case: len(pieces(case["text"])),
        right=lambda case, response: case["label"] == response["label"],
    )
