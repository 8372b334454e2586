"""A plugin from outside: made, installed in an environment of its own, run, exported, served."""

import json
import os
import subprocess
import urllib.request
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.long
@pytest.mark.network
def test_a_made_package_is_installed_found_checked_run_asked_and_served(tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    tools = tmp_path / "env" / "bin"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"SEQAPPS_CACHE": str(tmp_path / "cache"), "VIRTUAL_ENV": str(tmp_path / "env")}

    def call(*command, cwd=tmp_path):
        done = subprocess.run(
            [tools / command[0], *command[1:]],
            cwd=cwd, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call("pip", "install", "--quiet", str(ROOT))
    call("seqapps", "new", "their_reviews")
    call("pip", "install", "--quiet", str(tmp_path / "their_reviews"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    listed = [line.split() for line in call("seqapps", "list", cwd=elsewhere).splitlines()]
    assert ["their_reviews", "their_reviews", "0.1.0", "Is"] in [line[:4] for line in listed]
    assert "checks passed" in call("seqapps", "check", "their_reviews", cwd=elsewhere)
    call("seqapps", "run", "their_reviews", "--set", "epochs=3", "--quiet", cwd=elsewhere)
    answer = call(
        "seqapps", "predict", "their_reviews", "--json", "When does shop 3 open today?",
        cwd=elsewhere,
    )  # fmt: skip
    assert json.loads(answer)["label"] == "question"
    assert served(tools / "seqapps", elsewhere, environment) == "question"
    version = elsewhere / "saved_models" / "their_reviews" / "1"
    assert (version / "saved_model.pb").is_file()
    assert json.loads((version / "assets.extra" / "proof.json").read_text())


def served(seqapps, folder, environment):
    """The label of a question that is sent to a server of the model."""
    with subprocess.Popen(
        [seqapps, "serve", "--engine", "twin", "--port", "0", "--no-grpc"],
        cwd=folder, env=environment, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            told = next(line for line in process.stdout if ":predict" in line)
            url = next(word for word in told.split() if word.startswith("http"))
            asked = json.dumps({"instances": [{"text": "When does shop 3 open today?"}]})
            with urllib.request.urlopen(url, asked.encode(), timeout=60) as answer:
                return json.load(answer)["predictions"][0]["label"]
        finally:
            process.terminate()
