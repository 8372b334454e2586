"""Rows of the sample of a generated rolling bearing: raw vibration, and wear that rings in a band.

The machine. A shaft turns at about 25 Hz, a little differently in each run, and is heard at its own
frequency and at two and three times it; a gear is heard at 19 times it. How loud they are follows
the load, which wanders. Two accelerometers, at the driven and at the free end, read 2,048 times a
second.

The wear. Each time a ball rolls over a pit in the outer race, 3.58 times a turn for nine balls, the
housing is struck and rings at its resonance near 720 Hz, which dies away within some milliseconds
(McFadden and Smith 1984). No two strokes are alike, and balls slip by a per cent. Strokes grow
exponentially from the onset on. The ringing is less than a tenth of the power of the whole until
near the end: one hears it in its band long before the machine gets louder. At the free end it
arrives weaker. Wear is known from the onset on, also where nothing can be heard yet.

A step is a reading, and so is its time, as times are whole seconds: reading 2,048 is the end of the
first second. All of it lies in this file, as a sample's rows are kept until the file of its
functions changes. NumPy is imported where it is used: listing tasks must be instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from seqapps.task import Row

if TYPE_CHECKING:
    import numpy as np

    Signal = np.ndarray[Any, Any]  # float64 [time]

SENSORS = ("drive_m_s2", "free_m_s2")
RATE = 2048  # readings a second
STEPS = 16 * RATE  # of a run
SHAFT = 25.0  # Hz
STROKES = 3.58  # a turn: 9 / 2 * (1 - ball / pitch), with a ratio of 0.204
RESONANCE = 720.0  # Hz, of the housing
RINGS = 0.004  # seconds in which the ringing falls to 1 / e
NORMAL = {"train": 6, "valid": 2, "test": 2}  # runs without wear
WORN = {"train": 0, "valid": 2, "test": 6}


def runs_of_train() -> Iterator[Row]:
    """{"series": "train-0", "times": int64 [32768], "values": float32 [32768, 2], ...}: sound runs.

    `values` are accelerations in m/s2. `anomaly` is float32 [time], 1 from the onset of wear on.
    """
    return _runs("train")


def runs_of_valid() -> Iterator[Row]:
    """As `runs_of_train`: sound runs, and two with wear to choose by."""
    return _runs("valid")


def runs_of_test() -> Iterator[Row]:
    """As `runs_of_train`: six runs with wear, and sound ones."""
    return _runs("test")


def _runs(split: str) -> Iterator[Row]:
    import numpy as np

    for number in range(NORMAL[split] + WORN[split]):
        random = np.random.default_rng([21, list(NORMAL).index(split), number])
        worn = number >= NORMAL[split]
        onset = int(STEPS * random.uniform(0.35, 0.6)) if worn else STEPS
        yield {
            "series": f"{split}-{number}",
            "names": "\n".join(SENSORS),
            "times": np.arange(1, STEPS + 1, dtype="int64"),
            "values": _run(onset, random).astype("float32"),
            "anomaly": (np.arange(STEPS) >= onset).astype("float32"),
            "fault": "bearing_wear" if worn else "",
        }


def _run(onset: int, random: np.random.Generator) -> Signal:
    """Accelerations [time, sensors]."""
    import numpy as np

    speed = SHAFT * random.uniform(0.97, 1.03) * (1 + 0.004 * _wander(2.0, random))
    turns = np.cumsum(speed) / RATE  # [time]
    load = 1 + 0.25 * _wander(1.0, random)
    hum = np.zeros(STEPS)
    for order, size in ((1, 1.0), (2, 0.5), (3, 0.3), (19, 0.4)):
        hum += size * load * np.sin(2 * np.pi * (order * turns + random.uniform()))
    since = np.maximum(np.arange(STEPS) - onset, 0) / max(1, STEPS - onset)  # 0 to 1
    ringing = 2.4 * _ringing(turns, np.expm1(3 * since) / np.expm1(3), random)
    noise = 0.15 * random.standard_normal([STEPS, 2])
    return np.asarray(np.stack([hum + ringing, 0.7 * hum + 0.35 * ringing], axis=1) + noise)


def _ringing(turns: Signal, wear: Signal, random: np.random.Generator) -> Signal:
    """What strokes of this wear [time] make of the housing: [time]."""
    import numpy as np

    count = int(turns[-1] * STROKES)
    at = (np.arange(count) + 0.01 * np.cumsum(random.standard_normal(count))) / STROKES  # turns
    place = np.searchsorted(turns, at[(at > 0) & (at < turns[-1])])
    strokes = np.zeros(STEPS)
    strokes[place] = wear[place] * np.exp(random.normal(0, 0.3, len(place)))
    time = np.arange(int(6 * RINGS * RATE)) / RATE
    answer = np.exp(-time / RINGS) * np.sin(2 * np.pi * RESONANCE * time)
    return np.convolve(strokes, answer)[:STEPS]


def _wander(seconds: float, random: np.random.Generator) -> Signal:
    """Noise of deviation 1 that remembers so many seconds: between draws eight times a second."""
    import numpy as np

    count = 8 * STEPS // RATE + 2
    kept, drawn = np.exp(-1 / (8 * seconds)), random.standard_normal(count)
    state, found = drawn[0], np.empty(count)
    for step, shock in enumerate(drawn.tolist()):
        state = kept * state + np.sqrt(1 - kept**2) * shock
        found[step] = state
    return np.interp(np.arange(STEPS) * 8 / RATE, np.arange(count), found)
