"""What was observed of a translator, as sections of the report."""

from collections.abc import Iterable, Mapping
from typing import Any

from seqapps.metrics.translation import signatures
from seqapps.task import Section, Table

from .figures import attention_map, links

Values = Mapping[str, Any]


def shown(observed: Values) -> Iterable[Section]:
    """The sections in their order."""
    if observed["maps"]:
        yield _looks(observed["maps"])
    yield Section(
        title="What else it would have said",
        parts=[*map(_beam, observed["beams"]), _search(observed["search"])],
    )
    yield Section(title="How it is scored", parts=[_signatures()])


def _looks(maps: Any) -> Section:
    shortest = min(maps, key=lambda found: len(found["source"]))
    return Section(
        title="Where it looks",
        parts=[*map(attention_map, maps), links(shortest)],
        note=(
            "For every token of its own translation, from top to bottom, how much of the context "
            "comes from each token of the source, from left to right; a row sums to 1. Signature "
            "explain of the export. The sources lie at 10, 50, 90 and 99 % of all by length, as "
            "far as their maps can be read. What is looked at is what the decoder's state had use "
            "for, which need not be what a person would point at."
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


def _signatures() -> Table:
    return Table(
        title="Signatures of sacrebleu",
        head=["metric", "signature"],
        rows=[[name, text] for name, text in signatures().items()],
        note="With the same signature scores of other systems on the same references compare.",
    )
