"""Scenes: pictures hold what is said of them, some pairs are held out, rows are always the same."""

import io
import json
from collections import Counter
from itertools import combinations, islice, product

import numpy as np
import pytest
from PIL import Image
from seqapps.tasks.captioning import scenes as module
from seqapps.tasks.captioning.scenes import (
    COLOURS,
    COUNTS,
    PLACES,
    SHAPES,
    SIDES,
    SIZE,
    SIZES,
    Thing,
    place_of,
    relations_of,
    scenes_of_test,
    scenes_of_train,
    scenes_of_valid,
    split_of,
)

SPLITS = {"train": scenes_of_train, "valid": scenes_of_valid, "test": scenes_of_test}
SOME = 307  # rows of each split that are looked at closely


@pytest.fixture(scope="module")
def rows():
    return {split: list(make()) for split, make in SPLITS.items()}


@pytest.fixture(scope="module")
def some(rows):
    """(pixels [height, width, channels], scene, captions) of some rows of each split."""
    return [
        (pixels(row), json.loads(row["scene"]), row["captions"].split("\n"))
        for split in SPLITS
        for row in rows[split][:SOME]
    ]


def pixels(row):
    return np.asarray(Image.open(io.BytesIO(row["image_bytes"])), "float64")


def pairs_of(row):
    return {(each["colour"], each["shape"]) for each in json.loads(row["scene"])["objects"]}


def thing(left, top, side, *, shape="star"):
    return Thing(shape, "red", "small", (left, top, left + side, top + side))


def test_every_split_has_its_rows_and_no_picture_twice(rows):
    assert {split: len(found) for split, found in rows.items()} == COUNTS
    pictures = [row["image_bytes"] for found in rows.values() for row in found]
    assert len(set(pictures)) == sum(COUNTS.values())


@pytest.mark.parametrize("split", SPLITS)
def test_rows_are_the_same_each_time(rows, split):
    assert list(islice(SPLITS[split](), 31)) == rows[split][:31]


def test_splits_are_other_scenes_although_all_are_drawn_alike(rows):
    firsts = [pixels(rows[split][0]) for split in SPLITS]
    for one, other in combinations(firsts, 2):
        assert not np.array_equal(one, other)


def test_training_has_none_of_the_pairs_that_are_held_out(rows):
    seen = set().union(*map(pairs_of, rows["train"]))
    assert seen == {pair for pair in product(COLOURS, SHAPES) if split_of(*pair) == "train"}
    assert len(seen) == 20


@pytest.mark.parametrize("split", ["valid", "test"])
def test_a_held_out_scene_has_a_pair_of_its_own_and_none_of_the_other(rows, split):
    for row in rows[split]:
        kinds = {split_of(*pair) for pair in pairs_of(row)}
        assert split in kinds and kinds <= {"train", split}
    own = Counter(pair for row in rows[split] for pair in pairs_of(row) if split_of(*pair) == split)
    assert len(own) == 5
    assert {shape for _, shape in own} == set(SHAPES)
    assert min(own.values()) > 0.7 * max(own.values())


def test_every_colour_and_every_shape_is_learnt_in_other_pairs():
    learnt = [pair for pair in product(COLOURS, SHAPES) if split_of(*pair) == "train"]
    assert min(Counter(colour for colour, _ in learnt).values()) >= 3
    assert set(Counter(shape for _, shape in learnt).values()) == {4}


def test_all_kinds_of_scenes_are_there(rows):
    scenes = [json.loads(row["scene"]) for row in rows["train"]]
    counts = Counter(len(scene["objects"]) for scene in scenes)
    assert counts[1] > 1900 and counts[2] > 3800 and counts[3] > 1900
    sizes = Counter(each["size"] for scene in scenes for each in scene["objects"])
    assert min(sizes.values()) > 0.95 * max(sizes.values())
    relations = Counter(name for scene in scenes for _, name, _ in scene["relations"])
    assert min(relations.values()) > 0.9 * max(relations.values()) and len(relations) == 4
    places = Counter(
        place_of(as_things(scene)[0]) for scene in scenes if len(scene["objects"]) == 1
    )
    assert set(places) == set(PLACES) and min(places.values()) > 170


def as_things(scene):
    names = ("shape", "colour", "size", "box")
    return [Thing(*(each[name] for name in names)) for each in scene["objects"]]


def test_boxes_are_tight_around_what_is_coloured(some):
    """Decided by the colours of the pixels: grounds are nearly grey, objects are not. Edges that
    are partly covered make a pixel of doubt, tips of stars and triangles two."""
    for picture, scene, _ in some:
        smooth = (
            picture[:-1, :-1] + picture[1:, :-1] + picture[:-1, 1:] + picture[1:, 1:]
        ) / 4  # less noise; [63, 63, channels]
        coloured = smooth.max(axis=2) - smooth.min(axis=2) > 55
        assert picture.shape == (SIZE, SIZE, 3)
        for each in scene["objects"]:
            left, top, right, bottom = each["box"]
            rows, columns = np.nonzero(coloured[top : bottom - 1, left : right - 1])
            height, width = bottom - top - 1, right - left - 1
            assert rows.min() <= 2 and rows.max() >= height - 2, each
            assert columns.min() <= 2 and columns.max() >= width - 2, each
            coloured[max(top - 1, 0) : bottom, max(left - 1, 0) : right] = False
        assert not coloured.any()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("side", [12, 13, 23, 27])
def test_a_shape_touches_all_sides_of_its_box(shape, side):
    mask = module._mask(shape, side)
    assert mask.shape == (side, side) and mask.max() == 1
    for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]):
        assert edge.max() > 0


def test_shapes_cover_the_area_that_geometry_tells():
    expected = {
        "circle": np.pi / 4,
        "square": 1,
        "triangle": 1 / 2,
        "cross": 1 - 4 * 0.34**2,
        # ten triangles from the middle, of sides 1 and 0.42 and the angle 36 degrees, in a box
        "star": 5 * 0.42 * np.sin(np.pi / 5)
        / (2 * np.sin(2 * np.pi / 5) * (1 + np.cos(np.pi / 5))),
    }  # fmt: skip
    for shape, share in expected.items():
        assert module._mask(shape, 101).mean() == pytest.approx(share, rel=0.02)


def test_triangles_stand_on_their_longest_side(some):
    """A quarter of the width from either side, there is ground at the top and colour below."""
    for picture, scene, _ in some:
        coloured = picture.max(axis=2) - picture.min(axis=2) > 70
        for each in scene["objects"]:
            if each["shape"] == "triangle":
                left, top, right, bottom = each["box"]
                quarter = (right - left) // 4
                assert not coloured[top + 1, [left + quarter, right - quarter - 1]].any()
                assert coloured[bottom - 2, [left + quarter, right - quarter - 1]].all()


def test_objects_have_the_colour_that_is_told(some):
    """The mean of the pixels in the middle is nearer to it than to any other, by hue."""
    hues = np.array(list(COLOURS.values()), float)
    hues /= np.linalg.norm(hues, axis=1, keepdims=True)
    for picture, scene, _ in some:
        for each in scene["objects"]:
            left, top, right, bottom = each["box"]
            row, column = (top + bottom) // 2, (left + right) // 2
            middle = picture[row - 1 : row + 2, column - 1 : column + 2].mean(axis=(0, 1))
            nearest = np.argmax(hues @ middle)
            assert list(COLOURS)[nearest] == each["colour"]


def test_objects_have_their_size_lie_inside_and_keep_apart(some):
    for _, scene, _ in some:
        boxes = [each["box"] for each in scene["objects"]]
        for each, (left, top, right, bottom) in zip(scene["objects"], boxes, strict=True):
            least, most = SIDES[each["size"]]
            assert right - left == bottom - top and least <= right - left <= most
            assert min(left, top) >= 2 and max(right, bottom) <= SIZE - 2
        for one, other in combinations(boxes, 2):
            gaps = [max(one[a] - other[a + 2], other[a] - one[a + 2]) for a in (0, 1)]
            assert max(gaps) >= 4


def test_objects_of_a_scene_differ_in_what_a_caption_says_of_them(some):
    for _, scene, _ in some:
        looks = [(each["shape"], each["colour"], each["size"]) for each in scene["objects"]]
        assert len(set(looks)) == len(looks)


def test_relations_of_a_scene_hold_by_the_centres(some):
    """And along the axis on which the objects are further apart, one is always told."""
    step = {"left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "below": (0, 1)}
    for _, scene, _ in some:
        boxes = np.array([each["box"] for each in scene["objects"]], float)
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        told = {(first, second): set() for first, second in combinations(range(len(boxes)), 2)}
        for first, name, second in scene["relations"]:
            way = centres[first] - centres[second]
            along = way @ step[name]
            assert along >= 8 and 2 * along >= abs(way).min()
            told[first, second].add(name)
        for (first, second), names in told.items():
            way = centres[first] - centres[second]
            axis = np.argmax(abs(way))
            furthest = (("right of", "left of"), ("below", "above"))[axis][int(way[axis] < 0)]
            assert furthest in names and len(names) <= 2


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (thing(40, 21, 13), ["left of"]),
        (thing(1, 21, 13), ["right of"]),
        (thing(20, 43, 13), ["above"]),
        (thing(25, 3, 13), ["below"]),
        (thing(40, 28, 13), ["left of"]),  # 19 across, 7 down: too little to be called above
        (thing(40, 29, 13), ["left of"]),  # 8 down, but not half of 19
        (thing(40, 31, 13), ["left of", "above"]),  # 10 down is
        (thing(1, 41, 13), ["right of", "above"]),
    ],
)
def test_relations_by_hand(other, expected):
    """Of the second to the third of three, where the first is left of all."""
    found = relations_of([thing(-900, 21, 13), thing(21, 21, 13), other])
    assert [name for first, name, second in found if (first, second) == (1, 2)] == expected
    assert [name for first, name, second in found if first == 0] == ["left of"] * 2


@pytest.mark.parametrize(
    ("left", "top", "expected"),
    [
        (3, 5, "upper left"),
        (26, 5, "top"),
        (47, 5, "upper right"),
        (3, 26, "left"),
        (26, 26, "middle"),
        (47, 26, "right"),
        (3, 47, "lower left"),
        (26, 47, "bottom"),
        (47, 47, "lower right"),
    ],
)
def test_places_by_hand(left, top, expected):
    assert place_of(thing(left, top, 13)) == expected


def test_captions_are_three_different_ones_of_known_words(some):
    words = set()
    for _, _, captions in some:
        assert len(set(captions)) == len(captions) == 3
        for caption in captions:
            assert caption == " ".join(caption.split())
            words |= set(caption.split())
    glue = "a and is it its of on in at the to there that with left right above below under upper"
    glue += " lower top bottom middle centre"
    named = {word for each in SIZES.values() for word in each} | set(SHAPES) | set(COLOURS)
    assert words == named | set(glue.split())


def test_a_caption_names_each_object_with_size_and_colour(some):
    for _, scene, captions in some:
        for caption in captions:
            for size, words in SIZES.items():
                caption = caption.replace(words[1], size)
            for each in scene["objects"]:
                assert f"a {each['size']} {each['colour']} {each['shape']}" in caption
            assert sum(caption.count(shape) for shape in SHAPES) == len(scene["objects"])


def test_a_lone_object_has_its_place_told_and_far_from_where_it_would_be_another(some):
    for _, scene, captions in some:
        if len(scene["objects"]) > 1:
            continue
        (alone,) = as_things(scene)
        for caption in captions:
            assert any(phrase in caption for phrase in PLACES[place_of(alone)])
        for at in alone.centre:
            assert min(abs(at - edge * SIZE) for edge in module.MIDDLE) > 2


def test_a_row_is_what_its_caption_says():
    """One row by hand: a red square whose centre is 17 pixels above that of a blue star."""
    row = next(scenes_of_test())
    assert set(row) == {"image_bytes", "captions", "scene"}
    assert row["captions"].split("\n") == [
        "there is a little blue star and a small red square above it",
        "a small blue star below a little red square",
        "a small red square with a little blue star under it",
    ]
    square = {"shape": "square", "colour": "red", "size": "small", "box": [15, 27, 27, 39]}
    star = {"shape": "star", "colour": "blue", "size": "small", "box": [5, 43, 20, 58]}
    assert json.loads(row["scene"]) == {
        "size": 64,
        "objects": [square, star],
        "relations": [[0, "above", 1]],
    }
    red, _, blue = pixels(row)[33, 21]  # the square's middle
    assert red > 2 * blue
    red, _, blue = pixels(row)[51, 12]
    assert blue > 2 * red
