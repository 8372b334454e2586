"""What was observed of a captioner, as sections of the report."""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from seqapps.report import heat_maps
from seqapps.task import Figure, Section, Table

Values = Mapping[str, Any]


def shown(observed: Values) -> Iterable[Section]:
    """The sections in their order."""
    for title, looks in observed["looks"].items():
        yield Section(
            title=f"Where it looks: {title}",
            parts=[_look(found) for found in looks],
            note=(
                "Test pictures, and once for each word of the model's own caption the picture "
                "again, lit where the word's attention lies (signature explain of the export). "
                "Best, middle and worst go by CIDEr-D of the caption. What is looked at is what "
                "the decoder had use for, which need not be what a person would point at."
            ),
        )
    if observed["pointing"]:
        yield _points(observed["pointing"])
    yield Section(
        title="What else it would have said", parts=[_beam(found) for found in observed["beams"]]
    )


def _look(found: Values) -> Figure:
    picture = heat_maps.opened(base64.b64decode(found["image"]))
    tokens = found["tokens"]
    return Figure(
        title=" ".join(tokens[:-1]),
        draw=lambda axes: heat_maps.draw(axes, picture, tokens, found["attention"], size=6.5),
        note="References: " + "; ".join(found["captions"]),
        height=0.1 + 0.64 * heat_maps.height_of(picture, len(tokens)),
    )


def _points(found: Values) -> Section:
    rows = [
        [kind, word, f"{score['share']:.1%}", f"{score['low']:.1%} to {score['high']:.1%}",
         f"{score['chance']:.1%}", f"{score['ceiling']:.1%}", f"{score['count']:,}"]
        for kind, words in found["scores"].items()
        for word, score in words.items()
    ]  # fmt: skip
    return Section(
        title="Does it point at what it names?",
        parts=[
            Table(
                title="Pointing score",
                head=["kind", "word", "hits", "95 % interval", "by chance", "at most", "words"],
                rows=rows,
                note=(
                    f"Of {found['scenes']:,} test scenes. A word hits where the centre of the cell "
                    "with the strongest attention lies in the box of the object that is named. By "
                    "chance is the boxes' share of the cells; at most is the share of words of "
                    "which the box holds the centre of any cell."
                ),
            )
        ],
    )


def _beam(found: Values) -> Table:
    return Table(
        title=f"The beam for: {found['captions'][0]}",
        head=["caption", "score"],
        rows=[
            [text, f"{score:.3f}"]
            for text, score in zip(found["captions"], found["scores"], strict=True)
        ],
    )
