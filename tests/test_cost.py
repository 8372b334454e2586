"""What a stage costs is counted once, whichever process spent it."""

import subprocess
import sys

import numpy as np

from seqapps import cost
from seqapps.cost import Cost, Meter


def test_a_stage_that_is_made_anew_replaces_what_it_cost(tmp_path):
    file = tmp_path / "cost.json"
    assert cost.read(file) == []
    cost.note(file, Cost("prepare", 2.0, 3.0, 5))
    cost.note(file, Cost("export", 7.0, 11.0, 13))
    cost.note(file, Cost("prepare", 17.0, 19.0, None))
    assert [(line["stage"], line["wall_seconds"]) for line in cost.read(file)] == [
        ("export", 7.0), ("prepare", 17.0),
    ]  # fmt: skip


def test_the_meter_counts_from_the_last_time_and_processes_that_ended():
    """A child that works is counted though this process only waits for it."""
    meter = Meter()
    work = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", work], check=True)
    first, second = meter.take("one"), meter.take("two")
    assert (first.stage, second.stage) == ("one", "two")
    assert first.cpu_seconds > 0.2  # the system counts in ticks
    assert first.wall_seconds >= 0.3
    assert second.cpu_seconds < first.cpu_seconds


def test_peak_memory_is_in_bytes_and_holds_what_was_allocated():
    before = cost.peak_memory()
    held = np.ones(30_000_000)  # 240 MB
    after = cost.peak_memory()
    assert after >= before
    assert after > held.nbytes
