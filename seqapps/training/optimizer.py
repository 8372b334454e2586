"""Settings of the optimizer that tasks inherit, and the Keras optimizer they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seqapps.settings import setting

FLOAT32, MIXED_FLOAT16, MIXED_BFLOAT16 = "float32", "mixed_float16", "mixed_bfloat16"
# Variables that no weight decay shrinks: "bias" in Keras, "dense/bias:0" where it is TensorFlow's.
UNDECAYED = [r"(^|/)(bias|gamma|beta)(:0)?$"]


SCHEDULES = ("constant", "linear", "cosine", "inverse_square_root", "halving", "plateau")
SCHEDULE = (
    "how the learning rate goes on after the warm-up; halving: at every epoch after the first "
    "third, plateau: after every epoch without a better value"
)


@dataclass(frozen=True)
class Optimization:
    """What a task's settings inherit; training itself reads `schedule`, `warm_up`,
    `precision` and `gradient_batches`.

    A task redeclares a field to give it another default.
    """

    optimizer: str = setting(
        "adam",
        "how gradients become steps; adam with weight_decay is AdamW",
        choices=("adam", "sgd", "rmsprop"),
    )
    learning_rate: float = setting(
        1e-3, "size of the steps; --find-learning-rate suggests one", at_least=0.0
    )
    momentum: float = setting(
        0.9, "what each step of sgd keeps of the one before", at_least=0.0, at_most=0.999
    )
    schedule: str = setting("constant", SCHEDULE, choices=SCHEDULES)
    warm_up: float = setting(
        0.0, "share of all steps in which the learning rate rises from 0",
        at_least=0.0, at_most=0.9,
    )  # fmt: skip
    weight_decay: float = setting(
        0.0, "share of the weights, times the learning rate, taken off at every step", at_least=0.0
    )
    clip_norm: float = setting(
        1.0, "longest gradient, by global norm; longer ones are scaled down; 0 clips none",
        at_least=0.0,
    )  # fmt: skip
    weight_averaging: float = setting(
        0.0,
        "what each step keeps of a moving average of the weights, such as 0.999, which is judged "
        "and exported in place of the weights; 0 averages none",
        at_least=0.0, at_most=0.99999,
    )  # fmt: skip
    precision: str = setting(
        FLOAT32,
        "what layers compute in while they are trained; the mixed ones are fast on a GPU, answers "
        "and export are float32",
        choices=(FLOAT32, MIXED_FLOAT16, MIXED_BFLOAT16),
    )
    gradient_batches: int = setting(
        2, "most batches whose gradients are looked at after a round, by layer and by time lag",
        at_least=0,
    )  # fmt: skip

    def __post_init__(self) -> None:
        if self.schedule == "inverse_square_root" and not self.warm_up:
            raise ValueError(
                "schedule = 'inverse_square_root' falls from the end of the warm-up, so warm_up "
                "must be above 0, such as 0.1."
            )


def optimizer_of(settings: Optimization) -> Any:
    """The Keras optimizer for `model.compile`, without its schedule, which training applies.

    Weight decay is decoupled from the gradient (Loshchilov and Hutter 2019) and leaves out biases
    and the gains of normalisation. Gradients are clipped by global norm (Pascanu et al. 2013).
    """
    import keras

    from seqapps.training.adam import Adam

    kinds = {
        "adam": (Adam, {}),
        "sgd": (keras.optimizers.SGD, {"momentum": settings.momentum}),
        "rmsprop": (keras.optimizers.RMSprop, {}),
    }
    kind, own = kinds[settings.optimizer]
    optimizer = kind(
        settings.learning_rate,
        weight_decay=settings.weight_decay or None,
        global_clipnorm=settings.clip_norm or None,
        use_ema=settings.weight_averaging > 0,
        ema_momentum=settings.weight_averaging or 0.99,  # Keras wants one even where it has no use
        **own,
    )
    optimizer.exclude_from_weight_decay(var_names=UNDECAYED)
    return optimizer


def unwrapped(optimizer: Any) -> Any:
    """The optimizer that makes the steps, where another one scales the loss around it."""
    return getattr(optimizer, "inner_optimizer", optimizer)
