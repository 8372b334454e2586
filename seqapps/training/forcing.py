"""Settings of models that are trained to write a given sequence, and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seqapps.progress import Progress
from seqapps.settings import setting
from seqapps.training.optimizer import Optimization


@dataclass(frozen=True)
class Forcing(Optimization):
    """What the settings of a task with a decoder inherit, as from `Optimization`."""

    label_smoothing: float = setting(
        0.0, "share of each true token that training gives to all tokens alike",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    teacher_forcing: float = setting(
        1.0,
        "share of true tokens that training goes on from as they are; the rest, in the end, are "
        "the model's own (scheduled sampling)",
        at_least=0.0, at_most=1.0,
    )  # fmt: skip
    forcing_schedule: str = setting(
        "linear",
        "how that share falls from 1",
        choices=("linear", "exponential", "inverse_sigmoid"),
    )
    forcing_steps: int = setting(5000, "steps of training until that share is reached", at_least=1)


def sampling_of(settings: Any) -> Any | None:
    """The layer that mixes the model's own tokens in, None where all are the true ones."""
    from seqapps.layers.scheduled_sampling import ScheduledSampling

    if settings.teacher_forcing == 1:
        return None
    return ScheduledSampling(
        settings.teacher_forcing,
        settings.forcing_steps,
        settings.forcing_schedule,
        name="scheduled_sampling",
    )


def say_where_it_ends(settings: Any, steps: int, progress: Progress) -> None:
    """Tell what share of true tokens a training of `steps` steps ends at, where that is not said.

    Steps that are too many for the training would else leave scheduled sampling half done, and
    nobody would know.
    """
    if getattr(settings, "teacher_forcing", 1) == 1 or settings.forcing_steps <= steps:
        return
    sampling: Any = sampling_of(settings)
    share = float(sampling.forcing(float(steps)))
    progress.say(
        f"teacher forcing: forcing_steps = {settings.forcing_steps:,}, but training has at most "
        f"{steps:,} steps, so that the share falls to {share:.2f}, not to "
        f"{settings.teacher_forcing:g}; forcing_steps = {steps} reaches it"
    )
