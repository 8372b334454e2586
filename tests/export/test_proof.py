"""The proof lets a good export pass, and names what is wrong with any other."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seqapps import files
from seqapps.errors import ProofError
from seqapps.export import proof, proof_worker
from seqapps.export.signatures import declared

MOVED, RENAMED = 3, 5  # places of the golden rows whose score, and whose label, are changed


@pytest.fixture(scope="module")
def proved(bundle):
    """What the proof of the bundle said; `bundle.write` writes it after proving."""
    return files.read_json(bundle / "assets.extra" / "proof.json")


def copy_of(bundle, folder):
    return Path(shutil.copytree(bundle, folder / "copy"))


def refusal(folder, sentiment, tiny):
    """The message with which the proof refuses the export at `folder`."""
    with pytest.raises(ProofError) as caught:
        proof.prove(folder, declared(sentiment, tiny))
    return str(caught.value)


@pytest.fixture(scope="module")
def tampered(bundle, sentiment, tiny, tmp_path_factory):
    """(golden outputs as they were, message after one score and one label were changed)."""
    folder = copy_of(bundle, tmp_path_factory.mktemp("tampered"))
    file = folder / "assets.extra" / "golden.json"
    (record, *others) = files.read_json(file)
    assert record["signature"] == "serving_default"
    before = files.read_json(file)[0]["outputs"]
    outputs = record["outputs"]
    outputs["scores"][MOVED][1] += 0.01
    outputs["label"][RENAMED] = next(
        label for label in outputs["labels"][RENAMED] if label != outputs["label"][RENAMED]
    )
    files.write_json(file, [record, *others])
    return before, refusal(folder, sentiment, tiny)


def test_the_proof_asks_every_golden_row_in_a_batch_and_on_its_own(proved, golden):
    rows = sum(len(next(iter(record["inputs"].values()))) for record in golden.values())
    assert proved["rows"] == 2 * rows


def test_the_proof_names_the_library_that_a_server_must_link(proved):
    assert proved["libraries"] == ["tensorflow-text"]


def test_the_proof_says_how_far_the_answers_are_apart(proved):
    assert 0 <= proved["largest_difference"] <= 1e-4


def test_a_score_that_moved_by_a_hundredth_is_named_with_signature_row_and_both_numbers(tampered):
    before, message = tampered
    score = before["scores"][MOVED][1]
    (line,) = [
        line for line in message.splitlines()
        if line.strip().startswith(f"serving_default row {MOVED + 1}, scores")
    ]  # fmt: skip
    received, expected = line.rpartition(": ")[2].split(" in place of ")
    assert float(received) == pytest.approx(score, abs=1e-4)
    assert float(expected) == score + 0.01


def test_a_score_that_moved_is_also_found_in_the_row_on_its_own(tampered):
    assert f"serving_default row on its own, {MOVED + 1}, scores" in tampered[1]


def test_a_changed_label_is_named_with_both_labels(tampered):
    before, message = tampered
    label = before["label"][RENAMED]
    other = next(name for name in before["labels"][RENAMED] if name != label)
    assert f"serving_default row {RENAMED + 1}, label: {label!r} in place of {other!r}" in message


def test_the_proof_counts_the_differences(tampered):
    """One score and one label, each in the batch and on its own."""
    assert "(4 differences)" in tampered[1]


def test_an_export_cut_short_is_refused_with_the_reason(bundle, sentiment, tiny, tmp_path):
    folder = copy_of(bundle, tmp_path)
    file = folder / "saved_model.pb"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    message = refusal(folder, sentiment, tiny)
    assert message.startswith(f"The export at {folder} does not answer in a fresh process:\n")
    assert "Cannot parse file" in message


def test_the_worker_runs_apart_from_this_environment_and_sees_no_gpu(
    bundle, sentiment, tiny, tmp_path, monkeypatch
):
    """In place of Python a script that tells its arguments and what GPU it was given."""
    telling = tmp_path / "telling"
    telling.write_text('#!/bin/sh\necho "GPU: $CUDA_VISIBLE_DEVICES, $1 $2" >&2\nexit 1\n')
    telling.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(telling))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert f"GPU: -1, -I {proof_worker.__file__}" in refusal(bundle, sentiment, tiny)


@pytest.mark.parametrize(
    ("leaning", "says"),
    [
        ("__import__('seqapps')", "ImportError: the export must load without seqapps"),
        ("__import__('tensorflow').keras.Model", "ImportError: Keras cannot be imported"),
    ],
)
def test_the_worker_refuses_what_made_the_export(bundle, tmp_path, leaning, says):
    """The worker as it is, but for loading: there it does what a leaning export would."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import proof_worker; "
        f"proof_worker.load = lambda folder: {leaning}; "
        "proof_worker.main(*sys.argv[2:])"
    )
    folder, answers = Path(proof_worker.__file__).parent, tmp_path / "answers.json"
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(folder), str(bundle), str(answers)],
        capture_output=True,
        text=True,
    )
    assert says in done.stderr


@pytest.mark.parametrize(
    "module",
    [
        "seqapps",
        "seqapps.export",
        "seqapps.tasks.sentiment",
        "keras.src",
        "keras._tf_keras.keras",
        "jax",
    ],
)
def test_the_finder_refuses(module):
    with pytest.raises(ImportError, match=f"without {module.partition('.')[0]}"):
        proof_worker.NoneOfOurs().find_spec(module)


@pytest.mark.parametrize("module", ["tensorflow", "seqapps_of_others", "tasks", "keras"])
def test_the_finder_leaves_to_others(module):
    assert proof_worker.NoneOfOurs().find_spec(module) is None
