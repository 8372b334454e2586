"""What comes next, and how sure is that? A window of series in, the coming steps out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seqapps.metrics import forecasts
from seqapps.series.row import ROW, names_in
from seqapps.settings import setting
from seqapps.task import (
    Ask,
    Blocks,
    Case,
    Column,
    Fixed,
    Goal,
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

from .samples import co2, sunspots
from .stocks import stocks

BASELINES = (
    "last_value",
    "drift",
    "seasonal_naive",
    "moving_average",
    "exponential",
    "ridge",
    "theta",
    "ets",
    "arima",
    "seasonal_arima",
)


@dataclass(frozen=True)
class Settings(Optimization):
    target: str = setting(
        "", "columns that are forecast, with commas between; empty: all but those of `future`"
    )
    covariates: str = setting(
        "all", "further columns whose past is read: all, none, or names with commas between"
    )
    future: str = setting(
        "", "columns that are known in advance, such as plans; with commas between"
    )
    horizon: int = setting(26, "steps that are forecast", at_least=1)
    lookback: int = setting(104, "steps that are read", at_least=2)
    frequency: str = setting(
        "auto", "of the steps: 15min, 1h, 1d, 7d, 1b (business days), 1mo, rows; auto looks"
    )
    season: int = setting(
        0, "steps after which the series repeats itself; 0 looks, 1: it does not", at_least=0
    )
    gaps: str = setting(
        "interpolate",
        "what stands for steps that were not observed; mask: the middle, and that it does",
        choices=("interpolate", "forward", "mask"),
    )
    measures: str = setting(
        "level", "what a value is: a level, as of a stock, or a change or rate, as a flow",
        choices=("level", "change"),
    )  # fmt: skip
    calendar: bool = setting(False, "hour, weekday and day of the year are told to the model")
    embed_series: bool = setting(False, "which of several series it is is told to the model")
    scale: str = setting(
        "standard", "units of a channel in training", choices=("standard", "robust")
    )
    log: float = setting(
        0.0, "forecast logarithms; values below this count as it; 0: no logarithm", at_least=0.0
    )
    window: str = setting(
        "last",
        "what each window is measured from: its last value, its mean and deviation (standard), or "
        "each step from that of a season before",
        choices=("none", "last", "standard", "season"),
    )
    transform: str = setting(
        "none",
        "what is read of a window: its changes, or without short periods; wavelet: without noise; "
        "bands: its wavelet bands, slow to fast, side by side",
        choices=("none", "difference", "butterworth", "savitzky_golay", "wavelet", "bands"),
    )
    period: float = setting(
        7.0, "steps below which butterworth and savitzky_golay take periods away", at_least=2.5
    )
    encoder: str = setting(
        "segments",
        "what reads the window; segments: a GRU over segments of it (SegRNN)",
        choices=("linear", "lstm", "gru", "segments", "encoder_decoder", "attention"),
    )
    channels: str = setting(
        "each",
        "each: every target by itself beside covariates, by shared weights; together: all at once",
        choices=("each", "together"),
    )
    segment: int = setting(26, "steps of a segment", at_least=1)
    cell: str = setting("lstm", "recurrent layers of encoder_decoder", choices=("lstm", "gru"))
    layers: int = setting(1, "recurrent or attention layers on top of each other", at_least=1)
    units: int = setting(64, "size of a state", at_least=1)
    heads: int = setting(4, "heads of attention", at_least=1)
    dropout: float = setting(0.1, "share of values left out in training", at_least=0.0, at_most=0.9)
    head: str = setting(
        "point", "what is learnt: the middle, or quantiles; bands are set on validation data",
        choices=("point", "quantiles"),
    )  # fmt: skip
    loss: str = setting("mse", "of points", choices=("mse", "mae", "huber"))
    stride: int = setting(1, "steps from the origin of a window to the next one's", at_least=1)
    origins: int = setting(
        50, "most origins of each series that choose and judge, evenly spread; 0: all", at_least=0
    )
    learning_curve: bool = setting(
        False, "report from which length of history on the model beats ARIMA; four more trainings"
    )
    standardised: bool = setting(
        False, "the first score is the mean square error in units of the training deviation"
    )
    batch_size: int = setting(32, "windows in a batch", at_least=1)
    epochs: int = setting(40, "most passes over the training data", at_least=1)
    monitor: str = setting("mase", "validation metric that chooses the best round")
    patience: int = setting(10, "epochs without a better value before stopping", at_least=1)
    learning_rate: float = setting(
        3e-3, "size of the steps; --find-learning-rate suggests one", at_least=0.0
    )
    schedule: str = setting("cosine", SCHEDULE, choices=SCHEDULES)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.encoder in ("segments", "attention") and self.segment > self.lookback:
            raise ValueError(
                f"segment = {self.segment} is longer than lookback = {self.lookback}; expected at "
                "most that."
            )
        if self.encoder == "encoder_decoder" and self.units % self.heads:
            raise ValueError(f"units = {self.units} must be a multiple of heads = {self.heads}.")


def cases(rows: Iterable[Row], settings: Any) -> Iterable[Case]:
    """Windows, cut while they are read."""
    from .windows import windows_of

    return windows_of(rows, settings)


def settle(settings: Any, rows: Sequence[Row]) -> Any:
    from .settle import settle

    return settle(settings, rows)


def fit(rows: Iterable[Row], settings: Any) -> State:
    from .features import fit

    return fit(rows, settings)


def features(settings: Any, state: State) -> Any:
    from .features import ForecastingFeatures

    return ForecastingFeatures(settings, state)


def build_model(settings: Any, features: Any) -> Any:
    from .model import build_model

    return build_model(settings, features)


def calibrate(settings: Any, model: Any, features: Any, cases: Sequence[Case]) -> None:
    """Bands as wide as the errors on validation data say."""
    from .calibrate import calibrate

    calibrate(settings, model, features, cases)


def baseline(name: str, settings: Any) -> Any:
    """A classic method by its name."""

    def fitted(cases: Sequence[Case]) -> Predict:
        from .baselines import classic

        return classic(name, cases, settings)

    return fitted


def adapt(task: Task, settings: Any) -> Task:
    """The task with windows of these sizes, and the inputs that the model uses."""
    return replace(
        task,
        inputs=inputs_of(settings),
        targets=targets_of(settings),
        baselines={name: baseline(name, settings) for name in BASELINES},
        metrics=metrics_of(settings),
    )


def inputs_of(settings: Any) -> dict[str, Column]:
    """The raw inputs of a forecast."""
    from .channels import channels_of

    channels = channels_of(settings)
    shape = (settings.lookback, len(channels) or 1)
    meaning = "the last steps in their own units, the oldest first; NaN where none was observed"
    found = {"values": Column("series", meaning, shape, gaps=True, channels=tuple(channels))}
    known = names_in(settings.future)
    if known:
        shape = (settings.horizon, len(known))
        meaning = "what is known of the coming steps"
        found["future"] = Column("series", meaning, shape, gaps=True, channels=tuple(known))
    if settings.calendar:
        found["start"] = Column("time", "of the first of the last steps, seconds since 1970 (UTC)")
    if settings.embed_series:
        found["series"] = Column("category", "name of the series")
    return found


def targets_of(settings: Any) -> dict[str, Column]:
    """What a forecast is judged by."""
    count = len(names_in(settings.target)) or 1
    return {
        "truth": Column("series", "what followed", (settings.horizon, count), gaps=True),
        "scale": Column("series", "error of the seasonal naive forecast in training", (count,)),
        "deviation": Column("series", "standard deviation in training", (count,)),
        "times": Column("time", "of the steps that followed", (settings.horizon,)),
    }


def metrics_of(settings: Any) -> Mapping[str, Any]:
    """All scores; the first one is that of verdicts."""
    found = {
        "mase": forecasts.mase(),
        "mae": forecasts.mae(),
        "rmse": forecasts.rmse(),
        "smape": forecasts.smape(),
        "pinball": forecasts.pinball(),
        "coverage_80": forecasts.coverage_80(),
        "coverage_95": forecasts.coverage_95(),
        "direction": forecasts.direction(of=settings.measures),
        "mse_standardised": forecasts.mse_standardised(),
        "mae_standardised": forecasts.mae_standardised(),
    }
    first = "mse_standardised" if settings.standardised else "mase"
    return {first: found[first], **found}


def blocks(settings: Any, cases: Sequence[Case]) -> Blocks:
    """Windows that overlap, or lie in one season, are resampled together."""
    from .windows import steps_between

    times = [int(case["times"][0]) for case in cases]
    length = max(settings.horizon, settings.season) / steps_between(times, settings.frequency)
    return Blocks(length=max(1, round(length)), times=times)


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """What the report shows beside scores."""
    from .observed import observe

    return observe(ask, around)


def shown(observed: Mapping[str, Any]) -> Iterable[Section]:
    from .shown import shown

    return shown(observed)


def signatures(settings: Any) -> Mapping[str, Signature]:
    """Where the model has attention, what it looked at."""
    if settings.encoder not in ("encoder_decoder", "attention"):
        return {}
    return {
        "explain": Signature(
            inputs_of(settings),
            {
                "steps": Output("tokens", "the steps that were read, counted from the origin"),
                "weights": Output("weights", "how much the forecast rests on each; of sum 1"),
            },
            "which past steps the forecast looked at",
        )
    }


ANSWER = {
    "mean": Output("series", "the forecast, in the series' own units"),
    "lower": Output("band", "end of the 95 % interval"),
    "upper": Output("band", "end of the 95 % interval"),
    "lower_80": Output("band", "end of the 80 % interval"),
    "upper_80": Output("band", "end of the 80 % interval"),
}

TASK = Task(
    name="forecasting",
    summary="What comes next, and how sure is that? Series in, the coming steps out.",
    inputs=inputs_of(Settings()),
    targets=targets_of(Settings()),
    row=ROW,
    samples={
        "co2": Sample(
            summary="CO2 above Mauna Loa, weekly, 1958 to 2001, with gaps",
            rows=co2,
            packages=("statsmodels",),
            goal=Goal("mase", 0.6),
        ),
        "sunspots": Sample(
            summary="sunspots of each year, 1700 to 2008", rows=sunspots, packages=("statsmodels",)
        ),
        "stocks": Sample(
            summary="daily returns of 20 stocks and the S&P 500, 1990 to 2022, and their size",
            rows=stocks,
            wheel="skfolio",
            presets=("stocks", "volatility"),
        ),
    },
    settings=Settings(),
    tiny=replace(
        Settings(),
        horizon=7,
        lookback=59,
        encoder="linear",
        units=11,
        origins=13,
        epochs=2,
        learning_rate=3e-3,
        gradient_batches=0,
    ),
    settle=settle,
    cases=cases,
    fit=fit,
    features=features,
    build_model=build_model,
    calibrate=calibrate,
    blocks=blocks,
    batching=Fixed(),
    answer=ANSWER,
    signatures=signatures,
    observe=observe,
    shown=shown,
    adapt=adapt,
    baselines={name: baseline(name, Settings()) for name in BASELINES},
    metrics=metrics_of(Settings()),
)
