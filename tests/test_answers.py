"""Answers on disk come back as they were, and score as they did."""

import gzip
import json

import numpy as np
import pytest

from seqapps import answers, registry
from seqapps.answers import Answers
from seqapps.metrics.judge import values_of


@pytest.fixture
def judged():
    cases = [{"text": 'Ünïcode, "quoted"\nline', "label": "good"}, {"text": "", "label": "bad"}]
    told = [
        {"label": "good", "labels": ["bad", "good"], "scores": [0.1, 0.9]},
        {"label": "good", "labels": ["bad", "good"], "scores": [1 / 3, 2 / 3]},
    ]
    return Answers(cases, told, told[::-1], ["a", "b"])


def test_cases_answers_and_groups_come_back(sentiment, judged, tmp_path):
    answers.write(tmp_path / "answers.jsonl.gz", judged)
    assert answers.read(tmp_path / "answers.jsonl.gz", sentiment) == judged


def test_without_baseline_and_groups_there_are_none(sentiment, judged, tmp_path):
    alone = Answers(judged.cases, judged.model, None, None)
    answers.write(tmp_path / "answers.jsonl.gz", alone)
    assert answers.read(tmp_path / "answers.jsonl.gz", sentiment) == alone


def test_the_same_answers_make_the_same_file(judged, tmp_path):
    for name in ("one", "two"):
        answers.write(tmp_path / name, judged)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_line_is_json_with_the_groups_name(judged, tmp_path):
    answers.write(tmp_path / "a.gz", judged)
    lines = gzip.decompress((tmp_path / "a.gz").read_bytes()).decode().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[1])["group"] == "b"
    assert json.loads(lines[1])["model"]["scores"] == [1 / 3, 2 / 3]


def test_series_are_arrays_again_and_score_the_same(tmp_path, pytestconfig):
    registry.add_plugin(pytestconfig.rootpath / "docs" / "examples" / "next_week.py")
    task = registry.load("next_week")
    random = np.random.default_rng(7)
    cases = [
        {"values": random.normal(size=21).astype("float32"),
         "following": random.normal(size=7).astype("float32")}
        for _ in range(5)
    ]  # fmt: skip
    told = [{"forecast": random.normal(size=7).tolist(), "level": 0.3} for _ in range(5)]
    answers.write(tmp_path / "a.gz", Answers(cases, told, None, None))
    again = answers.read(tmp_path / "a.gz", task)
    assert values_of(task.metrics, again.cases, again.model) == values_of(task.metrics, cases, told)


def test_of_an_image_the_digest_is_kept(tmp_path, sentiment):
    cases = [{"text": b"\x89PNG", "label": "good"}]
    answers.write(tmp_path / "a.gz", Answers(cases, [{"label": "good"}], None, None))
    kept = answers.read(tmp_path / "a.gz", sentiment).cases[0]["text"]
    assert kept == {"sha256": "0f4636c78f65d3639ece5a064b5ae753e3408614a14fb18ab4d7540d2c248543"}


def test_what_is_not_plain_is_an_error(tmp_path):
    with pytest.raises(TypeError, match="not plain"):
        answers.write(tmp_path / "a.gz", Answers([{"text": object()}], [{}], None, None))
    assert not (tmp_path / "a.gz").exists()
