"""From scaled windows to scaled forecasts, under six ways of reading them."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqapps.layers.attention import attention_block
from seqapps.layers.bands import LEVELS, MIDDLE, Bands
from seqapps.layers.cross_attention import CrossAttention
from seqapps.layers.recurrent import GRU, LSTM
from seqapps.training.optimizer import optimizer_of

from .network import (
    FromLastSeason,
    OwnScale,
    Transformed,
    Unnamed,
    Vectors,
    WaveletBands,
    in_training_units,
)

RECURRENT = {"lstm": LSTM, "gru": GRU}
WITHOUT_NAME = 0.1  # of the rows in training: what is forecast of series that training lacks
LOOK_BACK = "look_back"  # the layer whose second output tells where the decoder looked


def block_name(number: int) -> str:
    """What a layer of self-attention is called, from 0 on."""
    return f"block_{number + 1}"


def build_model(settings: Any, features: Any) -> Any:
    """A model of the inputs that features name -> quantiles [batch, horizon, targets, 5]."""
    network = _Network(settings, features)
    inputs = network.inputs
    given = [inputs[name] for name in ("values", "seen") if name in inputs]
    values, level, spread = _measured_from(settings)(*given)
    if settings.transform in ("difference", "butterworth", "savitzky_golay"):
        values = Transformed(settings.transform, settings.period, name="transform")(values)
    forecast = network.forecast(values)  # [batch, horizon, targets(, 5)]
    forecast = in_training_units(forecast, level, spread, features.targets)
    window = inputs["values"][:, :, : features.targets]
    model = keras.Model(inputs, Bands(name="bands")(forecast, window), name="forecasting")
    model.compile(optimizer_of(settings), loss_of(settings))
    return model


def _measured_from(settings: Any) -> Any:
    """The layer that puts each window into units of its own."""
    if settings.window == "season":
        return FromLastSeason(settings.season, settings.horizon, name="window")
    return OwnScale(settings.window, name="window")


def loss_of(settings: Any) -> Any:
    """A loss of truth [batch, horizon, targets, 2] and quantiles [batch, horizon, targets, 5].

    Of steps whose truth is not known nothing is learnt. Points are judged by `settings.loss`,
    quantiles by the pinball loss (Koenker and Bassett 1978).
    """

    def loss(truth: Any, quantiles: Any) -> Any:
        value, known = truth[..., 0], truth[..., 1]  # [batch, horizon, targets]
        if settings.head == "quantiles":
            error = ops.expand_dims(value, -1) - quantiles
            levels = ops.convert_to_tensor(LEVELS, error.dtype)
            each = 2 * ops.mean(ops.maximum(levels * error, (levels - 1) * error), axis=-1)
        else:
            error = value - quantiles[..., MIDDLE]
            each = _POINT[settings.loss](error)
        count = ops.maximum(ops.sum(known, axis=(1, 2)), 1.0)
        return ops.sum(each * known, axis=(1, 2)) / count  # [batch]

    return loss


def _huber(error: Any) -> Any:
    """Huber (1964), of twice the usual scale: the square below 1, so that it compares with mse."""
    size = ops.abs(error)
    return ops.where(size < 1, error * error, 2 * size - 1)


_POINT = {"mse": ops.square, "mae": ops.abs, "huber": _huber}


def _joined(parts: list[Any]) -> Any:
    return ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]


class _Network:
    """One network, part by part."""

    def __init__(self, settings: Any, features: Any) -> None:
        self.settings, self.features = settings, features
        self.each = settings.channels == "each"
        self.outputs = len(LEVELS) if settings.head == "quantiles" else 1
        self.inputs = self._inputs()

    def forecast(self, values: Any) -> Any:
        """Values in units of their window -> [batch, horizon, targets] or [..., targets, 5]."""
        settings, targets = self.settings, self.features.targets
        read = getattr(self, f"_{settings.encoder}")
        if self.each:
            found = read(self._apart(values), 1)  # [batch * targets, ...]
            found = ops.reshape(found, (-1, targets, settings.horizon, self.outputs))
            found = ops.transpose(found, (0, 2, 1, 3))
        else:
            found = read(self._beside(values), targets)
            found = ops.reshape(found, (-1, settings.horizon, targets, self.outputs))
        known = self._known()
        if known is not None:
            size = targets * self.outputs
            more = keras.layers.Dense(size, use_bias=False, name="known")(known)
            found += ops.reshape(more, (-1, settings.horizon, targets, self.outputs))
        return found if self.outputs > 1 else found[..., 0]

    # readers: values [rows, lookback, inputs] -> [rows, horizon * targets * outputs]

    def _linear(self, values: Any, targets: int) -> Any:
        """One linear map from the window to all horizons (Zeng et al. 2022)."""
        flat = ops.reshape(values, (-1, self.settings.lookback * values.shape[-1]))
        flat = self._dropped(flat)
        return self._head(flat, targets)

    def _lstm(self, values: Any, targets: int) -> Any:
        return self._head(self._dropped(self._states(values)[:, -1]), targets)

    _gru = _lstm

    def _segments(self, values: Any, targets: int) -> Any:
        """A GRU that reads segments, not steps, and forecasts each coming segment by one step of
        its own from the last state (SegRNN, Lin et al. 2023, arXiv 2308.11200).
        """
        settings, length = self.settings, self.settings.segment
        width = values.shape[-1]
        segments = settings.lookback // length
        recent = values[:, settings.lookback - segments * length :]
        parts = ops.reshape(recent, (-1, segments, length * width))
        parts = keras.layers.Dense(settings.units, activation="relu", name="segment")(parts)
        reader = GRU(settings.units, return_state=True, name="reader")
        _, state = reader(parts)  # [rows, units]
        coming = -(-settings.horizon // length)
        places = Vectors(coming, settings.units, name="places")(state)  # [rows, coming, units]
        if self.each and self.features.targets > 1:
            places += Vectors(self.features.targets, settings.units, in_turn=True, name="channels")(
                state
            )
        states = ops.reshape(
            ops.repeat(ops.expand_dims(state, 1), coming, axis=1), (-1, settings.units)
        )
        places = ops.reshape(places, (-1, 1, settings.units))
        found, _ = reader(places, initial_state=states)  # [rows * coming, units]
        found = keras.layers.Dense(length * targets * self.outputs, name="head")(
            self._dropped(found)
        )
        found = ops.reshape(found, (-1, coming * length, targets * self.outputs))
        return found[:, : settings.horizon]

    def _encoder_decoder(self, values: Any, targets: int) -> Any:
        """A decoder that knows the coming steps' places and the calendar, and looks back."""
        settings = self.settings
        states = self._states(values)  # [rows, lookback, units]
        places = Vectors(settings.horizon, settings.units, name="places")(states[:, -1])
        known = self._known()
        if known is not None:
            more = keras.layers.Dense(settings.units, name="to_decoder")(known)
            if self.each:
                more = ops.repeat(more, self.features.targets, axis=0)
            places += more
        decoder = RECURRENT[settings.cell](settings.units, return_sequences=True, name="decoder")
        last = states[:, -1]
        start = [last, ops.zeros_like(last)] if settings.cell == "lstm" else last
        read = decoder(places, initial_state=start)  # [rows, horizon, units]
        look = CrossAttention("multi_head", settings.units, heads=settings.heads, name=LOOK_BACK)
        seen = ops.ones_like(states[:, :, 0], dtype="bool")
        context, _ = look(read, states, seen)
        joined = keras.layers.LayerNormalization(name="norm")(read + context)
        return keras.layers.Dense(targets * self.outputs, name="head")(self._dropped(joined))

    def _attention(self, values: Any, targets: int) -> Any:
        """Self-attention over segments (as in PatchTST, Nie et al. 2023)."""
        settings, length = self.settings, self.settings.segment
        segments = settings.lookback // length
        recent = values[:, settings.lookback - segments * length :]
        parts = ops.reshape(recent, (-1, segments, length * values.shape[-1]))
        states = keras.layers.Dense(settings.units, name="segment")(parts)
        states += Vectors(segments, settings.units, name="places")(states[:, 0])
        for number in range(settings.layers):
            states = attention_block(
                states, heads=settings.heads, dropout=settings.dropout, name=block_name(number)
            )
        flat = ops.reshape(states, (-1, segments * settings.units))
        return self._head(self._dropped(flat), targets)

    # parts

    def _inputs(self) -> dict[str, Any]:
        settings, features = self.settings, self.features
        shapes = {"values": [settings.lookback, features.channels]}
        if settings.gaps == "mask":
            shapes["seen"] = [settings.lookback, features.channels]
        if settings.calendar:
            shapes["calendar"] = [settings.lookback + settings.horizon, features.moments]
        if features.known:
            shapes["future"] = [settings.horizon, features.known]
        inputs = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
        if settings.embed_series:
            inputs["series"] = keras.Input([], dtype="int32", name="series")
        return inputs

    def _beside(self, values: Any) -> Any:
        """The window with all that is known of its steps: [batch, lookback, inputs]."""
        parts = [self._in_bands(values)]
        if "seen" in self.inputs:
            parts.append(self.inputs["seen"])
        if "calendar" in self.inputs:
            parts.append(self.inputs["calendar"][:, : self.settings.lookback])
        return _joined([*parts, *self._series_vectors()])

    def _apart(self, values: Any) -> Any:
        """A window for each target, beside what all share: [batch * targets, lookback, inputs].

        The calendar is not among it: that of the coming steps tells the same.
        """
        targets = self.features.targets
        given = [values, self.inputs["seen"]] if "seen" in self.inputs else [values]
        own = [
            ops.reshape(
                ops.transpose(part[:, :, :targets], (0, 2, 1)), (-1, self.settings.lookback, 1)
            )
            for part in given
        ]
        own[0] = self._in_bands(own[0])
        shared = [part[:, :, targets:] for part in given if part.shape[-1] > targets]
        if shared:
            shared[0] = self._in_bands(shared[0])
        shared += self._series_vectors()
        return _joined([*own, *(ops.repeat(part, targets, axis=0) for part in shared)])

    def _in_bands(self, values: Any) -> Any:
        """Values [rows, lookback, any], where the settings say so as wavelet bands side by side."""
        return WaveletBands()(values) if self.settings.transform == "bands" else values

    def _series_vectors(self) -> list[Any]:
        """What stands for the series, at every step: [[batch, lookback, size]], or nothing."""
        if "series" not in self.inputs:
            return []
        size = min(self.settings.units, 16)
        vectors = keras.layers.Embedding(1 + self.features.series, size, name="series_vectors")
        vector = vectors(Unnamed(WITHOUT_NAME, name="unnamed")(self.inputs["series"]))
        return [ops.repeat(ops.expand_dims(vector, 1), self.settings.lookback, axis=1)]

    def _known(self) -> Any:
        """What is known of the coming steps: [batch, horizon, features], or None."""
        parts = []
        if "calendar" in self.inputs:
            parts.append(self.inputs["calendar"][:, self.settings.lookback :])
        if "future" in self.inputs:
            parts.append(self.inputs["future"])
        return ops.concatenate(parts, axis=-1) if parts else None

    def _states(self, values: Any) -> Any:
        """[rows, lookback, inputs] -> [rows, lookback, units]."""
        kind = (
            self.settings.cell
            if self.settings.encoder == "encoder_decoder"
            else self.settings.encoder
        )
        for number in range(self.settings.layers):
            if number:
                values = self._dropped(values)
            layer = RECURRENT[kind](
                self.settings.units, return_sequences=True, name=f"{kind}_{number + 1}"
            )
            values = layer(values)
        return values

    def _head(self, states: Any, targets: int) -> Any:
        size = self.settings.horizon * targets * self.outputs
        return keras.layers.Dense(size, name="head")(states)

    def _dropped(self, values: Any) -> Any:
        return (
            keras.layers.Dropout(self.settings.dropout)(values) if self.settings.dropout else values
        )
