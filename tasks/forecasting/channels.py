"""Which columns a window holds, by the settings. Imports nothing heavy: listing tasks needs it."""

from __future__ import annotations

from typing import Any

from seqapps.series.row import names_in


def channels_of(settings: Any) -> list[str]:
    """What a window holds: targets, then covariates of the past, then those known in advance."""
    chosen = [settings.target, settings.covariates, settings.future]
    return [name for given in chosen for name in names_in(given)]
