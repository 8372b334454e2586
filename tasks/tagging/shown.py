"""What was observed of a tagger, as sections of the report."""

from collections.abc import Iterable, Mapping
from typing import Any

from seqapps.task import Passage, Passages, Section, Shaded, Table

Values = Mapping[str, Any]


def shown(observed: Values) -> Iterable[Section]:
    """The sections in their order."""
    parts: list[Table | Passages] = [_tags(observed["tags"])]
    if observed["pairs"]:
        parts += [_pairs(observed["pairs"]), _hardest(observed["hardest"])]
    parts.append(_written(observed["written"]))
    note = f"Of {observed['words']:,} words in {observed['sentences']:,} test sentences."
    yield Section(title="Where it errs", parts=parts, note=note)


def _tags(tags: Iterable[Values]) -> Table:
    rows = []
    for each in tags:
        right, true, told = each["right"], each["true"], each["told"]
        unseen = each["unseen"]
        rows.append([
            each["tag"], f"{true:,}", _share(right, told), _share(right, true),
            f"{2 * right / (true + told):.3f}", f"{unseen:,}", _share(each["unseen_right"], unseen),
        ])  # fmt: skip
    return Table(
        title="By tag",
        head=["tag", "words", "precision", "recall", "F1", "unseen words", "of these right"],
        rows=rows,
        note="Unseen words are those that training lacks, capitals aside.",
    )


def _pairs(pairs: Iterable[Values]) -> Table:
    return Table(
        title="Tags that are taken for others",
        head=["true", "told", "times", "words, the most frequent ones"],
        rows=[
            [each["tag"], each["told"], f"{each['times']:,}", ", ".join(each["words"])]
            for each in pairs
        ],
    )


def _hardest(words: Iterable[Values]) -> Table:
    return Table(
        title="Hardest words",
        head=["word", "times", "wrong", "its tags", "what was mistaken"],
        rows=[
            [each["word"], f"{each['times']:,}", f"{each['wrong']:,}", _counted(each["tags"]),
             _counted(each["told"])]
            for each in words
        ],
    )  # fmt: skip


def _written(sentences: Iterable[Values]) -> Passages:
    """Sentences as word/TAG; wrong tags on a dark ground."""
    passages = [
        Passage("", [part for word in each["words"] for part in _parts(*word)])
        for each in sentences
    ]
    return Passages(
        title="Whole sentences",
        passages=passages,
        note="word/TAG as told; on a dark ground the wrong ones, with the true tag behind.",
    )


def _parts(word: str, tag: str, told: str, score: float) -> list[Shaded]:
    tooltip = f"{tag}, told {told} with {score:.3f}"
    if tag == told:
        return [Shaded(f"{word}/{told} ", 0.0, tooltip)]
    return [Shaded(f"{word}/{told}", 1.0, tooltip), Shaded(f" ({tag}) ", 0.0, tooltip)]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"
