"""Networks that read a picture and give a map of features: ours, Keras's, or a saved one."""

from __future__ import annotations

import hashlib
import inspect
import warnings
from pathlib import Path
from typing import Any

import keras
from keras import ops

from seqapps.errors import UserError, nearest
from seqapps.images.finer_map import with_finer_map
from seqapps.images.shuffled_channels import ShuffledChannels
from seqapps.layers.batch_norm import BatchNorm

SMALL = "small"
FINER = "finer"  # map of an encoder


def digest_of(name: str) -> str:
    """SHA-256 of a saved encoder, "" of what has another name. Raises UserError without it."""
    return hashlib.sha256(_path(name).read_bytes()).hexdigest() if _is_file(name) else ""


def identity_of(name: str, network: Any) -> str:
    """SHA-256 of a saved encoder's file, or of the name and the weights of one of Keras's."""
    digest = hashlib.sha256(f"{digest_of(name) or name}".encode())
    if not _is_file(name):
        for value in network.get_weights():
            digest.update(value.tobytes())
    return digest.hexdigest()


def pretrained(name: str, size: int, *, finer: bool = False) -> Any:
    """A Keras model: pixels 0 to 255, float [batch, size, size, 3] -> [batch, height, width, n].

    `name` is that of a function of keras.applications, whose ImageNet weights Keras downloads, or
    the path of a saved Keras model whose output is a map of features. With `finer` it gives two:
    the last map inside that has twice as many cells to a side, and what the cells of its output are
    on the average, [batch, n]. Raises UserError where there is no such model, where it cannot be
    had, where it gives no map, and where there is none inside.
    """
    model = _saved(name) if _is_file(name) else _of_keras(name, size)
    pictures = keras.Input([size, size, 3])
    try:
        shape = model(pictures).shape
    except (ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"image_encoder = {name!r} does not take pictures of {size} x {size}: {reason} Set "
            "image_size to what it takes."
        ) from None
    if len(shape) != 4 or None in shape[1:]:
        raise UserError(
            f"image_encoder = {name!r} gives {tuple(shape)}, expected a map of features [batch, "
            "height, width, channels]: save the model without its pooling and classifier."
        )
    if shape[1] != shape[2]:
        raise UserError(
            f"image_encoder = {name!r} makes {shape[1]} x {shape[2]} cells of a picture of {size} "
            f"x {size}; expected as many cells down as across: strides and padding must be the "
            "same in both directions."
        )
    return with_finer_map(model, name, size) if finer else model


def small(size: int, channels: int = 128) -> Any:
    """Convolutions that a small set of pictures can teach: side / 8 cells to a side.

    Two paths lead to a cell. That of forms has three of 4 x 4 and stride 2, whose cells lie where
    they look (those of 3 x 3 look further right and down), and one of 3 x 3; it is shown other
    colours in training, so a form is known by it in a colour that it never had. That of colours
    reads means of 4 x 4 pixels, in which forms are faint. Convolutions are normalised over the
    batch (Ioffe and Szegedy 2015): over its own channels, the noise of an even ground would count
    as much as a shape.
    """
    pictures = keras.Input([size, size, 3])
    values = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pictures)
    forms = ShuffledChannels(name="shuffled_channels")(values)
    for number, (filters, kernel, stride) in enumerate(
        [(channels // 4, 4, 2), (channels // 2, 4, 2), (channels, 4, 2), (channels, 3, 1)], 1
    ):
        forms = _convolved(forms, filters, f"{number}", kernel=kernel, stride=stride)
    colours = values
    for pool in (4, 2):
        colours = keras.layers.AveragePooling2D(pool, padding="same")(colours)
        colours = _convolved(colours, channels // 4, f"colour_{pool}")
    return keras.Model(pictures, ops.concatenate([forms, colours], axis=-1))


def _convolved(values: Any, filters: int, name: str, *, kernel: int = 1, stride: int = 1) -> Any:
    convolution = keras.layers.Conv2D(
        filters, kernel, strides=stride, padding="same", use_bias=False, name=f"convolution_{name}"
    )
    # Its averages are over some 500 batches. Those of 100, Keras's default, differ from one hundred
    # to the next, as batches go by the length of captions and so by how much is in a picture: the
    # same weights had 0.888 or 0.907 of the facts of the validation scenes right.
    normed = BatchNorm(momentum=0.998, name=f"norm_{name}")
    return ops.relu(normed(convolution(values)))


def _is_file(name: str) -> bool:
    return name.endswith((".keras", ".h5"))


def _path(name: str) -> Path:
    path = Path(name).expanduser()
    if not path.is_file():
        raise UserError(f"image_encoder = {name!r}: no such file.")
    return path


def _saved(name: str) -> Any:
    path = _path(name)
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # a damaged file makes Keras raise nearly anything
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"image_encoder = {name!r}: not a Keras model that loads: {reason}"
        ) from None


def _of_keras(name: str, size: int) -> Any:
    known = {
        each: maker
        for each, maker in vars(keras.applications).items()
        if inspect.isfunction(maker) and "include_top" in inspect.signature(maker).parameters
    }
    if name not in known:
        raise UserError(
            f"image_encoder = {name!r} is neither {SMALL!r}, nor the path of a .keras file, nor a "
            f"model of keras.applications. {nearest(name, [SMALL, *known])}"
        )
    try:
        with warnings.catch_warnings():  # weights of another size are what is wanted
            warnings.simplefilter("ignore")
            model = known[name](include_top=False, weights="imagenet", input_shape=(size, size, 3))
    except Exception as error:  # no network: it depends on the system what is raised
        if isinstance(error, ValueError):  # no weights have another one
            _check_takes(name, known[name], size)
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"image_encoder = {name!r}: Keras could not load its ImageNet weights ({reason}). "
            "They are downloaded once, into ~/.keras. Without a network, give the path of a saved "
            "Keras model, or image_encoder = 'small', which is trained from scratch."
        ) from None
    prepared = inspect.getmodule(inspect.unwrap(known[name])).preprocess_input  # type: ignore[union-attr]
    pictures = keras.Input([size, size, 3])
    return keras.Model(pictures, model(prepared(pictures)))


def _check_takes(name: str, maker: Any, size: int) -> None:
    """Raise UserError where a network takes no pictures of this size, whatever its weights."""
    try:
        maker(include_top=False, weights=None, input_shape=(size, size, 3))
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"image_encoder = {name!r} does not take pictures of {size} x {size}: {reason} Set "
            "image_size to what it takes."
        ) from None
