"""Is it still well, since when not, and which sensor says so? Learnt from normal operation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seqapps.metrics import alarms
from seqapps.metrics.mean import mean_of
from seqapps.series.row import ROW, names_in
from seqapps.settings import setting
from seqapps.task import (
    Ask,
    Blocks,
    Case,
    Column,
    Example,
    Fixed,
    Goal,
    Metric,
    Output,
    Predict,
    Row,
    Sample,
    Section,
    Signature,
    State,
    Surroundings,
    Task,
)
from seqapps.training.optimizer import SCHEDULE, SCHEDULES, Optimization

from . import bearing, odour, pump
from .checks import check_scores_wait_for_nothing

REFERENCE = "reference"  # the input that holds the first steps of a run
FEW = 5  # series, whose resamples would tell little
BASELINES = ("shewhart", "ewma", "moving_average", "t_squared", "isolation_forest")


@dataclass(frozen=True)
class Settings(Optimization):
    sensors: str = setting("", "columns that are watched, with commas between; empty: all")
    frequency: str = setting(
        "rows", "of the steps: 1s, 1min, 1h, rows (each observation is a step); auto looks"
    )
    lookback: int = setting(60, "steps that are looked at", at_least=4)
    stride: int = setting(
        10, "steps from a window to the next one, in training and in judging", at_least=1
    )
    reference: int = setting(
        0, "first steps of every run, not judged, that tell its own level and threshold; 0: none "
        "do", at_least=0,
    )  # fmt: skip
    detector: str = setting(
        "autoencoder",
        "what finds normal operation: an autoencoder, a forecaster of the next step, both",
        choices=("autoencoder", "forecaster", "both"),
    )
    cell: str = setting("lstm", "recurrent layers", choices=("lstm", "gru"))
    units: int = setting(48, "size of a state", at_least=1)
    code: int = setting(
        4, "numbers that the autoencoder keeps of each step: fewer than sensors", at_least=1
    )
    dropout: float = setting(0.0, "share of values left out in training", at_least=0.0, at_most=0.9)
    bands: int = setting(
        0, "bands of frequencies that are watched instead of values, for vibration; 0: values",
        at_least=0,
    )  # fmt: skip
    filters: str = setting(
        "fourier",
        "what takes bands out of a frame; packets: wavelet packets, bands a power of 2",
        choices=("fourier", "packets"),
    )
    wavelet: str = setting("db8", "of packets: haar, db2 to db38, sym2 to sym20, coif1 to coif17")
    frame: int = setting(64, "steps that bands are taken of", at_least=4)
    clusters: int = setting(
        0, "most groups of like windows that the report looks for, without labels; 0: none",
        at_least=0,
    )  # fmt: skip
    smooth: int = setting(
        20, "steps over which errors are averaged before they are judged", at_least=1
    )
    false_alarms: float = setting(
        0.005, "share of normal steps whose score may be above the threshold",
        at_least=0.0, at_most=0.5,
    )  # fmt: skip
    margin: float = setting(
        1.0, "what the threshold is multiplied with, for runs unlike those of validation",
        at_least=0.1,
    )  # fmt: skip
    hysteresis: float = setting(
        0.8, "share of the threshold below which an alarm goes off", at_least=0.0, at_most=1.0
    )
    duration: int = setting(1, "steps that an alarm has to last before it is given", at_least=1)
    batch_size: int = setting(64, "windows in a batch", at_least=1)
    epochs: int = setting(15, "most passes over the training data", at_least=1)
    monitor: str = setting("normal_level", "validation metric that chooses the best round")
    patience: int = setting(5, "epochs without a better value before stopping", at_least=1)
    learning_rate: float = setting(
        3e-3, "size of the steps; --find-learning-rate suggests one", at_least=0.0
    )
    schedule: str = setting("cosine", SCHEDULE, choices=SCHEDULES)

    def __post_init__(self) -> None:
        super().__post_init__()
        if max(self.smooth, self.duration, self.stride) >= self.lookback:
            raise ValueError(
                f"smooth = {self.smooth}, duration = {self.duration} and stride = {self.stride} "
                f"must each be below lookback = {self.lookback}: an alarm is told by one window."
            )
        if 0 < self.reference < self.lookback:
            raise ValueError(
                f"reference = {self.reference} is shorter than a window: expected at least "
                f"lookback = {self.lookback}, or 0 for the level of training."
            )
        if self.bands:
            self._check_bands()
        if self.clusters and self.detector == "forecaster":
            raise ValueError(
                f"clusters = {self.clusters} groups windows by the codes of an autoencoder; "
                "detector = 'forecaster' has none. Set detector to 'autoencoder' or 'both'."
            )

    def _check_bands(self) -> None:
        if self.lookback % self.frame or self.stride % self.frame:
            raise ValueError(
                f"bands = {self.bands} are taken of frames of {self.frame} steps: lookback = "
                f"{self.lookback} and stride = {self.stride} must be multiples of frame."
            )
        if self.lookback < 2 * self.frame:
            raise ValueError(
                f"lookback = {self.lookback} holds one frame of {self.frame} steps; it takes two."
            )
        if 2 * self.bands > self.frame:
            raise ValueError(
                f"bands = {self.bands} of frames of {self.frame} steps: a frame tells at most half "
                "as many frequencies as it has steps."
            )
        if self.filters == "packets" and (self.bands < 2 or self.bands & (self.bands - 1)):
            raise ValueError(
                f"bands = {self.bands}: wavelet packets halve the frequencies again and again; "
                "expected 2, 4, 8, 16, ... with filters = 'packets'."
            )


def settle(settings: Any, rows: Sequence[Row]) -> Any:
    """The sensors by name, the frequency."""
    from .windows import settle

    return settle(settings, rows)


def cases(rows: Iterable[Row], settings: Any) -> Iterable[Case]:
    """Windows, cut while they are read; in training those of normal operation alone."""
    from .windows import windows_of

    return windows_of(rows, settings)


def fit(rows: Iterable[Row], settings: Any) -> State:
    from .features import fit

    return fit(rows, settings)


def features(settings: Any, state: State) -> Any:
    from .features import MonitoringFeatures

    return MonitoringFeatures(settings, state)


def build_model(settings: Any, features: Any) -> Any:
    from .model import build_model

    return build_model(settings, features)


def calibrate(settings: Any, model: Any, features: Any, cases: Sequence[Case]) -> None:
    """Usual errors and the threshold, by the normal windows of validation."""
    from .calibrate import calibrate

    calibrate(settings, model, features, cases)


def baseline(name: str, settings: Any) -> Any:
    """A control chart by its name."""

    def fitted(cases: Sequence[Case]) -> Predict:
        from .baselines import chart

        return chart(name, cases, settings)

    return fitted


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """What the report shows beside scores."""
    from .observed import observe

    return observe(ask, around)


def shown(observed: Mapping[str, Any]) -> Iterable[Section]:
    from .shown import shown

    return shown(observed)


def adapt(task: Task, settings: Any) -> Task:
    """The task with windows of these sizes."""
    return replace(
        task,
        inputs=inputs_of(settings),
        targets=targets_of(settings),
        baselines={name: baseline(name, settings) for name in BASELINES},
    )


def frame_of(settings: Any) -> int:
    """Raw steps that the model sees as one."""
    return int(settings.frame) if settings.bands else 1


def inputs_of(settings: Any) -> dict[str, Column]:
    """The raw inputs: a window of the sensors, and the first steps of their run where wanted."""
    sensors = names_in(settings.sensors)
    meaning = "the last steps in their own units, the oldest first; NaN where none was observed"
    shape = (settings.lookback, len(sensors) or 1)
    found = {"values": Column("series", meaning, shape, gaps=True, channels=tuple(sensors))}
    if settings.reference:
        meaning = "the first steps of the run, while it was well"
        shape = (settings.reference, len(sensors) or 1)
        found[REFERENCE] = Column("series", meaning, shape, gaps=True, channels=tuple(sensors))
    return found


def targets_of(settings: Any) -> dict[str, Column]:
    """What alarms are judged by: the last `stride` steps of the window."""
    steps = (settings.stride,)
    return {
        "anomaly": Column("series", "1 where the last steps are not normal", steps),
        "times": Column("time", "of the last steps", steps),
        "step": Column("integer", "place of the last step in its series"),
        "to_failure": Column("number", "steps until the machine breaks; NaN: it does not"),
    }


def signatures(settings: Any) -> Mapping[str, Signature]:
    """What a window is like, where there is an autoencoder."""
    if settings.detector == "forecaster":
        return {}
    return {"embed": Signature(inputs_of(settings), EMBEDDING, "What is this window like?")}


def blocks(settings: Any, cases: Sequence[Case]) -> Blocks:
    """Windows of one series are resampled together; where series are few, those that overlap."""
    names = {name: number for number, name in enumerate(dict.fromkeys(c["series"] for c in cases))}
    if len(names) < FEW:
        return Blocks(length=-(-settings.lookback // settings.stride))
    return Blocks(length=1, times=[names[case["series"]] for case in cases])


def normal_level() -> Metric:
    """The mean score of normal windows as a share of the threshold; 1 is an alarm.

    A window with an anomaly counts as 0.
    """
    return mean_of(
        _level,
        example=Example(
            [{"anomaly": [0.0]}, {"anomaly": [0.0]}],
            [{"score": 1.0, "threshold": 4.0}, {"score": 3.0, "threshold": 4.0}],
            0.5,
        ),
        higher_is_better=False,
    )


def _level(case: Case, response: Mapping[str, Any]) -> float:
    if max(case["anomaly"]) > 0:
        return 0.0
    return float(response["score"]) / float(response["threshold"])


ANSWER = {
    "step_scores": Output("series", "how unusual each step of the window is"),
    "score": Output("number", "of the last step"),
    "threshold": Output("number", "a score above it is alarming"),
    "alarm": Output("number", "1 where an alarm stands at the last step, else 0"),
    "step_alarms": Output("series", "the same for each step of the window"),
    "contributions": Output("series", "how unusual each sensor is at the last step"),
    "drift": Output(
        "series", "how far each sensor's mean is from that of training, in standard deviations"
    ),
}

EMBEDDING = {
    "embedding": Output("series", "the mean of the window's codes, alike for like windows"),
    "last_code": Output("series", "the code of its last step"),
}

CALIBRATED = {
    "step_f1": alarms.step_f1(),
    "false_alarm_rate": alarms.false_alarm_rate(),
    "missed_alarm_rate": alarms.missed_alarm_rate(),
    "events_found": alarms.events_found(),
    "detection_delay": alarms.detection_delay(),
    "false_alarms": alarms.false_alarms(),
    "lead_time": alarms.lead_time(),
}

TASK = Task(
    name="monitoring",
    summary="Is the machine still well? Sensors in; alarms, since when and by which sensor, out.",
    inputs=inputs_of(Settings()),
    targets=targets_of(Settings()),
    row={
        **ROW,
        "anomaly": Column(
            "series",
            "1 where it is known not to be normal",
            (None,),
            default=0.0,
            called=("label", "is_anomaly", "outlier"),
        ),
        "fault": Column("text", "what is wrong, for the report", default=""),
        "state": Column("text", "what was measured, for the report", default=""),
        "failure": Column("time", "when the machine broke; 0: it did not", default=0),
    },
    samples={
        "pump": Sample(
            summary="a simulated pump with eight sensors, load changes and faults of known onset",
            rows={
                "train": pump.runs_of_train,
                "valid": pump.runs_of_valid,
                "test": pump.runs_of_test,
            },
            goal=Goal("step_f1", 0.8),
        ),
        "bearing": Sample(
            summary="raw vibration of a generated bearing, 2,048 readings a second, that wears out",
            rows={
                "train": bearing.runs_of_train,
                "valid": bearing.runs_of_valid,
                "test": bearing.runs_of_test,
            },
            presets=("vibration",),
        ),
        "odour": Sample(
            summary="a generated electronic nose of six gas sensors, over fish fresh and spoilt",
            rows={
                "train": odour.measurements_of_train,
                "valid": odour.measurements_of_valid,
                "test": odour.measurements_of_test,
            },
        ),
    },
    settings=Settings(),
    tiny=replace(
        Settings(),
        lookback=17,
        stride=5,
        smooth=7,
        duration=3,
        units=11,
        code=3,
        epochs=4,
        batch_size=256,
        gradient_batches=0,
    ),
    settle=settle,
    cases=cases,
    fit=fit,
    features=features,
    build_model=build_model,
    signatures=signatures,
    calibrate=calibrate,
    blocks=blocks,
    checks=[check_scores_wait_for_nothing],
    batching=Fixed(),
    answer=ANSWER,
    adapt=adapt,
    observe=observe,
    shown=shown,
    baselines={name: baseline(name, Settings()) for name in BASELINES},
    metrics={
        **{name: replace(metric, calibrated=True) for name, metric in CALIBRATED.items()},
        "normal_level": normal_level(),
    },
)
