"""A translator from a file of pairs to an answer, by the command line alone."""

import json
import random
import re
import shutil

import numpy as np
import pytest

from seqapps.cli import main

pytestmark = pytest.mark.long

HOW = {"red": "rot", "blue": "blau", "old": "alt", "new": "neu", "big": "riesig"}
WHAT = {"dog": "Hund", "cat": "Katze", "cow": "Kuh", "hen": "Huhn", "fox": "Fuchs"}
SOURCE, TARGET = "the new cat and the blue dog", "Katze neu und Hund blau"
SETS = (
    "tokens=words", "units=46", "embedding=29", "epochs=5", "patience=5", "batch_tokens=200",
    "learning_rate=0.02", "beam=2", "max_tokens=23", "monitor=exact_match", "gradient_batches=0",
)  # fmt: skip


def pairs(count):
    """ "the red dog and the old cat" -> "Hund rot und Katze alt": the words change places."""
    drawn = random.Random(0)
    found = {}
    while len(found) < count:
        phrases = [(drawn.choice([*HOW]), drawn.choice([*WHAT])) for _ in range(2)]
        source = " and ".join(f"the {how} {what}" for how, what in phrases)
        found[source] = " und ".join(f"{WHAT[what]} {HOW[how]}" for how, what in phrases)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which a translator was trained and published."""
    folder = tmp_path_factory.mktemp("translation")
    found = pairs(307)
    (folder / "words.en").write_text("".join(f"{source}\n" for source in found))
    (folder / "words.de").write_text("".join(f"{target}\n" for target in found.values()))
    patch = pytest.MonkeyPatch()
    patch.chdir(folder)
    patch.setenv("SEQAPPS_CACHE", str(folder / "cache"))
    arguments = ["run", "translation", "--data", "words.en+words.de", "--quiet"]
    with pytest.raises(SystemExit) as exit_:
        main([*arguments, *(part for each in SETS for part in ("--set", each))])
    assert exit_.value.code in (0, None)
    yield folder
    patch.undo()


def test_it_translates_what_it_has_not_seen(folder):
    (evaluation,) = folder.glob("runs/translation/*/evaluation.json")
    found = json.loads(evaluation.read_text())
    assert found["model"]["exact_match"]["value"] > 0.8
    assert found["baselines"]["copy_source"]["exact_match"]["value"] == 0
    assert list(found["model"]) == ["chrf", "bleu", "exact_match", "token_accuracy", "length_ratio"]
    assert list(found["metric_signatures"]) == ["chrf", "bleu"]


def test_the_report_shows_where_it_looks(folder):
    (report,) = folder.glob("runs/translation/*/report.html")
    page = report.read_text()
    assert "Where it looks" in page
    assert "What else it would have said" in page
    assert "tok:13a" in page
    assert "teacher forced" in page


def test_history_has_what_true_tokens_would_have_given(folder):
    (history,) = folder.glob("runs/translation/*/history.csv")
    head, *lines = [line.split(",") for line in history.read_text().splitlines()]
    forced = [float(line[head.index("teacher_forced_chrf")]) for line in lines]
    assert max(forced) > 80
    assert forced[0] < max(forced)


def test_scores_are_printed_with_their_signatures(folder, call):
    code, out, _ = call("evaluate", "translation")
    assert code == 0
    assert "\nbleu: nrefs:1|case:mixed|eff:no|tok:13a|" in out
    assert "\nchrf: nrefs:1|case:mixed|" in out


def test_runs_are_drawn_by_length_in_one_figure(folder, call):
    (run,) = folder.glob("runs/translation/*/")
    shutil.copytree(run, run.with_name("other"))
    code, _, error = call("compare", run.name, "other", "--page", "beside.html")
    shutil.rmtree(run.with_name("other"))
    assert code == 0, error
    page = (folder / "beside.html").read_text()
    (figure,) = re.findall('aria-label="Short sources and long ones".*?</svg>', page, re.DOTALL)
    assert run.name in figure
    assert "other" in figure


def test_a_text_is_translated(folder, call):
    code, out, _ = call("predict", "translation", SOURCE)
    assert code == 0
    assert out.startswith(f"{TARGET}  score=-")


def test_several_translations_are_told_the_best_first(folder, call):
    code, out, _ = call("predict", "translation", "--signature", "n_best", "--json", SOURCE)
    assert code == 0
    told = json.loads(out)
    told = told[0] if isinstance(told, list) else told
    assert told["translations"][0] == TARGET
    assert told["scores"] == sorted(told["scores"], reverse=True)


def test_a_translation_is_explained_by_where_it_looked(folder, call):
    code, out, error = call("explain", "translation", "--json", SOURCE)
    assert code == 0, error
    (example,) = json.loads(out)["examples"]
    links = example["links"]
    assert "".join(links["first"]) == f"{SOURCE}</s>"
    assert "".join(links["second"]) == f"{TARGET}</s>"
    np.testing.assert_allclose(np.sum(links["weights"], axis=1), 1.0, atol=1e-5)


def test_an_explanation_is_printed_line_by_line(folder, call):
    code, out, _ = call("explain", "translation", SOURCE)
    assert code == 0
    lines = [line for line in out.splitlines() if "<-" in line]
    assert len(lines) == len(TARGET.split()) + 1
    assert lines[0].startswith("Katze")


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        (["beam=0"], "beam"),
        (["units=7"], "units = 7: two directions share them"),
        (["attention=none", "input_feeding=true"], "input_feeding"),
        (["encoder=attention", "input_feeding=true"], "input_feeding"),
        (["attention=none", "coverage_penalty=0.2"], "coverage_penalty"),
        (["attention=cosine"], "attention"),
        (["tokens=subwords", "vocabulary=11"], "vocabulary of 11"),
    ],
)
def test_settings_that_cannot_be_are_told_in_one_message(folder, call, sets, told):
    arguments = [part for each in sets for part in ("--set", each)]
    code, _, error = call("run", "translation", "--data", "words.en+words.de", *arguments)
    assert code == 2
    assert told in error
    assert "Traceback" not in error
