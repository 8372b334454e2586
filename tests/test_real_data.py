"""The whole command on real reviews."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SEQAPPS = str(Path(sys.executable).with_name("seqapps"))


def evaluation_of(folder, *arguments):
    """What `seqapps run sentiment` says of itself in an empty folder."""
    command = [SEQAPPS, "run", "sentiment", "--name", "real", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "runs" / "sentiment" / "real" / "evaluation.json").read_text())


@pytest.mark.shared_data
@pytest.mark.long
def test_reviews_from_a_file_train_a_model_that_has_learnt(shared_data, tmp_path):
    data = shared_data / "sentiment" / "uci_train.csv"
    found = evaluation_of(tmp_path, "--data", str(data), "--set", "epochs=5")
    assert found["resampled"] == "case"
    assert (
        found["model"]["accuracy"]["low"] > found["baselines"]["most_frequent"]["accuracy"]["high"]
    )


@pytest.mark.long
@pytest.mark.network
def test_the_default_sample_trains_a_model_that_has_learnt(tmp_path):
    found = evaluation_of(tmp_path)
    assert found["resampled"] == "group"
    assert found["cases"] == 1166
    assert (
        found["model"]["accuracy"]["low"] > found["baselines"]["most_frequent"]["accuracy"]["value"]
    )
    # The strongest simple baseline, as measured when it was chosen: not weakened since.
    assert found["baselines"]["tfidf_words"]["accuracy"]["value"] == pytest.approx(0.782, abs=0.005)
