"""`seqapps data` through the real entry point: output, messages, exit codes."""

import csv
import json
import random
import subprocess
import sys

import pytest


@pytest.fixture
def reviews(tmp_path):
    """Write 120 sound rows, and further ones, as a csv file."""

    def write(*more):
        drawn = random.Random(0)
        words = [first + last for first in "bdfhklmn" for last in ("an", "or", "ist", "ump", "eck")]
        rows = [[" ".join(drawn.choices(words, k=11)), ("good", "bad")[number % 2]]
                for number in range(120)]  # fmt: skip
        file = tmp_path / "reviews.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows([("text", "label"), *rows, *more])
        return str(file)

    return write


def test_sound_data_are_ready(reviews, call):
    code, out, _ = call("data", "sentiment", "--data", reviews(), "--quiet")
    assert code == 0
    assert "columns read: text, label" in out
    assert "label good     48      6     6" in out
    assert "Findings: none" in out
    assert out.endswith("Verdict: ready\n")


def test_findings_are_shown_with_what_a_run_does_and_fix_does(reviews, call):
    file = reviews(["cafÃ© noir", "good"])
    code, out, _ = call("data", "sentiment", "--data", file, "--quiet")
    assert code == 0
    assert "- rows with text that was read in a wrong encoding: 1" in out
    assert "reviews.csv, row 121: cafÃ© noir -> café noir" in out
    assert "a run keeps them as they are" in out
    assert "--fix: repaired" in out
    assert "Verdict: ready, with 1 finding" in out


def test_data_that_stop_a_run_are_shown_first_and_end_in_its_message(reviews, call):
    code, out, err = call("data", "sentiment", "--data", reviews(["odd", "odd"]), "--quiet")
    assert code == 2
    assert "! values of 'label' that one row only has: 1" in out
    assert "Verdict: a run stops" in out
    assert "the label 'odd' occurs only here" in err


def test_data_that_cannot_be_read_are_one_message(tmp_path, call):
    file = tmp_path / "reviews.csv"
    file.write_text("text,label\nfine,good\nragged\n")
    code, out, err = call("data", "sentiment", "--data", str(file), "--quiet")
    assert (code, out) == (2, "")
    assert "reviews.csv, row 2" in err


def test_more_unusable_rows_can_be_allowed(reviews, call):
    file = reviews(["", "good"], ["", "bad"], ["", "bad"])
    code, out, err = call("data", "sentiment", "--data", file, "--quiet")
    assert code == 2
    assert "rows of 123 that cannot be used" in out
    assert "3 of 123 rows cannot be used" in err
    code, _, _ = call("data", "sentiment", "--data", file, "--quiet", "--most-rejected", "0.1")
    assert code == 0


def test_json_is_one_object_with_what_is_shown(reviews, call):
    file = reviews(["odd", "odd"])
    code, out, _ = call("data", "sentiment", "--data", file, "--quiet", "--json")
    facts = json.loads(out)
    assert code == 2
    assert list(facts) == [
        "name", "spec", "task", "group", "notes", "columns", "splits", "labels", "balance",
        "examples", "lengths", "cut", "unknown_words", "near_duplicates", "rejected", "findings",
        "verdict",
    ]  # fmt: skip
    assert [finding["kind"] for finding in facts["findings"]] == ["label_once"]
    assert facts["verdict"]["trains"] is False


def test_settings_decide_the_vocabulary_and_what_is_cut(reviews, call):
    _, out, _ = call(
        "data", "sentiment", "--data", reviews(), "--quiet", "--json",
        "--set", "vocabulary=7", "--set", "max_tokens=10",
    )  # fmt: skip
    facts = json.loads(out)
    assert facts["unknown_words"]["text"]["vocabulary"] == 7
    assert facts["cut"]["cut"] == 120


def test_the_fixed_file_is_what_the_exit_code_is_about(reviews, call, tmp_path):
    file, fixed = reviews(["odd", "odd"], ["", "good"]), str(tmp_path / "fixed.csv")
    code, out, _ = call("data", "sentiment", "--data", file, "--fix", fixed, "--quiet")
    assert code == 0
    assert "Verdict: a run stops" in out
    assert f"Written to {fixed}: 120 rows" in out
    assert f"A run can train on {fixed}." in out
    code, out, _ = call("data", "sentiment", "--data", fixed, "--quiet")
    assert code == 0
    assert "Findings: none" in out
    code, _, err = call("data", "sentiment", "--data", file, "--fix", fixed, "--quiet")
    assert code == 2
    assert "exists already" in err


def test_lines_fit_a_terminal(call):
    code, out, _ = call("data", "sentiment", "--data", "sample:toy", "--quiet")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom seqapps.cli import main\n"
        "try: main(['data', '--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('tensorflow', 'sklearn', 'scipy', 'pandas', 'ftfy', 'numpy')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "--fix OUT" in done.stdout
    assert done.stdout.endswith("[]\n")
