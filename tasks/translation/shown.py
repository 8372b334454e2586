"""What was observed of a translator, as sections of the report."""

from collections.abc import Iterable, Mapping
from typing import Any

from seqapps.task import Section, Table

from .figures import attention_map, links

Values = Mapping[str, Any]


def shown(observed: Values) -> Iterable[Section]:
    """The sections in their order."""
    if observed["maps"]:
        yield _looks(observed["maps"])
    if observed.get("pointing"):
        yield Section(
            title="Does it find year, month and day?", parts=[_points(observed["pointing"])]
        )
    yield Section(
        title="What else it would have said",
        parts=[*map(_beam, observed["beams"]), _search(observed["search"])],
    )


def _looks(maps: Any) -> Section:
    shortest = min(maps, key=lambda found: len(found["source"]))
    return Section(
        title="Where it looks",
        parts=[*map(attention_map, maps), links(shortest)],
        note=(
            "For every token of its own translation, from top to bottom, how much of the context "
            "comes from each token of the source, from left to right; a row sums to 1. Signature "
            "explain of the export. The sources lie at 10, 50, 90 and 99 % of all by length. What "
            "is looked at is what the decoder's state had use for, which need not be what a person "
            "would point at."
        ),
    )


def _points(found: Values) -> Table:
    parts = [
        [name, f"{part['dates']:.1%}", f"{part['tokens']:.1%}", f"{part['anywhere']:.1%}"]
        for name, part in found["parts"].items()
    ]
    return Table(
        title="The source token with the most attention lies in the part that is written",
        head=["part of the date", "dates", "tokens", "looking anywhere"],
        rows=[*parts, ["all three", f"{found['all']:.1%}", "-", "-"]],
        note=(
            f"Of {found['dates']:,} test dates with their true targets: the share of dates in "
            "which that holds for every token of the part, the share of the part's tokens, and "
            "the part's share of the source's tokens. Left out are dates of which one cannot tell "
            "which number is the day, such as 3/3/1999."
        ),
    )


def _beam(found: Values) -> Table:
    return Table(
        title=f"The beam for: {found['source']}",
        head=["translation", "score"],
        rows=[
            [text, f"{score:.3f}"]
            for text, score in zip(found["translations"], found["scores"], strict=True)
        ],
        note=f"The reference is: {found['target']}",
    )


def _search(found: Values) -> Table:
    pairs = found["pairs"]
    return Table(
        title="Model or search",
        head=["of the test pairs", "pairs", "share"],
        rows=[
            [name, f"{found[key]:,}", f"{found[key] / pairs:.1%}"]
            for key, name in (
                ("same", "the translation is the reference"),
                ("missed", "the reference is likelier, and the search has missed it"),
            )
        ],
        note=(
            f"Of {pairs:,} pairs. In nats a sentence, references have {found['reference']:.2f} and "
            f"the model's own translations {found['own']:.2f}. Where the reference is likelier, a "
            "wider beam might find it; elsewhere the model itself prefers what it wrote."
        ),
    )
