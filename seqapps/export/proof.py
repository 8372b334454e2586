"""The proof: a fresh process without GPU or project code must answer as the trained model did."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seqapps import files
from seqapps.errors import ProofError
from seqapps.export.compare import Comparison, compare
from seqapps.export.golden import rows_of
from seqapps.task import Signature

SHOWN = 10  # differences in a message


@dataclass(frozen=True)
class Proof:
    """What was proved: every golden row, in a batch and on its own."""

    rows: int
    largest_difference: float
    near_ties: int
    libraries: list[str]  # of operations that a server must link besides TensorFlow's own


def prove(folder: Path, signatures: Mapping[str, Signature]) -> Proof:
    """Load the export at `folder` elsewhere and compare its answers with `golden.json`.

    Raises ProofError naming signature, row and difference, or what kept the export from loading.
    """
    golden = files.read_json(folder / "assets.extra" / "golden.json")
    told = _answers(folder)
    found = Comparison()
    for record, answers in zip(golden, told["answers"], strict=True):
        answer = signatures[record["signature"]].answer
        expected = rows_of(record["outputs"])
        what = f"{record['signature']} row"
        compare(rows_of(answers["batch"]), expected, answer, into=found, what=what)
        single = [row for outputs in answers["single"] for row in rows_of(outputs)]
        compare(single, expected, answer, into=found, what=f"{what} on its own,")
    if found.differences:
        raise ProofError(
            f"The export does not answer as the trained model does ({len(found.differences)} "
            "differences):\n  " + "\n  ".join(found.differences[:SHOWN])
        )
    return Proof(found.rows, found.largest, found.near_ties, told["libraries"])


def _answers(folder: Path) -> dict[str, list]:  # type: ignore[type-arg]
    worker = Path(__file__).with_name("proof_worker.py")
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "answers.json"
        done = subprocess.run(
            [sys.executable, "-I", str(worker), str(folder.absolute()), str(file)],
            capture_output=True,
            text=True,
            env=environment,
        )
        if done.returncode:
            raise ProofError(
                f"The export at {folder} does not answer in a fresh process:\n{_tail(done.stderr)}"
            )
        return files.read_json(file)  # type: ignore[no-any-return]


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-SHOWN:])
