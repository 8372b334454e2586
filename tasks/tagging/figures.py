"""Pictures of the report that only this task knows."""

from collections.abc import Sequence
from dataclasses import replace

from seqapps.metrics.tagging import tagged
from seqapps.report.labels import confusion
from seqapps.task import Case, Figure, Response


def confusion_of_tags(cases: Sequence[Case], responses: Sequence[Response]) -> Figure:
    """True tags down, told tags across, over all words."""
    words = [one for pair in zip(cases, responses, strict=True) for one in tagged(*pair)]
    figure = confusion([one.tag for one in words], [one.told for one in words])
    note = figure.note.replace("cases of one true label", "words of one true tag")
    return replace(figure, title="Confusion of tags", note=note.replace("labels", "tags"))
