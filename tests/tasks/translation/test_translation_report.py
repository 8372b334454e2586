"""What the report of a translator shows follows from what the export was asked."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas
from seqapps.tasks.translation import observed, shown
from seqapps.tasks.translation.figures import attention_map, by_length, links
from seqapps.tasks.translation.pointing import spans_of
from seqapps.tasks.translation.task import TASK

from seqapps.report.svg import svg_of
from seqapps.task import Figure, Table

CASES = [
    {"source": " ".join(["drei"] * count), "target": " ".join(["three"] * count)}
    for count in (2, 3, 5, 7, 11, 13, 17, 19)
]


def ask(name, cases):
    """A translator that says "three" for each word, and likes its references less."""
    if name == "explain":
        return [
            {
                "source_tokens": [*case["source"].split(" "), "</s>", ""],
                "target_tokens": [*case["source"].replace("drei", "three").split(" "), "</s>", ""],
                "attention": np.eye(len(case["source"].split(" ")) + 2).tolist(),
            }
            for case in cases
        ]
    if name == "n_best":
        first = CASES[0]["source"]
        return [
            {
                "translations": [case["source"].replace("drei", "three"), "no"]
                if case["source"] != first else ["two", "no"],
                "scores": [-0.5, -2.0],
            }
            for case in cases
        ]  # fmt: skip
    return [{"log_probability": -float(len(case["target"])), "tokens": 2} for case in cases]


@pytest.fixture(scope="module")
def found():
    around = SimpleNamespace(settings=TASK.settings, test=CASES)
    return observed.observe(ask, around)


def test_maps_are_without_padding(found):
    first = found["maps"][0]
    assert first["source"] == ["drei", "drei", "</s>"]
    assert first["target"] == ["three", "three", "</s>"]
    assert first["weights"] == np.eye(3).tolist()


def test_maps_of_long_texts_are_cut_and_say_so():
    count = 47
    cases = [{"source": " ".join(["drei"] * count), "target": "three"}]
    found = observed.observe(ask, SimpleNamespace(settings=TASK.settings, test=cases))
    (first,) = found["maps"]
    assert first["weights"] == np.eye(40).tolist()
    assert first["tokens"] == [count + 1, count + 1]
    (section, *_) = shown.shown(found)
    for figure in section.parts:
        assert (
            "the first 40 of 48 source tokens and the first 40 of 48 target tokens" in figure.note
        )
    assert section.parts[0].title == "48 source tokens, 48 target tokens"
    assert attention_map(found["maps"][0] | {"tokens": [40, 40]}).note == ""


DATES = [
    {"source": "3. MÄRZ 1999", "target": "1999-03-03"},
    {"source": "1999년 3월 3일", "target": "1999-03-03"},
    {"source": "Wednesday, March 3, 1999", "target": "1999-03-03"},
    {"source": "3/3/1999", "target": "1999-03-03"},  # which of them is the day?
    {"source": "4 mars 1999", "target": "1999-03-03"},
    {"source": "drei", "target": "three"},
    {"source": "1001년 3월 3일", "target": "1001-03-03"},
]


def test_the_parts_of_a_date_are_found_in_its_text():
    texts = [
        {part: case["source"][first:last] for part, (first, last) in spans_of(case).items()}
        for case in DATES
    ]
    assert texts == [
        {"day": "3", "month": "MÄRZ", "year": "1999"},
        {"day": "3", "month": "3", "year": "1999"},
        {"day": "3", "month": "March", "year": "1999"},
        *[{}] * 4,
    ]
    assert spans_of(DATES[1]) == {"year": (0, 4), "month": (6, 7), "day": (9, 10)}


def test_attention_that_finds_the_parts_of_a_date_is_told_from_one_that_does_not(found):
    """Of characters: the first date is looked at rightly, the second at its end for the day."""
    one_map = found
    at = {  # of the tokens 1999-03-03 and the end, the characters that are looked at
        DATES[0]["source"]: [8, 9, 10, 11, 1, 3, 6, 2, 0, 0, 12],
        DATES[1]["source"]: [0, 1, 2, 3, 4, 6, 6, 8, 9, 11, 11],
    }

    def explain(name, cases):
        assert name == "explain"
        for case in cases:
            weights = np.eye(len(case["source"]) + 2)[at[case["source"]]] + 0.1
            tokens = {f"{side}_tokens": [*case[side], "</s>", ""] for side in ("source", "target")}
            yield {**tokens, "attention": np.pad(weights, [(0, 1), (0, 0)])}

    found = observed._pointing(explain, [*DATES[:2], *DATES[3:]])
    assert found["dates"] == 2
    assert found["all"] == 1 / 2
    assert found["parts"]["year"] == {
        "dates": 1, "tokens": 1, "anywhere": pytest.approx((4 / 13 + 4 / 12) / 2),
    }  # fmt: skip
    assert found["parts"]["month"]["dates"] == 1
    assert found["parts"]["day"]["dates"] == 1 / 2
    assert found["parts"]["day"]["tokens"] == 3 / 4
    (_, section, *_) = shown.shown({**one_map, "pointing": found})
    assert section.parts[0].rows[2] == ["day", "50.0%", "75.0%", "8.0%"]


def test_other_texts_have_no_parts_of_a_date(found):
    assert found["pointing"] == {}


def test_the_search_is_blamed_only_for_what_is_likelier(found):
    """Of the shortest the own translation, "two", is likelier than its longer reference."""
    assert found["search"]["pairs"] == len(CASES)
    assert found["search"]["same"] == len(CASES) - 1
    assert found["search"]["missed"] == 0


def test_a_model_without_attention_has_no_maps():
    settings = SimpleNamespace(looks=False)
    found = observed.observe(ask, SimpleNamespace(settings=settings, test=CASES))
    assert found["maps"] == []
    assert "Where it looks" not in [section.title for section in shown.shown(found)]


def test_sections_are_drawn(found):
    sections = list(shown.shown(found))
    assert [section.title for section in sections] == [
        "Where it looks", "What else it would have said",
    ]  # fmt: skip
    for number, part in enumerate(part for section in sections for part in section.parts):
        if isinstance(part, Figure):
            assert "drei" in svg_of(part, number=number)
        else:
            assert isinstance(part, Table)
            assert part.rows


def test_korean_tokens_stay_text():
    found = {"source": ["나는", "</s>"], "target": ["I", "</s>"], "weights": [[0.9, 0.1], [0, 1]]}
    for figure in (attention_map(found), links(found)):
        assert "나는" in svg_of(figure, number=1)


def test_sentences_are_judged_by_bleu_and_short_forms_by_chrf():
    answers = [{"translation": case["target"], "score": 0.0} for case in CASES]
    short = [{"source": case["source"], "target": "3"} for case in CASES]
    assert ">bleu<" in svg_of(by_length(TASK.metrics, CASES, {"model": answers}), number=1)
    assert ">chrf<" in svg_of(by_length(TASK.metrics, short, {"model": answers}), number=1)


def lines_of(figure):
    """{label: y of its points} of what a figure plots; dotted lines go across."""
    axes = Canvas().add_subplot()
    figure.draw(axes)
    return {
        line.get_label(): list(line.get_ydata()) for line in axes.lines if len(line.get_ydata()) > 2
    }


def test_runs_are_compared_by_the_length_of_the_source_in_one_figure():
    """One that loses all after the seventh word, as without attention, beside one that does not."""
    good = [{"translation": case["target"]} for case in CASES]
    short = [{"translation": " ".join(case["target"].split()[:7])} for case in CASES]
    (figure,) = TASK.compared(CASES, {"general": good, "none": short})
    lines = lines_of(figure)
    assert list(lines) == ["general", "none"]
    assert lines["general"][3:] == pytest.approx([100] * 5)
    assert lines["none"][3] == pytest.approx(100)  # seven words
    # all n-grams are right, and 11 words are 7: exp(1 - 11 / 7) by the brevity penalty
    assert lines["none"][4] == pytest.approx(100 * np.exp(1 - 11 / 7), rel=1e-6)
