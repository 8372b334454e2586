"""Facts: captions are read as they are written, and each fact counts once."""

import json
import math
import random
from itertools import islice

import numpy as np
import pytest
from seqapps.tasks.captioning.facts import KINDS, counts, exact_scene, facts, facts_of
from seqapps.tasks.captioning.scenes import (
    COLOURS,
    Thing,
    place_of,
    scenes_of_test,
    scenes_of_train,
    scenes_of_valid,
)

from seqapps.metrics.judge import judge, values_of

METRICS = {**{kind or "all": facts(kind) for kind in ("", *KINDS)}, "exact": exact_scene()}
# A small red circle (its centre at 10, 32) left of a large blue cross (52, 32).
TWO = {
    "scene": json.dumps(
        {
            "size": 64,
            "objects": [
                {"shape": "cross", "colour": "blue", "size": "large", "box": [40, 20, 64, 44]},
                {"shape": "circle", "colour": "red", "size": "small", "box": [4, 26, 16, 38]},
            ],
            "relations": [[0, "right of", 1]],
        }
    )
}
ONE = {
    "scene": json.dumps(
        {
            "size": 64,
            "objects": [
                {"shape": "star", "colour": "green", "size": "large", "box": [2, 37, 26, 61]}
            ],
            "relations": [],
        }
    )
}


@pytest.fixture(scope="module")
def told():
    """(scene, caption) of some hundred scenes."""
    rows = [row for rows in (scenes_of_train, scenes_of_valid, scenes_of_test)
            for row in islice(rows(), 211)]  # fmt: skip
    return [(row["scene"], caption) for row in rows for caption in row["captions"].split("\n")]


def objects(caption):
    return [
        " ".join(each.looks.get(look, "-") for look in ("size", "colour", "shape"))
        + "".join(f" {place}" for place in sorted(each.places))
        for each in facts_of(caption).objects
    ]


def counted(case, caption):
    return dict(counts(case, {"caption": caption}))


def score(name, pairs):
    cases, captions = zip(*pairs, strict=True)
    return values_of({name: METRICS[name]}, cases, [{"caption": text} for text in captions])[name]


def test_a_caption_is_read_back_as_exactly_the_facts_of_its_scene(told):
    """Objects with all they are, and relations that hold and bind all objects together: clear ones,
    of which the scene has one alone for the pair."""
    turned = {"right of": "left of", "below": "above"}
    for scene, caption in told:
        known, said = json.loads(scene), facts_of(caption)
        looks = [(each["shape"], each["colour"], each["size"]) for each in known["objects"]]
        read = [tuple(each.looks[look] for look in KINDS[:3]) for each in said.objects]
        assert sorted(read) == sorted(looks)
        number = [looks.index(each) for each in read]
        holds = {
            (second, turned[name], first) if name in turned else (first, name, second)
            for first, name, second in known["relations"]
        }
        related = {(number[first], name, number[second]) for first, name, second in said.relations}
        assert related <= holds and len(related) == len(looks) - 1
        pairs = [{first, second} for first, _, second in holds]
        assert all(pairs.count({first, second}) == 1 for first, _, second in related)
        assert set().union(*({a, b} for a, _, b in related)) == set(range(len(looks))) or (
            len(looks) == 1
        )
        places = [each.places for each in said.objects]
        alone = Thing(*looks[0], known["objects"][0]["box"])
        assert places == ([{place_of(alone)}] if len(looks) == 1 else [set()] * len(looks))


def test_a_caption_has_all_facts_of_its_scene_right(told):
    for scene, caption in told:
        number = len(json.loads(scene)["objects"])
        expected = dict.fromkeys(KINDS[:3], (number,) * 3)
        expected |= {"relation": (number - 1,) * 3, "place": (int(number == 1),) * 3}
        assert counted({"scene": scene}, caption) == expected


def test_one_wrong_word_is_one_wrong_fact(told):
    """A colour that nothing in the scene has in place of a colour."""
    drawn = random.Random(0)
    for scene, caption in told:
        other = drawn.choice([colour for colour in COLOURS if colour not in scene])
        words = caption.split()
        place = drawn.choice([at for at, word in enumerate(words) if word in COLOURS])
        right = counted({"scene": scene}, caption)
        wrong = counted({"scene": scene}, " ".join([*words[:place], other, *words[place + 1 :]]))
        assert wrong.pop("colour") == (right["colour"][0] - 1, *right.pop("colour")[1:])
        assert wrong == right


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("a small red circle", ["small red circle"]),
        ("A little RED circle.", ["small red circle"]),
        ("circle", ["- - circle"]),
        ("a red", ["- red -"]),
        ("a red circle star", ["- red circle", "- - star"]),
        ("a red blue circle", ["- red -", "- blue circle"]),
        ("a big small circle", ["large - -", "small - circle"]),
        ("red red red", ["- red -"] * 3),
        ("a red and circle", ["- red -", "- - circle"]),
        ("a star in the upper left", ["- - star upper left"]),
        ("a star at the top left", ["- - star upper left"]),
        ("a star at the top", ["- - star top"]),
        ("a star left of a cross", ["- - star", "- - cross"]),
        ("on the left there is a star", ["- - star left"]),
        ("on the left there is a star and a cross", ["- - star left", "- - cross"]),
        ("on the left on the right a star", ["- - star right"]),
        ("a star on the left at the bottom", ["- - star bottom left"]),
        ("a star on the left and a cross on the right", ["- - star left", "- - cross right"]),
        ("there is a dog", []),
        ("", []),
    ],
)
def test_objects_are_read_from_whatever_is_written(caption, expected):
    assert objects(caption) == expected


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("a star left of a cross", {(0, "left of", 1)}),
        ("a star to the right of a cross", {(1, "left of", 0)}),
        ("a star with a cross to its right", {(0, "left of", 1)}),
        ("there is a star and a cross under it", {(0, "above", 1)}),
        ("a star below a cross and a circle", {(1, "above", 0)}),
        ("a star above a cross and left of a circle", {(0, "above", 1), (0, "left of", 2)}),
        ("a star above a cross that is left of a circle", {(0, "above", 1), (1, "left of", 2)}),
        (
            "a star with a cross above it and a circle to its left",
            {(1, "above", 0), (2, "left of", 0)},
        ),
        ("a star left of a cross to its right", {(0, "left of", 1)}),  # the same said twice
        ("a star left of", set()),
        ("left of a star", set()),
        ("a star above it", set()),
        ("a star left of above a cross", {(0, "above", 1)}),
        ("a star above a star above a star", {(0, "above", 1), (1, "above", 2)}),
    ],
)
def test_relations_are_read_from_whatever_is_written(caption, expected):
    assert facts_of(caption).relations == expected


def test_positions_are_those_of_the_words():
    said = facts_of("there is a little red star left of a cross").objects
    assert [each.words for each in said] == [{"size": 3, "colour": 4, "shape": 5}, {"shape": 9}]


@pytest.mark.parametrize(
    ("case", "caption", "shape", "colour", "size", "relation", "place"),
    [
        (TWO, "a small red circle left of a large blue cross",
         (2, 2, 2), (2, 2, 2), (2, 2, 2), (1, 1, 1), (0, 0, 0)),
        (TWO, "a small red circle right of a large blue cross",
         (2, 2, 2), (2, 2, 2), (2, 2, 2), (0, 1, 1), (0, 0, 0)),
        (TWO, "a large blue cross",
         (1, 1, 2), (1, 1, 2), (1, 1, 2), (0, 0, 1), (0, 0, 0)),
        (TWO, "a small blue circle left of a cross",  # the colours of one are missing or wrong
         (2, 2, 2), (0, 1, 2), (1, 1, 2), (1, 1, 1), (0, 0, 0)),
        (TWO, "a green star right of a yellow square",  # whatever they stand for
         (0, 2, 2), (0, 2, 2), (0, 0, 2), (0, 1, 1), (0, 0, 0)),
        (TWO, "a red circle left of a cross with a cross above it",
         (2, 3, 2), (1, 1, 2), (0, 0, 2), (1, 2, 1), (0, 0, 0)),
        (TWO, "a circle on the left and a cross on the right and a cross at the top",
         (2, 3, 2), (0, 0, 2), (0, 0, 2), (0, 0, 1), (2, 3, 0)),
        (TWO, "", (0, 0, 2), (0, 0, 2), (0, 0, 2), (0, 0, 1), (0, 0, 0)),
        (TWO, "red " * 7 + "circle",  # six are looked at; the last is the circle, too
         (0, 1, 2), (1, 7, 2), (0, 0, 2), (0, 0, 1), (0, 0, 0)),
        (ONE, "a large green star in the lower left",
         (1, 1, 1), (1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 1, 1)),
        (ONE, "a large green star on the left at the bottom left",
         (1, 1, 1), (1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 2, 1)),
        (ONE, "a large star above a green star",  # either is the one
         (1, 2, 1), (0, 1, 1), (1, 1, 1), (0, 1, 0), (0, 0, 1)),
    ],
)  # fmt: skip
def test_counts_by_hand(case, caption, shape, colour, size, relation, place):
    expected = {
        "shape": shape, "colour": colour, "size": size, "relation": relation, "place": place,
    }  # fmt: skip
    assert counted(case, caption) == expected


def test_objects_are_matched_so_that_most_is_right_in_any_order():
    """Three that share looks, told in all orders with one wrong size."""
    looks = [("cross", "red", "small"), ("cross", "blue", "small"), ("star", "blue", "large")]
    boxes = ([3, 3, 16, 16], [30, 3, 43, 16], [33, 33, 60, 60])
    known = [
        {"shape": shape, "colour": colour, "size": size, "box": box}
        for (shape, colour, size), box in zip(looks, boxes, strict=True)
    ]
    case = {"scene": json.dumps({"size": 64, "objects": known, "relations": []})}
    said = ["a small red cross", "a large blue cross", "a large blue star"]
    for order in ([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]):
        found = counted(case, " and ".join(said[place] for place in order))
        assert (found["shape"], found["colour"], found["size"]) == ((3,) * 3, (3,) * 3, (2, 3, 3))


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_of_facts_gives_its_example_the_declared_value(name):
    example = METRICS[name].example
    assert values_of(METRICS, example.cases, example.responses)[name] == pytest.approx(
        example.value
    )


def test_too_much_that_is_said_costs_as_much_as_what_is_not():
    assert score("shape", [(TWO, "a circle")]) == 1 / 2
    assert score("shape", [(TWO, "a circle and a cross and a cross and a cross")]) == 2 / 4
    assert score("exact", [(TWO, "a small red circle left of a large blue cross")]) == 1
    assert score("exact", [(TWO, "a small red circle left of a large blue cross and a star")]) == 0


def test_cases_without_a_scene_do_not_count():
    pair = (ONE, "a star")
    for case in ({"scene": ""}, {}):
        assert counted(case, "a star") == {}
        for name in METRICS:
            alone, both = score(name, [pair]), score(name, [pair, (case, "a star")])
            assert both == alone or (math.isnan(both) and math.isnan(alone))
            assert math.isnan(score(name, [(case, "a star")]))


def test_all_facts_are_the_kinds_together(told):
    """Of captions that are given to other scenes: sums of right ones, and of the larger counts."""
    scenes, captions = zip(*told, strict=True)
    cases = [{"scene": scene} for scene in scenes]
    answers = [{"caption": caption} for caption in (*captions[7:], *captions[:7])]
    sums = np.sum([METRICS[kind].statistics(cases, answers).sum(axis=0) for kind in KINDS], axis=0)
    found = values_of(METRICS, cases, answers)
    assert found["all"] == pytest.approx(sums[0] / sums[1])
    assert 0.2 < found["all"] < 0.6 and found["exact"] < 0.05


def test_facts_are_judged_with_intervals():
    cases, answers = [TWO, ONE] * 11, [{"caption": "a small red circle on the left"}] * 22
    scores, _ = judge(METRICS, cases, {"model": answers})
    assert scores["model"]["all"]["low"] < scores["model"]["all"]["high"]
