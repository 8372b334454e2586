"""Pictures to pixels or features, captions to token ids, and what the export answers."""

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from seqapps.decoding.beam import beam_search
from seqapps.decoding.greedy import greedy
from seqapps.errors import UserError
from seqapps.features import Features
from seqapps.images.decode import pixels
from seqapps.images.encoders import FINER, digest_of
from seqapps.task import Row, State
from seqapps.text import codec
from seqapps.text.token_ids import BOUNDARY, PADDING, UNKNOWN

from .frozen import Frozen, is_frozen
from .network import network_of

END = "</s>"  # how the end of a caption is shown
log = logging.getLogger(__name__)


def fit(rows: Iterable[Row], settings: Any) -> State:
    """The tokens of the training captions, how many of a picture are learnt, and the encoder."""
    counts: list[int] = []

    def texts() -> Iterator[str]:
        for row in rows:
            lines = row["captions"].lower().split("\n")
            counts.append(len(lines))
            yield from lines

    found = codec.fit(texts(), tokens=settings.tokens, vocabulary=settings.vocabulary)
    left = sum(max(0, count - settings.captions) for count in counts)
    if left:
        log.warning(
            "captions = %d: %s of %s training captions are further ones of their picture and are "
            "not learnt; --set captions=%d learns all.",
            settings.captions, f"{left:,}", f"{sum(counts):,}", max(counts),
        )  # fmt: skip
    return {
        **found,
        "captions": min(settings.captions, max(counts)),
        "image_encoder": digest_of(settings.image_encoder),
    }


class CaptioningFeatures(Features):
    """A codec for captions, and a frozen encoder of pictures where there is one.

    What a frozen encoder gives is kept in half precision, so answers are made of that, too.
    """

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self._settings = settings
        self.codec = codec.codec(state)
        self._several = state.get("captions", settings.captions)  # runs of before have no such key
        self._frozen = None
        self.image_shape, self.image_dtype = [settings.image_size, settings.image_size, 3], "uint8"
        if digest_of(settings.image_encoder) != state["image_encoder"]:
            raise UserError(
                f"image_encoder = {settings.image_encoder!r}: the file has changed since its "
                "features were first used. Make a run anew: `seqapps run` with another --name."
            )
        if is_frozen(settings):
            self._frozen = Frozen(
                settings.image_encoder, settings.image_size, finer=settings.image_map == FINER
            )
            self.image_shape, self.image_dtype = [self._frozen.size], "float16"

    def parts(self, image: Any) -> tuple[Any, Any]:
        """Features of pictures -> (cells [batch, cells, channels], overview or None)."""
        assert self._frozen
        return self._frozen.parts(image)

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        before, targets = self._captions(batch["captions"])
        return {"image": self._image(batch["image_bytes"]), "before": before}, targets

    def once(self, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Pictures as the model takes them."""
        return {"image_bytes": self._image(raw["image_bytes"])}

    def once_by(self) -> tuple[str, Sequence[Any]] | None:
        """The encoder, where it is frozen; pixels of one that is trained are made fast."""
        return self._frozen.decided_by() if self._frozen else None

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The best caption."""
        best = self.n_best(model, raw)
        return {"caption": best["captions"][:, 0], "score": best["scores"][:, 0]}

    def n_best(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """As many captions as the beam is wide, the best one first: [batch, beam]."""
        network = network_of(model, self._settings)
        return self._searched(network, network.seen(self._image(raw["image_bytes"])))

    def score(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """How likely `caption` is of the picture."""
        before, targets = self._caption(raw["caption"])
        image = self._image(raw["image_bytes"])
        told = network_of(model, self._settings).told(image, before, targets)
        return {
            "log_probability": tf.reduce_sum(told.log_probabilities, axis=1),
            "tokens": tf.math.count_nonzero(targets, axis=1, dtype=tf.int32),
        }

    def explain(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Where the model looks for each token of `caption`, or of its own."""
        network = network_of(model, self._settings)
        seen = network.seen(self._image(raw["image_bytes"]))  # once, for both
        own = raw["caption"] == ""
        caption = tf.cond(
            tf.reduce_any(own),
            lambda: tf.where(own, self._searched(network, seen)["captions"][:, 0], raw["caption"]),
            lambda: raw["caption"],
        )
        before, targets = self._caption(caption)
        weights = network.told(seen, before, targets).weights
        weights *= tf.cast(targets != PADDING, tf.float32)[:, :, None]
        rows, time = tf.unstack(tf.shape(weights)[:2])
        side = math.isqrt(weights.shape[2])  # pictures are made squares
        tokens = _with_end(self._cut(self.codec.cut(tf.strings.lower(caption, "utf-8"))), END)
        return {
            "tokens": tokens.to_tensor(),
            "attention": tf.reshape(weights, [rows, time, side, side]),
        }

    def greedy(self, model: Any, images: tf.Tensor) -> tf.Tensor:
        """The likeliest token each time: string [batch] -> string [batch]. Not exported."""
        network = network_of(model, self._settings)
        step, state, options = self._search(network, network.seen(self._image(images)))
        return self.codec.decode(greedy(step, state, **options).ids)

    def _searched(self, network: Any, seen: Any) -> dict[str, tf.Tensor]:
        """What `n_best` tells of pictures that the network has seen."""
        settings = self._settings
        step, state, options = self._search(network, seen)
        found = beam_search(
            step,
            state,
            beam=settings.beam,
            length_penalty=settings.length_penalty,
            **options,
        )
        rows, beams, time = tf.unstack(tf.shape(found.ids))
        texts = self.codec.decode(tf.reshape(found.ids, [rows * beams, time]))
        return {"captions": tf.reshape(texts, [rows, beams]), "scores": found.scores}

    def _search(self, network: Any, seen: Any) -> tuple[Any, Any, dict[str, Any]]:
        """(step, state, options) of any search for captions of pictures that were seen."""
        rows, state = tf.shape(tf.nest.flatten(seen)[0])[0], network.start(seen)
        options = {
            "first": tf.fill([rows], BOUNDARY),
            "max_tokens": tf.fill([rows], self._settings.max_tokens),
            "end": BOUNDARY,
            # A rare word is learnt as a space and the unknown token; neither is written.
            "forbidden": (PADDING, UNKNOWN, *self.codec.unfinished),
            "no_repeat": self._settings.no_repeat,
        }
        return network.step, state, options

    def _image(self, image_bytes: tf.Tensor) -> tf.Tensor:
        """What the model takes: uint8 [batch, size, size, 3], or features, float16 [batch, n].

        What has been read already, see `once`, is left as it is.
        """
        if image_bytes.dtype != tf.string:
            return image_bytes
        if self._frozen is None:
            return pixels(image_bytes, self._settings.image_size)
        return self._frozen.vectors(image_bytes)

    def _captions(self, lines: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(the token before each place, the token at each): int [batch, time, captions].

        Of a picture with fewer captions some are of padding alone.
        """
        several = self._several
        texts = tf.strings.split(lines, "\n").to_tensor(shape=[None, several])
        before, targets = self._caption(tf.reshape(texts, [-1]))
        there = tf.reshape(texts, [-1, 1]) != ""
        rows, time = tf.shape(texts)[0], tf.shape(targets)[1]

        def by_picture(ids: tf.Tensor) -> tf.Tensor:
            ids = tf.reshape(tf.where(there, ids, PADDING), [rows, several, time])
            return tf.ensure_shape(tf.transpose(ids, [0, 2, 1]), [None, None, several])

        return by_picture(before), by_picture(targets)

    def _caption(self, text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(the token before each place, the token at each): int [batch, time]."""
        ids = self._cut(self.codec.encode(tf.strings.lower(text, "utf-8")))
        start = tf.fill([ids.nrows(out_type=tf.int32), 1], BOUNDARY)
        before = tf.concat([tf.RaggedTensor.from_tensor(start, ragged_rank=1), ids], axis=1)
        return before.to_tensor(), _with_end(ids, BOUNDARY).to_tensor()

    def _cut(self, tokens: tf.RaggedTensor) -> tf.RaggedTensor:
        return tokens[:, : self._settings.max_tokens - 1]


def _with_end(tokens: tf.RaggedTensor, end: Any) -> tf.RaggedTensor:
    last = tf.fill([tokens.nrows(out_type=tf.int32), 1], end)
    return tf.concat([tokens, tf.RaggedTensor.from_tensor(last, ragged_rank=1)], axis=1)
