"""How many devices of this machine share the batches of a training: GPUs, or without any, CPUs."""

from __future__ import annotations

from typing import Any

from seqapps import start
from seqapps.backends import TENSORFLOW
from seqapps.errors import UserError

ALL = "all"


def resolved(asked: int | str, *, backend: str = TENSORFLOW) -> int:
    """The number of devices that `--devices` means here; `all` is as many as there are.

    Raises UserError where it is no number of devices, or the backend knows one only. Whether they
    are there is asked by `check_present`: who exports a finished training needs none of them.
    """
    if asked != 1 and backend != TENSORFLOW:
        raise UserError(
            f"--devices {asked}: several devices are for TensorFlow only, received --backend "
            f"{backend}. Leave out one of the two."
        )
    if asked == ALL:
        return len(present())
    if not isinstance(asked, int) or asked < 1:
        raise UserError(f"--devices {asked}: expected a number from 1, or {ALL}.")
    return asked


def check_present(count: int) -> None:
    """Raises UserError where this machine has fewer devices than `count`."""
    if count > 1 and count > len(present()):
        raise UserError(
            f"--devices {count}: TensorFlow sees {_told()} on this machine. The number of devices "
            f"is part of a training; give one of 1 to {len(present())}, or {ALL}. `seqapps doctor` "
            "shows the devices, CUDA_VISIBLE_DEVICES hides some."
        )


def present() -> list[str]:
    """The names of the devices, such as "GPU:0"."""
    start.tensorflow()
    import tensorflow as tf

    found: list[Any] = tf.config.list_logical_devices("GPU")
    return [
        device.name.split("device:")[-1]
        for device in found or tf.config.list_logical_devices("CPU")
    ]


def _told() -> str:
    names = present()
    kind = names[0].split(":")[0]
    return f"no GPU and {len(names)} CPU" if kind == "CPU" else f"{len(names)} {kind}"
