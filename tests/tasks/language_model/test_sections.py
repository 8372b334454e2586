"""Observed values, made by hand, give the sections of the report."""

import pytest
from seqapps.tasks.language_model.shown import shown

from seqapps.report.page import render
from seqapps.report.shown import sections


def observed(**others):
    samples = [
        {"prompt": prompt, "temperature": heat, "text": f" goes on at {heat}"}
        for heat in (0.4, 0.7)
        for prompt in ("One\ntwo", "")
    ]
    shares = {"copied_characters": 0.25, "copied_words": None, "distinct_1": 0.5,
              "distinct_2": 0.75, "distinct_3": 1.0}  # fmt: skip
    part = {"tokens": 23, "model": 1.5, "ngrams": 2.5}
    word = {"word": "odd", "nats": 7.25, "ngrams": 9.5, "times": 3, "training": 0}
    return {
        "trained_on": {"characters": 1234, "whole": True},
        "written": {
            "samples": samples,
            "characters": 567,
            "shares": {"temperature 0.4": shares, "held-out text": shares},
        },
        "surprise": {
            "pieces": 11,
            "frequency": [{"from": 3, "to": 9, **part}, {"from": 10, "to": 29, **part}],
            "position": [{"from": 0, "to": 15, **part}, {"from": 2048, "to": 4095, **part}],
            "hardest": [word],
            "easiest": [],
            "passage": {"lead": "so ", "tokens": [["a", 0.0], ["\n", 2.0]], "guess": 4.0},
        },
        "neighbours": [{"token": "␣the", "count": 99, "alike": [["␣a", 0.9], ["␣an", 0.5]]}],
        "styles": None,
        **others,
    }


def styles(right):
    return {
        "column": "party",
        "names": ["owl", "lark"],
        "samples": [{"prompt": "", "style": name, "text": "x"} for name in ("owl", "lark")],
        "verdict": {
            "characters": 300,
            "learnt": 800,
            "real": {"right": 45, "of": 60, "low": 0.63, "high": 0.84},
            "written": {"right": right, "of": 100, "low": right / 100 - 0.1,
                        "high": right / 100 + 0.1},
        },
    }  # fmt: skip


def text_of(values):
    return render("sections.jinja", own=sections(shown(values), first=0))


def titles(values):
    return [section.title for section in shown(values)]


def test_every_section_is_drawn():
    assert titles(observed()) == ["What it writes", "What surprises it", "Learnt vectors"]
    text = text_of(observed())
    assert text.count("<svg") == 2
    assert '<span class="lead">One\ntwo</span> goes on at 0.4' in text
    assert "temperature 0.7, no prompt" in text
    assert "25.0 %" in text
    assert '<td class="number">-</td>' in text, "a share of nothing"
    assert "␣a 0.90 · ␣an 0.50" in text
    assert 'title="2.00 nats, 14 %"' in text


def test_the_same_prompt_at_all_temperatures_is_a_line():
    part = next(iter(shown(observed()))).parts[0]
    assert part.columns == 2
    assert [passage.lead for passage in part.passages] == ["One\ntwo", "One\ntwo", "", ""]


@pytest.mark.parametrize(
    ("right", "says"),
    [(80, "Yes: what the model writes"), (52, "No: what"), (20, "taken for the other style")],
)
def test_the_verdict_follows_from_the_interval(right, says):
    text = text_of(observed(styles=styles(right)))
    assert says in text
    assert f"{right}.0%" in text.replace(" %", "%")
    assert "Two styles" in titles(observed(styles=styles(right)))


@pytest.mark.parametrize("real", [None, {"right": 3, "of": 6, "low": 0.2, "high": 0.8}])
def test_nothing_is_said_where_real_texts_are_not_told_apart(real):
    values = styles(52)
    values["verdict"]["real"] = real
    assert "It cannot be said" in text_of(observed(styles=values))


def test_a_report_without_n_grams_leaves_their_column_out():
    values = observed()
    for part in [*values["surprise"]["frequency"], *values["surprise"]["position"],
                 *values["surprise"]["hardest"]]:  # fmt: skip
        part["ngrams"] = None
    assert "n-grams" not in text_of(values)
