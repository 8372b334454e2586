"""Training that is killed or stopped, at any moment and again and again, ends with the same bits.

The model is the recurrent reader with dropout, trained by the command line in processes of their
own. What is compared: every array of the checkpoints that are left, all that is remembered with
them, and the history. The checkout must not be edited meanwhile: a run that other code began is
refused, and the processes here end with exit code 2.
"""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import pytest

from seqapps.training import checkpoint

ROUNDS = 12  # enough that a Ctrl-C comes before the end, however quick they are
TRAIN = [
    "train", "sentiment", "--data", "sample:toy", "--name", "killed", "--set", "vectors=none",
    "--set", "wide=false", "--set", "encoder=lstm", "--set", "dropout=0.4", "--set", "units=11",
    "--set", "embedding=7", "--set", "batch_tokens=80", "--set", "learning_rate=0.01",
    "--set", f"epochs={ROUNDS}", "--set", f"patience={ROUNDS}",
]  # fmt: skip
COMMAND = [str(Path(sys.executable).with_name("seqapps")), *TRAIN]
# The same, as a training that is long enough for its recurrent loops to be compiled by XLA.
COMPILED = [
    sys.executable, "-c",
    "from seqapps.training import rounds; rounds.MANY_TIME_STEPS = 0; "
    "import sys; from seqapps.cli import main; main(sys.argv[1:])",
    *TRAIN,
]  # fmt: skip
TIMES = ("seconds", "cpu_seconds")
LONG = 600  # seconds; a machine may be busy with other things

# Killed when the checkpoint that is named by the first argument is written, but not yet in place.
KILLED_SAVING = """
import os, pathlib, signal, sys
from seqapps.cli import main

replace = pathlib.Path.replace

def killed(path, target):
    if target.name == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(path, target)

pathlib.Path.replace = killed
main(sys.argv[2:])
"""


def start(folder, command=COMMAND):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONFAULTHANDLER": "1"},
    )  # fmt: skip


def end_of(process) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a process that ends by itself."""
    try:
        out, said = process.communicate(timeout=LONG)
    except subprocess.TimeoutExpired:
        hangs(process)
    return process.returncode, out, said


def hangs(process) -> NoReturn:
    """Fail, and tell where every thread of the process is."""
    process.send_signal(signal.SIGABRT)
    pytest.fail(f"waited too long:\n{process.communicate()[1]}")


def finish(folder, command=COMMAND):
    code, _, said = end_of(start(folder, command))
    assert code == 0, said


def run_in(folder) -> Path:
    (run,) = folder.glob("runs/*/killed")
    return run


def rounds_done(folder) -> int:
    files = list(folder.glob("runs/*/killed/history.csv"))
    return len(files[0].read_text().splitlines()) - 1 if files else 0


def wait_for_rounds(folder, count: int, process) -> None:
    """Until that many are done, or the process has ended."""
    limit = time.monotonic() + LONG
    while rounds_done(folder) < count and process.poll() is None:
        if time.monotonic() > limit:
            hangs(process)
        time.sleep(0.005)


def kill(process) -> int:
    """The exit code; -SIGKILL where it had not ended by itself."""
    process.kill()
    print(process.communicate()[1])  # shown where the test fails
    return process.returncode


def kill_by_chance(folder, drawn: random.Random, command=COMMAND) -> None:
    """kill -9 at any moment of the process, or at any moment of the rounds after the first new."""
    process = start(folder, command)
    if drawn.random() < 0.3:
        time.sleep(drawn.uniform(0, 12))
    else:
        wait_for_rounds(folder, rounds_done(folder) + 1, process)
        time.sleep(drawn.uniform(0, 0.7))
    assert kill(process) in (0, -signal.SIGKILL)


def without_times(history: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{name: row[name] for name in row if name not in TIMES} for row in history]


def result(folder):
    """(arrays of each checkpoint as bytes, what they remember, history), without times."""
    run = run_in(folder)
    read = {
        file.name: checkpoint._read(run / "checkpoints", int(file.stem.removeprefix("round-")))
        for file in sorted((run / "checkpoints").iterdir())
    }
    arrays = {
        file: {name: each.tobytes() for name, each in held.items() if name != "position"}
        for file, held in read.items()
    }
    position = asdict(checkpoint.newest(run / "checkpoints"))
    position["history"] = without_times(position["history"])
    lines = (run / "history.csv").read_text().splitlines()
    return arrays, position, [line.rsplit(",", len(TIMES))[0] for line in lines]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return whole(tmp_path_factory.mktemp("undisturbed"), COMMAND)


@pytest.fixture(scope="module")
def undisturbed_compiled(tmp_path_factory):
    return whole(tmp_path_factory.mktemp("compiled"), COMPILED)


@pytest.fixture(scope="module")
def undisturbed_streams(tmp_path_factory):
    """(a command that trains on streams, two rounds to an epoch; what it comes to)."""
    text = tmp_path_factory.mktemp("text") / "numbers.txt"
    text.write_text("".join(f"{n} and {n * n % 97} are {n + n * n % 97}.\n" for n in range(550)))
    command = [
        str(Path(sys.executable).with_name("seqapps")), "train", "language_model",
        "--data", str(text), "--name", "killed", "--set", "units=11", "--set", "embedding=7",
        "--set", "batch_size=1", "--set", "steps=10", "--set", "dropout=0.4",
        "--set", "weight_dropout=0.2", "--set", f"epochs={ROUNDS // 2}",
        "--set", f"patience={ROUNDS}",
    ]  # fmt: skip
    return command, whole(tmp_path_factory.mktemp("streams"), command)


def whole(folder, command):
    """What a training comes to that nobody disturbs."""
    finish(folder, command)
    arrays, position, history = found = result(folder)
    assert len(history) == 1 + ROUNDS
    assert position["finished"]
    assert len(arrays) in (2, 3)
    return found


@pytest.mark.long
def test_killed_in_saving_killed_by_chance_and_stopped_it_ends_with_the_same_bits(
    undisturbed, tmp_path
):
    """One run goes through it all, because starting takes most of the time."""
    command = [sys.executable, "-c", KILLED_SAVING, "round-00003.checkpoint", *TRAIN]
    code, _, said = end_of(start(tmp_path, command))
    assert code == -signal.SIGKILL, said
    assert rounds_done(tmp_path) == 2
    assert list((run_in(tmp_path) / "checkpoints").glob(".round-00003*"))  # all but renamed

    process = start(tmp_path)
    wait_for_rounds(tmp_path, 4, process)
    time.sleep(random.Random(7).uniform(0, 0.2))
    assert kill(process) == -signal.SIGKILL

    before = rounds_done(tmp_path)
    process = start(tmp_path)
    wait_for_rounds(tmp_path, before + 1, process)
    time.sleep(0.05)  # the next round has begun
    process.send_signal(signal.SIGINT)
    code, out, said = end_of(process)
    assert (code, out) == (130, "")
    answer = said.index("Stopping after this round; press again to stop at once.\n")
    assert (
        f"round {rounds_done(tmp_path)} of at most {ROUNDS}" in said[answer:]
    )  # it came to its end
    assert rounds_done(tmp_path) < ROUNDS
    last = said.splitlines()[-1]
    assert last.startswith(
        "Stopped; finished rounds and stages are kept. Go on with: seqapps train"
    )

    finish(tmp_path)
    assert result(tmp_path) == undisturbed


@pytest.mark.long
@pytest.mark.parametrize("attempt", range(20))
def test_killed_at_moments_drawn_by_chance_it_ends_with_the_same_bits(
    attempt, undisturbed, tmp_path
):
    """SEQAPPS_TEST_SEED=N draws the moments of a run that failed again, as far as clocks allow."""
    seed = os.environ.get("SEQAPPS_TEST_SEED") or random.SystemRandom().randrange(10**6)
    print(f"SEQAPPS_TEST_SEED={seed}")  # shown where the test fails
    drawn = random.Random(f"{seed} {attempt}")
    for _ in range(drawn.randint(2, 4)):
        kill_by_chance(tmp_path, drawn)
    finish(tmp_path)
    assert result(tmp_path) == undisturbed


@pytest.mark.long
@pytest.mark.parametrize("attempt", range(3))
def test_states_that_are_carried_from_batch_to_batch_go_on_with_the_same_bits_too(
    attempt, undisturbed_streams, tmp_path
):
    """Also where it is killed between two rounds of an epoch, in the middle of a document."""
    command, wanted = undisturbed_streams
    drawn = random.Random(random.SystemRandom().randrange(10**6))
    for _ in range(drawn.randint(2, 4)):
        kill_by_chance(tmp_path, drawn, command)
    finish(tmp_path, command)
    assert result(tmp_path) == wanted


@pytest.mark.long
@pytest.mark.parametrize("attempt", range(5))
def test_compiled_loops_end_with_the_same_bits_too(attempt, undisturbed_compiled, tmp_path):
    drawn = random.Random(random.SystemRandom().randrange(10**6))
    for _ in range(drawn.randint(2, 4)):
        kill_by_chance(tmp_path, drawn, COMPILED)
    finish(tmp_path, COMPILED)
    assert result(tmp_path) == undisturbed_compiled
