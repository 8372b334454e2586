"""A made-up machine of three sensors that one load drives; a fault moves one of them."""

import numpy as np

SENSORS = ("current", "flow", "heat")
CENTER = np.array([23.0, 7.0, 61.0])
GAIN = np.array([5.0, -2.0, 11.0])  # how much each sensor follows the load
STEPS = 211
SMALL = {
    "lookback": 23, "stride": 7, "smooth": 5, "duration": 2, "units": 13, "code": 2,
    "epochs": 2, "batch_size": 31, "sensors": ",".join(SENSORS), "gradient_batches": 0,
    "schedule": "constant", "learning_rate": 0.01,
}  # fmt: skip


def row(number, *, steps=STEPS, fault=None, held_out=False, **facts):
    """A run; `fault` is (sensor, first step), from where on the sensor is elsewhere."""
    random = np.random.default_rng(number)
    load = np.sin(np.arange(steps) / 17 + random.uniform(0, 6)) + 0.3 * random.normal()
    values = CENTER + GAIN * load[:, None] + 0.1 * np.abs(GAIN) * random.normal(size=[steps, 3])
    anomaly = np.zeros(steps, "float32")
    if fault:
        sensor, first = fault
        values[first:, sensor] += 4 * GAIN[sensor]
        anomaly[first:] = 1
    return {
        "series": f"run-{number}",
        "names": "\n".join(SENSORS),
        "times": 1_700_000_000 + 60 * np.arange(steps, dtype="int64"),
        "values": values.astype("float32"),
        "anomaly": anomaly,
        "fault": "",
        "state": "",
        "failure": 0,
        "held_out": held_out,
        **facts,
    }
