"""`seqapps explain` through the real entry point: what it shows, draws and refuses."""

import json
import re
import shutil

import numpy as np
import pytest

from seqapps.cli import main

TINY = [
    "--data", "sample:toy", "--quiet", "--set", "vectors=none", "--set", "epochs=2",
    "--set", "units=3", "--set", "embedding=5", "--set", "batch_tokens=150",
    "--set", "wide=false", "--set", "gradient_batches=0",
]  # fmt: skip
NUMBER = re.compile(r"_\d+(?=[\s\",:]|$)")  # Keras counts layers of a kind in a process
TEXT = "The zyzzyva is not dull!"  # 6 tokens; the second is unknown


@pytest.fixture(scope="session")
def told(tmp_path_factory):
    """A folder with a run of a recurrent model and one of a model over n-grams."""
    folder = tmp_path_factory.mktemp("told")
    bag = ["--set", "representation=tfidf", "--set", "layers=0", "--publish-as", "bag"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for arguments in (["--name", "first"], ["--name", "bag", *bag]):
            with pytest.raises(SystemExit) as exit_:
                main(["run", "sentiment", *TINY, *arguments])
            assert not exit_.value.code
    return folder


@pytest.fixture
def inside(told, monkeypatch):
    monkeypatch.chdir(told)
    return told


@pytest.fixture
def explained(inside, call):
    """Call the verb with --json; the answer as values."""

    def run(*arguments):
        code, out, err = call("explain", *arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(NUMBER.sub("", out))

    return run


def test_tokens_ids_layers_masks_and_scores_are_shown(inside, call):
    code, out, err = call("explain", "sentiment", TEXT)
    assert (code, err) == (0, "")
    lines = [line.split() for line in NUMBER.sub("", out).splitlines()]
    assert lines[0] == ["Input:", *TEXT.split()]
    assert lines[1] == ["token", "id", "weight"]
    assert [line[0] for line in lines[2:8]] == ["the", "zyzzyva", "is", "not", "dull", "!"]
    assert ["unknown" in line for line in lines[2:8]] == [False, True, *[False] * 4]
    assert "█" in out
    shapes = {line[0]: line for line in lines if "batch" in str(line)}
    assert shapes["text_ids"][1:5] == ["InputLayer", "[1,", "6]", "batch,"]
    embedded = "Embedding [1, 6, 5] batch, time, units 175 1 1 1 1 1 1"
    assert shapes["embedding"][1:] == embedded.split()
    # Parameters: 2 directions * 4 gates * 3 units * (5 inputs + 3 units + 1 bias)
    states = "Bidirectional [1, 6, 6] batch, time, units 216 1 1 1 1 1 1"
    assert shapes["bidirectional"][1:] == states.split()
    assert shapes["pooling"][1:] == ["MaxPooling", "[1,", "6]", "batch,", "units", "0"]
    assert lines[-2][0] in ("negative", "positive")
    assert "\x1b" not in out  # no colours in a pipe


def test_the_answer_is_that_of_predict(explained, call):
    found = explained("sentiment", TEXT)["examples"][0]
    _, out, _ = call("predict", "sentiment", TEXT, "--json")
    assert {"text": TEXT, **found["answer"]} == json.loads(out)


def test_json_holds_all_that_is_known(explained):
    found = explained("sentiment", TEXT)
    (example,) = found["examples"]
    assert example["input"] == {"text": TEXT}
    assert example["tokens"] == ["the", "zyzzyva", "is", "not", "dull", "!"]
    assert example["ids"][1] == 1
    assert min(example["ids"][:1] + example["ids"][2:]) > 1
    assert sum(example["weights"]) == pytest.approx(1, abs=1e-5)
    assert found["run"] == "runs/sentiment/first"
    by_name = {layer["layer"]: layer for layer in found["layers"]}
    assert by_name["bidirectional"] == {
        "layer": "bidirectional", "kind": "Bidirectional", "reads": ["dropout"],
        "shape": [1, 6, 6], "axes": ["batch", "time", "units"], "type": "float32",
        "parameters": 216, "mask": [[1] * 6],
    }  # fmt: skip


def test_texts_that_go_together_show_padding(explained):
    found = explained("sentiment", "Lovely film", "The cast is never cold")
    assert [len(example["tokens"]) for example in found["examples"]] == [2, 5]
    masks = {layer["layer"]: layer["mask"] for layer in found["layers"]}
    assert masks["embedding"] == masks["bidirectional"] == [[1, 1, 0, 0, 0], [1] * 5]
    assert masks["pooling"] is None


def test_the_same_text_is_told_the_same_alone_and_beside_others(explained):
    (alone,) = explained("sentiment", "Lovely film")["examples"]
    beside = explained("sentiment", "Lovely film", "The cast is never cold")["examples"][0]
    assert alone["ids"] == beside["ids"]
    np.testing.assert_allclose(alone["weights"], beside["weights"], atol=1e-5)


def test_a_published_name_a_version_folder_and_a_run_tell_the_same(explained):
    found = [explained(model, TEXT) for model in ("sentiment", "saved_models/sentiment/1", "first")]
    assert len({json.dumps([one["examples"], one["layers"]]) for one in found}) == 1


def test_an_export_without_its_run_still_tells_tokens_and_scores(inside, call, tmp_path):
    copy = tmp_path / "1"
    shutil.copytree(inside / "saved_models" / "sentiment" / "1", copy)
    runs = tmp_path / "elsewhere"
    code, out, err = call("explain", str(copy), TEXT, "--runs", str(runs))
    assert (code, err) == (0, "")
    assert "zyzzyva" in out
    assert f"the run that made this export (sentiment/first) is not under {runs}" in out
    assert "Embedding" not in out
    assert "Answer: " in out


def test_a_run_that_was_trained_anew_is_not_taken_for_the_one_that_was_exported(
    explained, inside, tmp_path
):
    """The layers would tell of another model."""
    runs = inside / "runs" / "sentiment"
    shutil.copytree(runs / "bag", tmp_path / "runs" / "sentiment" / "first")
    found = explained("sentiment", TEXT, "--runs", str(tmp_path / "runs"))
    assert found["layers"] == []
    assert "is not as it was when this export was made" in found["layers_unknown"]


def test_a_model_over_n_grams_tells_those_that_it_knows(inside, explained, call):
    found = explained("bag", TEXT)["examples"][0]
    assert found["tokens"] == []
    entries = found["entries"]["text_terms"]
    assert {"is", "not", "dull", "not dull"} <= entries.keys()
    assert not any("zyzzyva" in name for name in entries)
    assert list(entries.values()) == sorted(entries.values(), reverse=True)
    assert np.linalg.norm(list(entries.values())) == pytest.approx(1, abs=1e-5)
    code, out, _ = call("explain", "bag", TEXT)
    assert code == 0
    assert "not dull" in out
    assert "Rescaling" in out


@pytest.mark.parametrize(
    ("ending", "start"),
    [
        ("png", b"\x89PNG"),
        pytest.param("svg", b"<?xml", marks=pytest.mark.long),
        pytest.param("pdf", b"%PDF", marks=pytest.mark.long),
    ],
)
def test_the_gates_are_drawn(inside, call, tmp_path, ending, start):
    file = tmp_path / "new folder" / f"gates.{ending}"
    code, out, err = call("explain", "sentiment", TEXT, "--gates", str(file))
    assert (code, err) == (0, "")
    assert f"Gates of the LSTM in layer bidirectional: {file}" in NUMBER.sub("", out)
    assert file.read_bytes().startswith(start)
    assert list(file.parent.iterdir()) == [file]


def test_the_gates_of_words_in_many_scripts_are_drawn(inside, call, tmp_path):
    """With a font or without: no warning, which would be an error here."""
    file = tmp_path / "gates.png"
    code, _, err = call(
        "explain", "sentiment", "좋은 영화 电影 映画 عربي $x$", "--gates", str(file)
    )
    assert (code, err) == (0, "")
    assert file.is_file()


def test_the_means_of_the_gates_are_in_the_json(explained, tmp_path):
    found = explained("sentiment", TEXT, "--gates", str(tmp_path / "gates.svg"))["gates"]
    assert (found["layer"], found["kind"]) == ("bidirectional", "LSTM")
    assert list(found["means"]) == ["forward", "backward"]
    for means in found["means"].values():
        assert {len(values) for values in means.values()} == {6}
        assert all(0 < value < 1 for value in means["forget_gate"])


def test_a_terminal_gets_shades_and_no_bars(inside, call, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    _, out, _ = call("explain", "sentiment", TEXT)
    assert "\x1b[" in out.splitlines()[1]
    assert "█" not in out[: out.index("text_ids")]
    monkeypatch.setenv("NO_COLOR", "1")
    _, out, _ = call("explain", "sentiment", TEXT)
    assert "\x1b" not in out
    assert "█" in out[: out.index("text_ids")]


@pytest.mark.parametrize("text", ["...", "👍", "word " * 5000, "!?", "\x1b[31mred\x07"])
def test_odd_texts_are_explained(inside, call, text):
    code, out, err = call("explain", "sentiment", text)
    assert (code, err) == (0, "")
    assert "Answer: " in out
    assert not {"\x1b", "\x07"} & set(out)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing", "text"], "no such model"),
        (["sentimnt", "text"], "Did you mean 'sentiment'?"),
        (["sentiment"], "Give either arguments or --file"),
        (["sentiment", ""], "The text is empty"),
        (["sentiment", "film", " \n"], "The text is empty"),
        (["sentiment", "caf\udce9"], "not UTF-8 text"),
        (["sentiment", *["film"] * 17], "at most 16 examples"),
        (["sentiment", "--file", "none.txt"], "none.txt: no such file"),
        (
            ["sentiment", "film", "--gates", "x.gif"],
            "expected a name that ends in .svg, .png, .pdf",
        ),
        (["sentiment", "film", "--gates", "x"], "received no ending"),
        (["sentiment", "film", "--gates", "folder.svg"], "this is a folder"),
        (["sentiment", "film", "--gates", "file/x.svg"], "file/x.svg: cannot be written"),
        (["sentiment", "a", "b", "--gates", "x.svg"], "one text at a time, 2 are given"),
        (["sentiment", "film", "--gates", "x.svg", "--runs", "none"], "is not under none"),
        (["sentiment", "...", "--gates", "x.svg"], "no step to draw"),
        (["sentiment", "film", "--gates", "x.svg", "--layer", "lstm"], "Known: bidirectional"),
        (["sentiment", "film", "--layer", "lstm"], "give --gates FILE too"),
        (["bag", "film", "--gates", "x.svg"], "no layer with gates"),
    ],
)
def test_a_mistake_gets_one_message_and_nothing_is_written(inside, call, arguments, says):
    (inside / "folder.svg").mkdir(exist_ok=True)
    (inside / "file").touch()
    code, out, err = call("explain", *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
    assert not (inside / "x.svg").exists()
