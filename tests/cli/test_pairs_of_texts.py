"""Rows of two texts through the real entry point: parallel files, tables without a header."""

import json
import random

import pytest

PLUGIN = """
from dataclasses import replace

from seqapps.task import Column, Fixed
from seqapps.tasks.sentiment.task import TASK as SENTIMENT

TASK = replace(
    SENTIMENT,
    name="pairs",
    inputs={"source": Column("text", "what is translated")},
    targets={"target": Column("text", "its translation")},
    samples={},
    refusals=(),
    batching=Fixed(),
)
"""


@pytest.fixture
def look(call, tmp_path):
    """`seqapps data` on a task with a text input and a text target."""
    (tmp_path / "pairs.py").write_text(PLUGIN)

    def look(data, *options):
        spec = "+".join(str(tmp_path / part) for part in data.split("+"))
        plugin = str(tmp_path / "pairs.py")
        return call("data", "pairs", "--plugin", plugin, "--data", spec, "--quiet", *options)

    return look


@pytest.fixture
def corpus(tmp_path):
    """131 pairs of sentences in two made-up languages, in two files."""
    drawn = random.Random(0)
    sides = {"en": [], "de": []}
    for _ in range(131):
        for side, letters in (("en", "aeow"), ("de", "iuäz")):
            words = ["".join(drawn.choices(letters, k=4)) for _ in range(9)]
            sides[side].append(" ".join(words))
    for side, lines in sides.items():
        (tmp_path / f"corpus.{side}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_two_parallel_files_are_examined(corpus, look):
    code, out, _ = look("corpus.en+corpus.de")
    assert code == 0
    assert out.startswith("corpus.en+corpus.de as data of pairs\n")
    assert "columns read: source <- en, target <- de" in out
    assert "read by their order: source from 'en', target from 'de'" in out
    assert out.endswith("Verdict: ready\n")
    code, out, _ = look("", "--column", "source=de", "--column", "target=en")
    assert code == 0
    assert "columns read: source <- de, target <- en" in out


def test_findings_of_pairs_are_shown_and_the_cleaned_rows_kept(corpus, look, tmp_path):
    for side in ("en", "de"):
        lines = (corpus / f"corpus.{side}").read_text(encoding="utf-8").split("\n")
        other = "de" if side == "en" else "en"
        lines[16] = (corpus / f"corpus.{other}").read_text(encoding="utf-8").split("\n")[16]
        lines[40] = "not translated" if side == "de" else lines[40]
        (corpus / f"turned.{side}").write_text("\n".join(lines), encoding="utf-8")
    code, out, _ = look("turned.en+turned.de", "--fix", str(tmp_path / "clean.tsv"))
    assert code == 0
    assert "- rows whose source is written as the target of the others is" in out
    assert "(1 of 131 in turned.en+turned.de): 1" in out.replace("\n  ", " ")
    assert "    turned.en+turned.de, row 17: " in out
    assert "--fix: kept; swap them by hand" in out
    assert max(map(len, out.splitlines())) <= 200
    assert (tmp_path / "clean.tsv").read_text(encoding="utf-8").startswith("source\ttarget\n")


def test_files_of_unequal_length_are_one_message(corpus, look):
    with (corpus / "corpus.de").open("a") as file:
        file.write("too much\n")
    code, out, err = look("corpus.en+corpus.de")
    assert (code, out) == (2, "")
    assert "corpus.en has 131 lines, corpus.de has 132 lines: line 132 of corpus.de has no" in err


def test_a_table_without_a_header_is_examined(corpus, look):
    sides = [(corpus / f"corpus.{side}").read_text("utf-8").split("\n") for side in ("en", "de")]
    lines = [f"{number}\t{one}\t7{number}\t{other}\n"
             for number, (one, other) in enumerate(zip(*sides, strict=True)) if one]  # fmt: skip
    (corpus / "tatoeba.tsv").write_text("".join(lines), encoding="utf-8")
    code, _, err = look("tatoeba.tsv")
    assert code == 2
    assert "If the first line is a row already: --no-header." in err
    options = ["--no-header", "--column", "source=2", "--column", "target=4"]
    code, out, _ = look("tatoeba.tsv", *options, "--json")
    facts = json.loads(out)
    assert code == 0
    assert sum(facts["splits"]["rows"].values()) == 131
    assert facts["columns"] == {"taken": {"source": "2", "target": "4"}, "others": ["1", "3"]}
