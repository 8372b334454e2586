"""Pointing: the strongest cell of a word lies in the box of what it names, or beside it."""

import json
import random
from itertools import islice, product

import numpy as np
import pytest
from seqapps.tasks.captioning.pointing import looks_at, pointing
from seqapps.tasks.captioning.scenes import COLOURS, SHAPES, scenes_of_train

HEIGHT, WIDTH = 5, 7  # of a picture of 70 pixels: cells of 14 x 10, centres at 7 + 14 i, 5 + 10 j
RED_CIRCLE = {"shape": "circle", "colour": "red", "size": "small", "box": [0, 0, 20, 30]}
BLUE_CIRCLE = {"shape": "circle", "colour": "blue", "size": "small", "box": [40, 50, 70, 70]}
RED_STAR = {"shape": "star", "colour": "red", "size": "large", "box": [40, 0, 70, 40]}
SCENE = {"size": 70, "objects": [RED_CIRCLE, BLUE_CIRCLE, RED_STAR], "relations": []}
# Centres in the boxes: rows 7, 21 x columns 5, 15; rows 63 x 45, 55, 65; rows 7, 21, 35 x the same.
CHANCE = {"red circle": 4 / 35, "blue circle": 3 / 35, "red star": 9 / 35}


def attention(*cells):
    """A map for each word, its strongest cell (row, column) there: [token, height, width]."""
    maps = np.random.default_rng(0).uniform(0, 0.1, [len(cells), HEIGHT, WIDTH])
    for number, cell in enumerate(cells):
        maps[number][cell] = 0.5
    return maps


def looked(text, *cells):
    """[(kind, word, hit, chance)] of the words that count; one cell is given for each word."""
    return list(looks_at(text.split(), attention(*cells), SCENE))


def test_words_by_hand():
    found = looked(
        "a red circle left of a large star",
        (0, 0), (1, 1), (0, 0), (4, 4), (4, 4), (0, 0), (0, 0), (2, 6),
    )  # fmt: skip
    assert sorted(found) == [
        ("colour", "red", True, CHANCE["red circle"]),
        ("shape", "circle", True, CHANCE["red circle"]),
        ("shape", "star", True, CHANCE["red star"]),
    ]


@pytest.mark.parametrize(
    ("cell", "hit"),
    [((0, 0), True), ((1, 1), True), ((1, 2), False), ((2, 1), False), ((4, 6), False)],
)
def test_a_cell_counts_as_its_centre(cell, hit):
    """The box ends at 20 across and 30 down: cell 2 across has its centre at 25, cell 2 down at 35,
    although each begins inside."""
    (kind, _, found, _), _ = looked("red circle", (0, 0), cell)
    assert kind == "shape" and found == hit


def test_edges_of_boxes_are_half_open():
    box = {**RED_STAR, "box": [15, 7, 35, 35]}  # centres 15 and 25 across, 7 and 21 down
    scene = {"size": 70, "objects": [box], "relations": []}
    ((_, _, _, chance),) = looks_at(["star"], attention((0, 0)), scene)
    assert chance == 4 / 35


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("red circle", ["red circle"]),
        ("blue circle", ["blue circle"]),
        ("small circle", ["red circle", "blue circle"]),
        ("circle", ["red circle", "blue circle"]),
        ("green circle", ["red circle", "blue circle"]),
        ("large circle", ["red circle", "blue circle"]),
        ("large red circle", ["red circle"]),
        ("a star above a blue circle", ["red star", "blue circle"]),
    ],
)
def test_the_object_is_the_one_that_the_words_before_fit_best(text, meant):
    """Told apart by chance: the share of cells in the boxes that would be a hit."""
    words = text.split()
    found = [each for each in looked(text, *[(0, 0)] * len(words)) if each[0] == "shape"]
    if len(found) == 1:
        meant = ["+".join(meant)]
    expected = [sum(CHANCE[each] for each in one.split("+")) for one in meant]
    assert [chance for *_, chance in found] == pytest.approx(expected)


def test_a_colour_means_the_object_that_the_shape_after_it_tells():
    maps = [(0, 5), (0, 0)]  # the star's box, the circle's
    assert looked("red star", *maps) == [
        ("shape", "star", False, CHANCE["red star"]),
        ("colour", "red", True, CHANCE["red star"]),
    ]
    assert looked("red circle", *maps)[1] == ("colour", "red", False, CHANCE["red circle"])
    assert looked("blue star", *maps)[1] == ("colour", "blue", False, CHANCE["blue circle"])


@pytest.mark.parametrize("text", ["square", "green square", "a small thing", "<end>"])
def test_what_the_scene_does_not_have_is_not_counted(text):
    assert looked(text, *[(0, 0)] * len(text.split())) == []


def test_scores_by_word_and_over_all():
    cases = [{"scene": json.dumps(SCENE)}, {"scene": ""}, {"scene": json.dumps(SCENE)}]
    explained = [
        {"tokens": ["Red", "circle", "star", ""], "attention": attention(*[(0, 0)] * 4)},
        {"tokens": ["red", "circle"], "attention": attention((0, 0), (0, 0))},  # no scene
        {"tokens": ["blue", "circle", "</s>"], "attention": attention(*[(4, 6)] * 3).tolist()},
    ]
    found = pointing(cases, explained)
    brief = {
        kind: {word: (each["hits"], each["count"], each["share"]) for word, each in words.items()}
        for kind, words in found.items()
    }
    assert brief == {
        "shape": {"all": (2, 3, 2 / 3), "circle": (2, 2, 1.0), "star": (0, 1, 0.0)},
        "colour": {"all": (2, 2, 1.0), "red": (1, 1, 1.0), "blue": (1, 1, 1.0)},
    }
    assert found["shape"]["circle"]["chance"] == pytest.approx(3.5 / 35)
    assert found["shape"]["all"]["chance"] == pytest.approx(16 / 3 / 35)
    json.dumps(found, allow_nan=False)


def test_the_interval_holds_the_share():
    """Wilson's for 1 of 1, as its formula gives by hand: 1 / (1 + 1.96 ** 2) to 1."""
    explained = [{"tokens": ["star"], "attention": attention((0, 5))}]
    found = pointing([{"scene": json.dumps(SCENE)}], explained)["shape"]["all"]
    assert (found["low"], found["high"]) == (pytest.approx(0.2065, abs=1e-4), 1.0)


def test_nothing_named_is_nothing_scored():
    assert pointing([], []) == {"shape": {}, "colour": {}}


def test_a_box_that_no_centre_lies_in_lowers_the_ceiling():
    small = {**RED_STAR, "box": [6, 8, 15, 21]}  # between the centres 5 and 15, 7 and 21
    cases = [
        {"scene": json.dumps({"size": 70, "objects": [each], "relations": []})}
        for each in (small, RED_STAR)
    ]
    explained = [{"tokens": ["star"], "attention": attention((0, 0))}] * 2
    found = pointing(cases, explained)["shape"]["star"]
    assert found["ceiling"] == 1 / 2 and found["chance"] == pytest.approx(9 / 70)


@pytest.mark.parametrize("grid", [(7, 11), (2, 3)])
def test_random_looking_scores_what_chance_tells_and_as_counted_by_loops(grid):
    drawn, random_maps = random.Random(0), np.random.default_rng(1)
    cases, explained, hits = [], [], {"shape": [], "colour": []}
    for row in islice(scenes_of_train(), 503):
        scene = json.loads(row["scene"])
        tokens = drawn.choice(row["captions"].split("\n")).split()
        maps = random_maps.uniform(size=[len(tokens), *grid])
        cases.append(row)
        explained.append({"tokens": tokens, "attention": maps})
        for place, word in enumerate(tokens):
            if word in SHAPES or word in COLOURS:
                box = box_of(scene, tokens[place - 2 : place + 2])
                strongest = max(product(range(grid[0]), range(grid[1])), key=maps[place].item)
                kind = "shape" if word in SHAPES else "colour"
                hits[kind].append(within(box, strongest, grid))
    found = pointing(cases, explained)
    for kind, expected in hits.items():
        score = found[kind]["all"]
        assert (score["hits"], score["count"]) == (sum(expected), len(expected))
        assert score["low"] < score["chance"] < score["high"]


def box_of(scene, words):
    """Of the object with the looks that stand one after the other somewhere in these words."""
    text = " ".join(words).replace("big", "large").replace("little", "small")
    (box,) = [
        each["box"]
        for each in scene["objects"]
        if f"{each['colour']} {each['shape']}" in text and each["size"] in text
    ]
    return box


def within(box, cell, grid):
    row, column = cell
    down, across = 64 * (2 * row + 1) / (2 * grid[0]), 64 * (2 * column + 1) / (2 * grid[1])
    return box[0] <= across < box[2] and box[1] <= down < box[3]
