"""seqapps: sequence applications on Keras and TensorFlow that share one runner.

`from seqapps.task import Task` is all that a plugin needs; `seqapps.run` is `seqapps run` from
Python. Nothing here imports tensorflow before a run starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqapps.version import __version__

if TYPE_CHECKING:
    from seqapps.runs import Run

__all__ = ["__version__", "run"]


def run(
    task: str,
    *,
    data: Any = None,
    columns: Mapping[str, str] | None = None,
    group: str | None = None,
    settings: Mapping[str, Any] | None = None,
    plugins: Iterable[str | Path] = (),
    runs: str | Path = "runs",
    output: str | Path = "saved_models",
    encoding: str = "utf-8-sig",
    header: bool = True,
    data_dir: str | Path | None = None,
    shares: Sequence[float] | None = None,
    time_format: str | None = None,
    factors: str | Path | None = None,
    factors_lag: int = 1,
    **options: Any,
) -> Run:
    """What `seqapps run TASK` does; the run's folder.

    `data` is what --data takes, or a pandas DataFrame, or an iterable of rows ({"text": ...,
    "label": ...}), or a dict with one of these for each of train, valid and test. `columns` maps
    the task's names to the data's; `header=False` is --no-header; `settings` holds what --set
    would. Of series, `columns={"times": ..., "series": ...}` are --time and --series, and `shares`,
    `time_format`, `factors` and `factors_lag` are the options of these names. `options` are
    `seed`, `name`, `backend`, `devices`, `max_memory`, `publish_as`, `fresh`, `require_goal`,
    `most_rejected` and `progress`.

    Raises UserError where the data or the settings are wrong, RunError and ProofError where a
    stage fails (all in `seqapps.errors`).
    """
    from seqapps import registry, runner
    from seqapps.data.source import Reading
    from seqapps.data.splits import SHARES
    from seqapps.progress import SILENT
    from seqapps.settings import replace

    for file in plugins:
        registry.add_plugin(Path(file))
    entry, found = registry.find(task), registry.load(task)
    values = replace(found.settings, settings or {}, where="settings")
    progress = options.pop("progress", SILENT)
    request = runner.Request(
        task=found.under(values),
        settings=values,
        code=entry.folder,
        data=data,
        reading=Reading(
            columns=columns or {},
            group=group,
            encoding=encoding,
            header=header,
            data_dir=Path(data_dir).absolute() if data_dir else None,
            shares=tuple(shares) if shares else SHARES,
            time_format=time_format,
            factors=Path(factors).absolute() if factors else None,
            factors_lag=factors_lag,
        ),
        runs=Path(runs),
        output=Path(output),
        **options,
    )
    return runner.run(request, progress=progress)
