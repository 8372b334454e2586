"""Rows of the sample of a generated electronic nose: six gas sensors, food that spoils.

Structure without labels: each row is one measurement of one piece of fish, fresh or on its way to
spoiling, and nothing in `values` tells which.

- Sensors: metal oxides conduct better in reducing gases, by a power law. With sensitivities s of
  sensor i to gas j, the response is G / G0 = 1 + (sum over j of s[i, j] c[j])^b[i], b between 0.4
  and 0.9 (Clifford and Tuma 1983). Each answers with its own lag, faster up than down.
- A measurement: 20 steps of clean air, 50 of the sample's headspace, 50 of clean air again; a step
  is 2 seconds. The concentration follows with the chamber's lag, and is not twice the same.
- Gases: ethanol and aldehydes, which fresh fish gives and which differ from piece to piece;
  amines, which bacteria make: logistic growth over days, from next to nothing to a plateau;
  sulphides, which come later.
- What disturbs: humidity moves all sensors, the heater ages (each sensor's base drifts over the
  sessions and jumps a little from one to the next), noise.

`state` is "fresh" or "spoilt" by the bacterial count, whose limit is where half of the plateau is
reached; near it no nose is sure. It is for judging what was found, not for learning: `anomaly` is 0
in all rows but the test's, as nobody told.

All of it lies in this file, as a sample's rows are kept until the file of its functions changes.
NumPy is imported where it is used: tasks import this module, and listing tasks must be instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from seqapps.task import Row

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SENSORS = ("TGS_a", "TGS_b", "TGS_c", "TGS_d", "TGS_e", "TGS_f")
GASES = ("ethanol", "aldehydes", "amines", "sulphides")
SENSITIVITY = (  # of each sensor to each gas
    (1.0, 0.3, 0.1, 0.1),
    (0.7, 0.9, 0.2, 0.1),
    (0.3, 0.6, 0.7, 0.2),
    (0.1, 0.1, 1.4, 0.4),
    (0.2, 0.1, 0.5, 1.5),
    (0.4, 0.4, 0.4, 0.4),
)
POWER = (0.55, 0.65, 0.5, 0.8, 0.75, 0.45)
LAGS = (3.0, 5.0, 4.0, 8.0, 6.0, 10.0)  # steps, upwards; downwards twice as many
STEP = 2  # seconds
AIR, EXPOSED, PURGED = 20, 50, 50  # steps of the three parts of a measurement
STEPS = AIR + EXPOSED + PURGED
SESSION = 20  # measurements of a day, between which the array rests
COUNTS = {"train": 400, "valid": 100, "test": 200}
START = 1_704_096_000  # 2024-01-01 8:00, UTC
DAYS = 8.0  # in the ice at most
HALF = 4.0  # days until half of the plateau is reached
PACE = 2.5  # per day: how steeply bacteria grow


def measurements_of_train() -> Iterator[Row]:
    """{"series": "train-0", "times": int64 [120], "values": float32 [120, 6], "state": "fresh"}.

    `values` are conductances in units of those of the new sensor in clean air: about 1 there.
    `days` tells how long the piece lay in the ice; `anomaly` is float32 [120], see above.
    """
    return _measurements("train")


def measurements_of_valid() -> Iterator[Row]:
    """As `measurements_of_train`, in later sessions, whose sensors have drifted further."""
    return _measurements("valid")


def measurements_of_test() -> Iterator[Row]:
    """As `measurements_of_train`, later still; `anomaly` is 1 where the piece is spoilt."""
    return _measurements("test")


def _measurements(split: str) -> Iterator[Row]:
    import numpy as np

    splits = list(COUNTS)
    before = sum(COUNTS[each] for each in splits[: splits.index(split)])
    random = np.random.default_rng([11, splits.index(split)])
    ageing = np.random.default_rng(12).normal(0, 0.02, len(SENSORS))  # of all sessions
    for number in range(COUNTS[split]):
        session, place = divmod(before + number, SESSION)
        if place == 0 or number == 0:
            base = np.exp(session * ageing / 5 + random.normal(0, 0.02, len(SENSORS)))
        days = random.uniform(0, DAYS)
        grown = 1 / (1 + np.exp(-PACE * (days - HALF - random.normal(0, 0.2))))  # 0 to 1
        values = base * _measured(_gases(grown, random), random)  # [time, sensors]
        start = START + session * 86_400 + place * STEPS * STEP
        spoilt = grown > 0.5
        yield {
            "series": f"{split}-{number}",
            "names": "\n".join(SENSORS),
            "times": start + STEP * np.arange(STEPS, dtype="int64"),
            "values": values.astype("float32"),
            "anomaly": np.full(STEPS, float(spoilt and split == "test"), "float32"),
            "state": "spoilt" if spoilt else "fresh",
            "days": round(float(days), 2),
        }


def _gases(grown: float, random: np.random.Generator) -> Array:
    """Concentrations in the headspace [gases] of a piece with so much bacterial growth."""
    import numpy as np

    own = np.exp(random.normal(0, 0.25, len(GASES)))  # no piece is like another
    usual = np.array([1.0, 0.6 - 0.3 * grown, 0.08 + 2.0 * grown, 0.03 + 1.5 * grown**2])
    return np.asarray(own * usual)


def _measured(gases: Array, random: np.random.Generator) -> Array:
    """What the array answers to air, headspace and air again: [time, sensors], 1 in clean air."""
    import numpy as np

    there = np.zeros(STEPS)
    there[AIR : AIR + EXPOSED] = random.uniform(0.85, 1.15)  # how much of it gets in
    there = _lag(there[:, None], np.full(1, 3.0), np.full(1, 3.0))[:, 0]
    felt = there[:, None] * (np.array(SENSITIVITY) @ gases)  # [time, sensors]
    up = np.array(LAGS)
    response = _lag(felt ** np.array(POWER), up, 2 * up)
    humidity = 1 + random.normal(0, 0.03)
    noise = 0.008 * random.standard_normal(response.shape)
    return np.asarray(humidity * (1 + response) * (1 + noise))


def _lag(target: Array, up: Array, down: Array) -> Array:
    """First-order lags of so many steps, other ones upwards than down: [time, signals]."""
    import numpy as np

    found, state = np.empty_like(target), target[0]
    for step, wanted in enumerate(target):
        state = state + (wanted - state) / (np.where(wanted > state, up, down) + 1)
        found[step] = state
    return found
