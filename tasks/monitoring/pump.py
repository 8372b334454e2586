"""Rows of the sample of a simulated pump: eight sensors, load changes, faults of known onset.

The machine. A centrifugal pump runs at a speed that follows demand, against a valve.

- Affinity laws: with the speed n (1 is nominal), the head that the pump gives is
  60 n^2 - 22 q^2 metres at the flow q (1 is 100 m3/h). The pipe takes 12 + 26 q^2 / v^2, v being
  the opening of the valve. Where both agree, the pump works; pressure and flow follow from that.
- Current: hydraulic power over an efficiency that is best at the design point, plus friction that
  grows as n^3, over a mains voltage that wanders and that no sensor reads.
- Heat balance: the bearing's temperature goes towards that of the room plus what losses heat, as a
  first-order lag of 40 minutes. The room has a daily rhythm and weather.
- Vibration grows as n^2, rises away from the design point, and has a resonance of the base frame
  at 0.86 of nominal speed. So a usual value at one load is a sign of damage at another.

The faults. Bearing wear grows exponentially, as damage makes more damage: vibration first, at the
driven end more than at the free one, then heat and current, until 7.1 mm/s, where standards for
such machines see damage (ISO 10816-3, zone D) and the machine is stopped: the failure. A leak
before the flow meter grows to some per cent: the meter shows less, the pressure falls, the pump
works harder. A stuck sensor repeats its last value. A drifting one is off by a little more every
hour. After the onset all steps are anomalous, even those where nothing can be seen yet.

All of it lies in this file, as a sample's rows are kept until the file of its functions changes.
NumPy is imported where it is used: tasks import this module, and listing tasks must be instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from seqapps.task import Row

if TYPE_CHECKING:
    import numpy as np

    Signal = np.ndarray[Any, Any]  # float64 [time]

SENSORS = (
    "vibration_drive_mm_s", "vibration_free_mm_s", "current_A", "speed_rpm",
    "pressure_bar", "flow_m3_h", "temperature_C", "valve_percent",
)  # fmt: skip
STEP = 60  # seconds
STEPS = 2880  # of a run: two days
START = 1_704_067_200  # 2024-01-01, UTC
NORMAL = {"train": 8, "valid": 3, "test": 2}  # runs without a fault
FAULTS = ("bearing_wear", "leak", "stuck_sensor", "sensor_drift")
EACH = {"train": 0, "valid": 1, "test": 3}  # runs of each fault
NOISE = (0.0, 0.0, 0.15, 3.0, 0.02, 0.6, 0.15, 0.3)  # standard deviation of a reading
LOST = 0.001  # share of readings that never arrive: NaN
BROKEN = 7.1  # mm/s at the driven end: the machine is stopped
# What a sensor may be off by at the end of a run, least and most, in its unit.
DRIFTS = {"current_A": (1.5, 2.5), "pressure_bar": (0.3, 0.5), "flow_m3_h": (6.0, 10.0),
          "temperature_C": (6.0, 9.0)}  # fmt: skip


def runs_of_train() -> Iterator[Row]:
    """{"series": "train-0", "times": int64 [time], "values": float32 [time, 8], ...}: normal runs.

    `values` are the readings of SENSORS, once a minute, NaN where one was lost. `anomaly` is
    float32 [time], 1 from the onset of a fault on. `fault` names it ("" for none). `failure` is
    when the machine broke, in seconds since 1970, and the run ends there; 0 where it did not.
    """
    return _runs("train")


def runs_of_valid() -> Iterator[Row]:
    """As `runs_of_train`, later: normal runs, and one of each fault to choose by."""
    return _runs("valid")


def runs_of_test() -> Iterator[Row]:
    """As `runs_of_train`, later still: three runs of each fault, and normal ones."""
    return _runs("test")


def _runs(split: str) -> Iterator[Row]:
    import numpy as np

    splits = list(NORMAL)
    faults = [""] * NORMAL[split] + [fault for fault in FAULTS for _ in range(EACH[split])]
    before = sum(NORMAL[each] + len(FAULTS) * EACH[each] for each in splits[: splits.index(split)])
    for number, fault in enumerate(faults):
        random = np.random.default_rng([splits.index(split), number])
        start = START + (before + number) * STEPS * STEP
        yield {
            "series": f"{split}-{number}",
            "names": "\n".join(SENSORS),
            **_run(fault, number, start, random),
        }


def _run(fault: str, number: int, start: int, random: np.random.Generator) -> Row:
    import numpy as np

    times = start + STEP * np.arange(STEPS, dtype="int64")
    onset = int(STEPS * random.uniform(0.35, 0.6)) if fault else STEPS
    since = np.maximum(np.arange(STEPS) - onset, 0) / (STEPS - onset or 1)  # [time], 0 to 1
    wear = leak = np.zeros(STEPS)
    if fault == "bearing_wear":
        # Damage grows as e^(5 x); at the end it alone shakes by the limit, whatever the load.
        wear = np.expm1(5 * since) / np.expm1(5)
    elif fault == "leak":
        leak = random.uniform(0.08, 0.14) * np.minimum(2 * since, 1)
    values = _machine(times, wear, leak, random)  # [time, sensors]
    sensor = SENSORS.index(list(DRIFTS)[number % len(DRIFTS)])  # in turn: all are met
    if fault == "stuck_sensor":
        values[onset:, sensor] = values[onset, sensor]
    elif fault == "sensor_drift":
        most = random.uniform(*DRIFTS[SENSORS[sensor]])
        values[:, sensor] += random.choice([-1, 1]) * most * since
    broken = np.flatnonzero(values[:, 0] >= BROKEN)
    end = int(broken[0]) + 1 if fault == "bearing_wear" and len(broken) else STEPS
    values[random.random(values.shape) < LOST] = np.nan
    return {
        "times": times[:end],
        "values": values[:end].astype("float32"),
        "anomaly": (np.arange(end) >= onset).astype("float32"),
        "fault": fault,
        "failure": int(times[end - 1]) if fault == "bearing_wear" else 0,
    }


def _machine(times: Signal, wear: Signal, leak: Signal, random: np.random.Generator) -> Signal:
    """Readings [time, sensors] of a machine with so much wear (1: broken) and leak (of q)."""
    import numpy as np

    hour = times / 3600 % 24
    day = np.sin(2 * np.pi * (hour - 9) / 24)  # highest at 15 o'clock
    demand = 0.8 + 0.07 * day + _jumps(0.08, 100, random)
    speed = _lag(np.clip(demand, 0.62, 1.0), 3)
    valve = _lag(np.clip(0.8 + _jumps(0.15, 240, random), 0.5, 1.0), 2)
    flow, head = _working_point(speed, valve, leak)
    through = flow + leak  # what the pump moves, leak included
    off_design = through / speed - 0.9
    efficiency = 0.75 * (1 - 1.2 * off_design**2)
    power = 13.8 * through * head / 38 * 0.75 / efficiency + 0.8 * speed**3 + 0.7 * wear  # kW
    voltage = 400 * (1 + _wander(0.006, 45, random))
    room = 20 + 1.5 * day + random.normal(0, 0.6) + _wander(0.5, 600, random)
    heat = 9 * speed**2 + 1.1 * power + 16 * wear  # kelvin above the room, in the end
    shaken = 1.5 * speed**2 * (1 + 4 * off_design**2)
    shaken += 0.9 * np.exp(-(((speed - 0.86) / 0.025) ** 2))
    values = np.stack(
        [
            (shaken + 6.0 * wear) * _uneven(0.06, random),
            (0.7 * shaken + 2.0 * wear) * _uneven(0.06, random),
            4 + power / 0.92 / (np.sqrt(3) * voltage * 0.86) * 1000,
            2900 * speed,
            head * 0.0981,
            100 * flow,
            _lag(room + heat, 40),
            100 * valve,
        ],
        axis=1,
    )  # [time, sensors]
    return np.asarray(values + np.array(NOISE) * random.standard_normal(values.shape))


def _working_point(speed: Signal, valve: Signal, leak: Signal) -> tuple[Signal, Signal]:
    """Flow through the meter and head, where pump and pipe agree.

    60 n^2 - 22 (q + leak)^2 = 12 + pipe q^2, solved for q.
    """
    import numpy as np

    pipe = 26 / valve**2
    inner = (22 * leak) ** 2 + (22 + pipe) * (60 * speed**2 - 12 - 22 * leak**2)
    flow = (np.sqrt(inner) - 22 * leak) / (22 + pipe)
    return flow, 12 + pipe * flow**2


def _lag(target: Signal, steps: float) -> Signal:
    """A first-order lag of so many steps, from where the target begins."""
    import numpy as np

    found, state = np.empty_like(target), float(target[0])
    for step, wanted in enumerate(target.tolist()):
        state += (wanted - state) / (steps + 1)
        found[step] = state
    return found


def _jumps(spread: float, steps: float, random: np.random.Generator) -> Signal:
    """A level that holds for so many steps on average, then jumps: uniform within the spread."""
    import numpy as np

    which = np.cumsum(random.random(STEPS) < 1 / steps)  # [time]
    return np.asarray(random.uniform(-spread, spread, which[-1] + 1)[which])


def _wander(spread: float, steps: float, random: np.random.Generator) -> Signal:
    """Noise of this standard deviation that remembers so many steps."""
    import numpy as np

    kept = np.exp(-1 / steps)
    drawn = random.normal(0, spread, STEPS)
    drawn[1:] *= np.sqrt(1 - kept**2)
    found, state = np.empty(STEPS), 0.0
    for step, shock in enumerate(drawn.tolist()):
        state = kept * state + shock
        found[step] = state
    return found


def _uneven(spread: float, random: np.random.Generator) -> Signal:
    """Factors around 1: an average of vibration over a second is never twice the same."""
    import numpy as np

    return np.asarray(np.exp(random.normal(0, spread, STEPS)))
