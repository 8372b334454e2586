"""Training on JAX through the command line: conformance, resuming, one message for a mistake."""

import signal
import tomllib

import pytest
from test_killed_training import (
    COMMAND,
    ROUNDS,
    end_of,
    kill,
    result,
    rounds_done,
    run_in,
    start,
    wait_for_rounds,
)

from seqapps import checks, registry

ON_JAX = [*COMMAND, "--backend", "jax"]


@pytest.mark.long
@pytest.mark.parametrize(
    "name", ["captioning", "forecasting", "language_model", "sentiment", "tagging", "translation"]
)
def test_a_built_in_task_passes_its_checks_when_it_is_trained_on_jax(name):
    """Trained there, and then restored, exported and proved here."""
    problems = {
        checks.name_of(check): problem
        for check, problem in checks.run(
            registry.load(name), file=registry.find(name).file, backend="jax"
        )
        if problem
    }
    assert problems == {}


@pytest.mark.long
def test_killed_and_stopped_it_ends_with_the_same_bits(tmp_path):
    whole = tmp_path / "whole"
    code, _, said = end_of(start(whole, ON_JAX))
    assert code == 0, said
    _, position, history = undisturbed = result(whole)
    assert len(history) == 1 + ROUNDS
    assert position["finished"]
    record = tomllib.loads((run_in(whole) / "run.toml").read_text())
    assert record["backend"] == "jax"
    assert "jax" in record["versions"]

    disturbed = tmp_path / "disturbed"
    process = start(disturbed, ON_JAX)
    wait_for_rounds(disturbed, 2, process)
    assert kill(process) == -signal.SIGKILL

    process = start(disturbed, ON_JAX)
    wait_for_rounds(disturbed, rounds_done(disturbed) + 2, process)
    process.send_signal(signal.SIGINT)
    code, out, said = end_of(process)
    assert (code, out) == (130, ""), said
    assert "Stopping after this round" in said
    assert rounds_done(disturbed) < ROUNDS

    code, out, said = end_of(start(disturbed))  # not on JAX
    assert code == 2
    assert "backend: jax there, tensorflow now" in said

    code, _, said = end_of(start(disturbed, ON_JAX))
    assert code == 0, said
    assert result(disturbed) == undisturbed
