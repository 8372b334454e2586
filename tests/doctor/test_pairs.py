"""The doctor on rows of two texts: swapped, untranslated, out of proportion, far too long."""

import csv
import random
from dataclasses import replace

import numpy as np
import pytest

from seqapps.data.load import load
from seqapps.data.source import Reading
from seqapps.doctor import swapped
from seqapps.doctor.examine import examine
from seqapps.doctor.pairs import out_of_proportion
from seqapps.task import Column, Fixed

ENGLISH = [
    "the", "a", "man", "woman", "with", "and", "is", "in", "of", "on", "two", "people", "standing",
    "walking", "playing", "dog", "street", "red",
]  # fmt: skip
GERMAN = [
    "der", "ein", "Mann", "Frau", "mit", "und", "ist", "im", "von", "auf", "zwei", "Leute", "steht",
    "geht", "spielt", "Hund", "Straße", "rot",
]  # fmt: skip


def pair(drawn, words=9):
    places = drawn.choices(range(len(ENGLISH)), k=words)
    return [" ".join(ENGLISH[place] for place in places), " ".join(GERMAN[p] for p in places)]


def sound(count=211, seed=0):
    """Different pairs of sentences of 7 to 13 words."""
    drawn = random.Random(seed)
    return [pair(drawn, drawn.randrange(7, 14)) for _ in range(count)]


@pytest.fixture
def pairs(sentiment):
    return replace(
        sentiment,
        inputs={"source": Column("text", "from")},
        targets={"target": Column("text", "to")},
        refusals=(),
        batching=Fixed(),
    )


@pytest.fixture
def look(pairs, tmp_path):
    """The findings on rows, or on rows by split, by kind."""

    def examined(rows, *, task=pairs):
        parts = rows if isinstance(rows, dict) else {"pairs": rows}
        (tmp_path / "given").mkdir()
        for name, part in parts.items():
            with (tmp_path / "given" / f"{name}.csv").open("w", encoding="utf-8") as file:
                csv.writer(file).writerows([list(task.row_columns), *part])
        data = load(task, str(tmp_path / "given"), Reading(), most_rejected=1.0)
        found = examine(task, task.settings, data)["findings"]
        return {finding["kind"]: finding for finding in found}

    return examined


def places(finding):
    return [row["where"] for example in finding["examples"] for row in example]


def test_sound_pairs_have_no_findings(look):
    assert look(sound()) == {}


def test_single_rows_that_are_swapped_are_found(look):
    rows = sound()
    for number in (16, 40):
        rows[number] = rows[number][::-1]
    found = look(rows)
    assert list(found) == ["swapped"]
    assert found["swapped"]["count"] == 2
    assert places(found["swapped"]) == ["pairs.csv, row 17", "pairs.csv, row 41"]
    assert "whose source is written as the target of the others is" in found["swapped"]["what"]
    assert "(2 of 211 in pairs.csv)" in found["swapped"]["what"]
    assert not found["swapped"]["stops"]


def test_a_row_of_one_language_is_not_taken_for_swapped(look):
    rows = sound()
    rows[16] = [rows[16][0], rows[17][0]]
    rows[40] = [rows[40][1], rows[41][1]]
    assert "swapped" not in look(rows)


def test_swapped_rows_far_down_have_their_own_place(look):
    rows = sound(1301)
    rows[1208] = rows[1208][::-1]
    assert places(look(rows)["swapped"]) == ["pairs.csv, row 1209"]


def test_a_split_in_the_other_direction_is_found_by_its_file(look):
    rows = sound()
    parts = {"train": rows[:151], "valid": rows[151:180],
             "test": [row[::-1] for row in rows[180:]]}  # fmt: skip
    finding = look(parts)["swapped"]
    assert finding["count"] == 31
    assert "(31 of 31 in test.csv)" in finding["what"]
    assert places(finding)[0] == "test.csv, row 1"


def test_training_says_what_is_the_source_however_few_its_rows_are(look):
    rows = sound()
    parts = {"train": rows[:53], "valid": [row[::-1] for row in rows[53:131]],
             "test": [row[::-1] for row in rows[131:]]}  # fmt: skip
    what = look(parts)["swapped"]["what"]
    assert "78 of 78 in valid.csv" in what
    assert "80 of 80 in test.csv" in what
    assert "train.csv" not in what


def test_rows_that_were_not_translated_are_found_unless_they_have_no_words(look):
    rows = sound()
    rows[16][1] = rows[16][0] + " "
    rows[40] = ["2003-02-01", "2003-02-01"]
    found = look(rows)
    assert list(found) == ["untranslated"]
    assert places(found["untranslated"]) == ["pairs.csv, row 17"]
    assert "the same text as their source (0.47% of all)" in found["untranslated"]["what"]


def test_sides_that_cannot_belong_together_by_their_length_are_found(look):
    rows = sound()
    rows[16][1] = "ja"
    rows[40][0] = "no"
    found = look(rows)
    assert list(found) == ["out_of_proportion"]
    assert places(found["out_of_proportion"]) == [
        f"pairs.csv, row 17 ({len(rows[16][0])} : 2 characters)",
        f"pairs.csv, row 41 (2 : {len(rows[40][1])} characters)",
    ]


@pytest.mark.parametrize("side", [0, 1])
def test_a_side_of_a_million_characters_is_found(look, side):
    rows = sound()
    rows[16][side] = "word " * 200_000
    found = look(rows)
    assert set(found) >= {"extreme_lengths", "out_of_proportion"}
    (shown,) = (row for example in found["extreme_lengths"]["examples"] for row in example)
    assert shown["where"] == "pairs.csv, row 17"
    assert shown["shown"].startswith("1,000,000 characters: ")
    assert len(shown["shown"]) < 200


def test_a_text_of_one_column_may_be_far_too_long_too(sentiment, look):
    rows = [[text, ("good", "bad")[number % 2]] for number, (text, _) in enumerate(sound())]
    rows[16][0] = "word " * 7001
    found = look(rows, task=sentiment)
    assert found["extreme_lengths"]["count"] == 1
    assert "whose text has more than 10,000 characters" in found["extreme_lengths"]["what"]


def test_pairs_in_two_splits_and_repeated_ones_are_found(look):
    rows = sound()
    parts = {
        "train": [*rows[:151], rows[3]],
        "valid": rows[151:180],
        "test": [*rows[180:], rows[7]],
    }
    found = look(parts)
    assert "the same inputs and targets as an earlier row" in found["repeated"]["what"]
    assert places(found["repeated"]) == ["train.csv, row 4", "train.csv, row 152"]
    assert places(found["copies_of_held_out"]) == ["train.csv, row 8", "test.csv, row 32"]


# what is told apart by letters


def profile(rows, **how):
    source, target = zip(*rows, strict=True)
    how.setdefault("train", np.ones(len(rows), bool))
    return swapped.learnt(source, target, **how)


def places_of(found, texts):
    return found.places(swapped.runs(texts, 500), len(texts))


def test_sources_lie_at_one_and_targets_at_minus_one():
    rows = sound()
    found = profile(rows)
    source, target = (places_of(found, side) for side in zip(*rows, strict=True))
    assert np.median(source) == pytest.approx(1)
    assert np.median(target) == pytest.approx(-1)
    assert source.min() > 0.5
    assert target.max() < -0.5


@pytest.mark.parametrize("share", [0.1, 0.4, 0.5])
def test_a_mixture_of_both_directions_does_not_blur_the_profile(share):
    drawn = random.Random(1)
    rows = sound(400)
    turned = [drawn.random() < share for _ in rows]
    mixed = [row[::-1] if turn else row for row, turn in zip(rows, turned, strict=True)]
    found = profile(mixed)
    english = places_of(found, [row[0] for row in rows])
    assert (abs(english) > swapped.CLEARLY).all()
    assert len({*np.sign(english)}) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda text, drawn: drawn.choice(sound(211, seed=3))[0],
        lambda text, drawn: " ".join(text.split()[:3]),
        lambda text, drawn: text.lower(),
    ],
    ids=["another text", "its beginning", "the same"],
)
def test_two_texts_of_one_language_are_not_told_apart(change):
    drawn = random.Random(2)
    rows = [(text, change(text, drawn)) for text, _ in sound(400)]
    assert profile(rows) is None


def test_runs_do_not_reach_from_one_text_into_the_next():
    rows, numbers = swapped.runs(["ab", "", "AB"], 500)
    of = [sorted(numbers[rows == number].tolist()) for number in range(3)]
    assert of[0] == of[2]
    assert len(of[0]) == 4 + 3 + 2  # " ab " of one, two and three characters
    assert len(of[1]) == 2 + 1


def test_half_a_character_is_no_mistake_here():
    rows, _ = swapped.runs(["a\ud800"], 500)
    assert len(rows) == 9


# lengths


def test_a_text_far_out_of_proportion_is_told_with_its_factor():
    source = np.full(211, 50)
    target = np.full(211, 60)
    target[7], target[11] = 6, 600
    times = out_of_proportion(source, target)
    assert np.flatnonzero(times).tolist() == [7, 11]
    assert times[7] == pytest.approx(7 / 61)
    assert times[11] == pytest.approx(601 / 61)


def test_a_source_far_too_long_for_its_target_is_told_too():
    drawn = np.random.default_rng(0)
    source = drawn.integers(30, 120, 503)
    target = (source * drawn.uniform(0.9, 1.3, 503)).astype(int)
    source[7] = 5_000
    times = out_of_proportion(source, target)
    assert np.flatnonzero(times).tolist() == [7]
    assert times[7] < 0.1


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (lambda drawn, n: drawn.integers(8, 400, n), lambda drawn, n: np.full(n, 10)),
        (lambda drawn, n: drawn.integers(8, 400, n), lambda drawn, n: drawn.integers(2, 9, n)),
        (lambda drawn, n: drawn.integers(20, 90, n),
         lambda drawn, n: np.where(drawn.random(n) < 0.5, 3, drawn.integers(20, 90, n))),
    ],
    ids=["dates", "answers of a word", "replies, half of them of a word"],
)  # fmt: skip
def test_where_lengths_do_not_go_together_nothing_is_out_of_proportion(source, target):
    drawn = np.random.default_rng(0)
    assert not out_of_proportion(source(drawn, 2003), target(drawn, 2003)).any()


def test_few_rows_say_nothing_of_what_is_usual():
    target = np.full(97, 60)
    target[7] = 1
    assert not out_of_proportion(np.full(97, 50), target).any()


@pytest.mark.shared_data
def test_real_translations_are_told_apart_and_have_one_direction(look, shared_data):
    table = shared_data / "translation" / "multi30k_en_de_test2016.tsv"
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    rows[6] = rows[6][::-1]
    found = look(rows)
    assert {*found} & {"swapped", "untranslated", "out_of_proportion"} == {"swapped"}
    assert places(found["swapped"]) == ["pairs.csv, row 7"]
