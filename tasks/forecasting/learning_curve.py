"""At which length of history does the network overtake the classic methods?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from seqapps.errors import UserError
from seqapps.series.windows import Series, Windows
from seqapps.task import Case, Predict, Row, Surroundings, Task

from .channels import channels_of

SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)  # of the longest training series
NETWORK = "the network"


def learning_curve(around: Surroundings, task: Task) -> Mapping[str, Any]:
    """The first score of the network and of each classic method by steps of history.

    Network and methods learn from the last so many steps of the training part, as one would who
    had begun to measure then; a series is no longer than that for them. Every network is trained
    anew under the run's settings, from the seed 0, and as long: windows of short histories come
    the more often.

    All are judged from the same origins, the later half of those of the validation part. The
    earlier ones, whose horizon is over by then, choose the network's round, so that it is not
    judged by what chose it. The test part is not looked at: whoever decides by this curve chooses
    a method, and what chose cannot judge.
    """
    settings = replace(around.settings, learning_curve=False, gradient_batches=0)
    task = task.under(settings)
    train, valid = around.train, around.valid
    assert isinstance(train, Windows) and isinstance(valid, Windows)  # as `cases` makes them
    choosing, judging = _halves(valid, settings.horizon)
    judged = [valid[place] for place in judging]
    metric = next(iter(task.metrics))
    steps, errors = [], dict[str, list[float]]()
    for length in _lengths(train, task, settings):
        part = _Part(task, settings, _rows(train, length, settings), len(train))
        later = task.cases(_rows(valid, length, settings), settings)
        assert isinstance(later, Windows) and len(later) == len(valid)
        answered = [later[place] for place in judging]
        for name, predict in part.predictors([later[place] for place in choosing or judging]):
            found = task.metrics[metric]
            sums = found.statistics(judged, predict(answered)).sum(axis=0)
            errors.setdefault(name, []).append(float(found.reduce(sums)))
        steps.append(length)
    return {
        "metric": metric,
        "steps": steps,
        "errors": errors,
        "origins": len(judging),
        "chosen_apart": bool(choosing),
    }


@dataclass(frozen=True)
class _Part:
    """What is learnt from: the ends of the training series."""

    task: Task
    settings: Any
    rows: Sequence[Row]
    windows: int  # of the whole training part

    def predictors(self, valid: Sequence[Case]) -> list[tuple[str, Predict]]:
        """The network, whose round is chosen on `valid`, and the classic methods, by name."""
        cases = self.task.list_cases(self.rows, self.settings)
        classic = [(name, fit(cases)) for name, fit in self.task.baselines.items()]
        return [(NETWORK, self._network(cases, valid)), *classic]

    def _network(self, cases: Sequence[Case], valid: Sequence[Case]) -> Predict:
        from seqapps.training import backend
        from seqapps.training.train import train

        times = max(1, round(self.windows / len(cases)))
        state = self.task.fit(self.rows, self.settings)
        with TemporaryDirectory() as aside:
            model, features = train(
                self.task,
                self.settings,
                state,
                cases=_Repeated(cases, times),
                valid=valid,
                seed=0,
                folder=Path(aside) / "checkpoints",
                history=Path(aside) / "history.csv",
            )
        return backend.predictor(self.task, self.settings, model, features)


class _Repeated(Sequence[Any]):
    """Cases that come several times in an epoch."""

    def __init__(self, cases: Sequence[Case], times: int) -> None:
        self._cases, self._times = cases, times

    def __len__(self) -> int:
        return self._times * len(self._cases)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(f"case {place} of {len(self)}")
        return self._cases[place % len(self._cases)]


def _lengths(train: Windows, task: Task, settings: Any) -> list[int]:
    """Steps of history, from the least that has a window to all."""
    longest = max(len(each.values) for each in train.series)
    found = []
    for length in sorted({round(share * longest) for share in SHARES}):
        try:
            task.cases(_rows(train, length, settings), settings)
        except UserError:  # too short for a window
            continue
        found.append(length)
    return found


def _rows(windows: Windows, length: int, settings: Any) -> list[Row]:
    """The series as if they had begun `length` steps before the end of their training part."""
    names = "\n".join(channels_of(settings))
    return [_row(each, names, max(0, _training(each) - length)) for each in windows.series]


def _training(series: Series) -> int:
    """Steps of the training part; 0 where it is no part of the series, as in a table of its own."""
    return series.training if series.held_out else len(series.values)


def _row(series: Series, names: str, begin: int) -> Row:
    return {
        "series": series.name,
        "names": names,
        "times": series.times[begin:],
        "values": series.values[begin:],
        "first": max(0, series.first - begin),
        "training": max(0, series.training - begin),
        "held_out": series.held_out,
    }


def _halves(valid: Windows, horizon: int) -> tuple[list[int], list[int]]:
    """Places of the windows that choose a round, and of those that judge, later in each series.

    Nothing that chooses lies in what judges. None chooses where the part is too short for both.
    """
    by_series: dict[str, list[tuple[int, int]]] = {}
    for place in range(len(valid)):
        series, origin = valid.place(place)
        by_series.setdefault(series.name, []).append((origin, place))
    choosing, judging = [], []
    for places in by_series.values():
        first = places[len(places) // 2][0]
        judging += [place for origin, place in places if origin >= first]
        choosing += [place for origin, place in places if origin + horizon <= first]
    return choosing, judging


def overtaken_from(network: Sequence[float], other: Sequence[float]) -> int | None:
    """The place of the length from which on the network's error is the lower one; None: none is.

    >>> overtaken_from([5.0, 2.0, 1.0], [3.0, 3.0, 3.0])
    1
    """
    ahead = np.array(network) < np.array(other)
    if not ahead[-1]:
        return None
    behind = np.flatnonzero(~ahead)
    return int(behind[-1]) + 1 if len(behind) else 0
