"""Texts to token ids on both sides, and what the export answers: translations and their scores."""

import json
from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import Any

import tensorflow as tf

from seqapps.decoding.beam import beam_search
from seqapps.decoding.greedy import greedy
from seqapps.decoding.step import NOWHERE
from seqapps.features import Features
from seqapps.task import Row, State
from seqapps.text import codec
from seqapps.text.token_ids import BOUNDARY, PADDING, UNKNOWN

from .network import network_of

ROOM, TIMES = 20, 4  # a translation has at most so many tokens, and so many for each of the source
SIDES, BOTH = ("source", "target"), "both"
END = "</s>"  # how a boundary is shown
IN_MEMORY = 50_000_000  # characters that wait for the second vocabulary; more of them go to a file


def fit(rows: Iterable[Row], settings: Any) -> State:
    """The tokens of both sides, or of each, of the training pairs."""

    def learnt(side: str, texts: Iterable[str]) -> State:
        found = codec.fit(texts, tokens=settings.tokens, vocabulary=settings.vocabulary)
        return {f"{side}_{key}": value for key, value in found.items()}

    if settings.shared_vocabulary:
        return learnt(BOTH, (row[side] for row in rows for side in SIDES))
    with SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", newline="") as later:
        # Rows come by once, each vocabulary wants all texts of its side.
        def sources() -> Iterable[str]:
            for row in rows:
                later.write(json.dumps(row["target"]) + "\n")
                yield row["source"]

        source = learnt("source", sources())
        later.seek(0)
        return {**source, **learnt("target", map(json.loads, later))}


class TranslationFeatures(Features):
    """A codec for each side, or one for both. Every source ends with a boundary: none is empty."""

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self._settings = settings
        if settings.shared_vocabulary:
            self.source_codec = self.target_codec = _codec(BOTH, state)
        else:
            self.source_codec, self.target_codec = (_codec(side, state) for side in SIDES)

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        before, targets = self._target(batch["target"])
        return {"source": self._source(batch["source"]), "before": before}, targets

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The best translation."""
        best = self.n_best(model, raw)
        return {"translation": best["translations"][:, 0], "score": best["scores"][:, 0]}

    def n_best(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """As many translations as the beam is wide, the best one first: [batch, beam]."""
        text, found = raw["source"], self._searched(model, raw["source"])
        rows, beams, time = tf.unstack(tf.shape(found.ids))
        flat = tf.reshape(found.ids, [rows * beams, time])
        aligned = tf.reshape(found.aligned, [rows * beams, time])
        texts = self._text(flat, aligned, tf.repeat(text, beams))
        return {"translations": tf.reshape(texts, [rows, beams]), "scores": found.scores}

    def score(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """How likely `target` is as the translation of `source`."""
        before, targets = self._target(raw["target"])
        told = network_of(model, self._settings).told(self._source(raw["source"]), before, targets)
        return {
            "log_probability": tf.reduce_sum(told.log_probabilities, axis=1),
            "tokens": tf.math.count_nonzero(targets, axis=1, dtype=tf.int32),
        }

    def forced(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """What the model would have taken at each place after the true tokens before it.

        That is how it is trained; it is not exported, as who asks has no true tokens.
        """
        before, targets = self._target(raw["target"])
        told = network_of(model, self._settings).told(self._source(raw["source"]), before, targets)
        ids = tf.where(targets == PADDING, PADDING, told.likeliest)
        return {"translation": self.target_codec.decode(ids)}

    def explain(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Where the model looks for each token of `target`, or of its own translation."""
        own = raw["target"] == ""
        target = tf.cond(
            tf.reduce_any(own),
            lambda: tf.where(own, self.respond(model, raw)["translation"], raw["target"]),
            lambda: raw["target"],
        )
        source = self._source(raw["source"])
        before, targets = self._target(target)
        told = network_of(model, self._settings).told(source, before, targets)
        real = tf.cast(targets != PADDING, tf.float32)[:, :, None]
        return {
            "source_tokens": self._tokens(self.source_codec, raw["source"]),
            "target_tokens": self._tokens(self.target_codec, target),
            "attention": told.weights * real,
        }

    def greedy(self, model: Any, text: tf.Tensor) -> tf.Tensor:
        """The likeliest token each time: string [batch] -> string [batch]. Not exported."""
        step, state, options = self._search(model, text, self._source(text))
        found = greedy(step, state, **options)
        return self._text(found.ids, found.aligned, text)

    def _searched(self, model: Any, text: tf.Tensor) -> Any:
        settings, source = self._settings, self._source(text)
        step, state, options = self._search(model, text, source)
        return beam_search(
            step,
            state,
            beam=settings.beam,
            length_penalty=settings.length_penalty,
            coverage_penalty=settings.coverage_penalty,
            source=source != PADDING,
            **options,
        )

    def _search(
        self, model: Any, text: tf.Tensor, source: tf.Tensor
    ) -> tuple[Any, Any, dict[str, Any]]:
        """(step, state, options) of any search; `source` [batch, source] are the ids of `text`."""
        network = network_of(model, self._settings)
        state = network.start(source)
        count = tf.math.count_nonzero(source, axis=1, dtype=tf.int32)
        options = {
            "first": tf.fill([tf.shape(source)[0]], BOUNDARY),
            "max_tokens": tf.minimum(ROOM + TIMES * count, self._settings.max_tokens),
            "end": BOUNDARY,
            # An unknown word may be written, as the word of the source that it stands for.
            "forbidden": (PADDING,) if self._names else (PADDING, UNKNOWN),
            "no_repeat": self._settings.no_repeat,
            "among": self._words(text) if self._names else None,
        }
        return network.step, state, options

    @property
    def _names(self) -> bool:
        """Whether an unknown token of the target is written as a word of the source."""
        return bool(self._settings.tokens == "words")

    def _text(self, ids: tf.Tensor, aligned: tf.Tensor, source: tf.Tensor) -> tf.Tensor:
        """The text of ids, unknown words as the source word that was looked at (Luong et al. 2015).

        As `<unk>` where none was. [batch, time], [batch, time], string [batch] -> string [batch].
        """
        if not self._names:
            return self.target_codec.decode(ids)
        words = self._tokens(self.source_codec, source)  # [batch, source]
        looked = tf.gather(words, tf.maximum(aligned, 0), batch_dims=1)
        looked = tf.strings.regex_replace(looked, "^ ", "")  # the target's space is its own token
        named = (ids == UNKNOWN) & (aligned != NOWHERE)
        pieces = tf.where(named, looked, tf.gather(self.target_codec.pieces, ids))
        return tf.strings.strip(tf.strings.reduce_join(pieces, axis=1))

    def _words(self, text: tf.Tensor) -> tf.Tensor:
        """Which tokens of the source are words or marks, neither space nor end: [batch, source]."""
        tokens = self._cut(self.source_codec.cut(text))
        space = tf.strings.regex_full_match(tokens.flat_values, r"[\s\p{Z}]*")
        words = tokens.with_flat_values(~space).to_tensor()
        return tf.concat([words, tf.fill([tf.shape(words)[0], 1], False)], axis=1)

    def _source(self, text: tf.Tensor) -> tf.Tensor:
        return _ended(self._cut(self.source_codec.encode(text))).to_tensor()

    def _target(self, text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(the token before each place, the token at each): int [batch, time]."""
        ids = self._cut(self.target_codec.encode(text))
        start = tf.fill([ids.nrows(out_type=tf.int32), 1], BOUNDARY)
        before = tf.concat([tf.RaggedTensor.from_tensor(start, ragged_rank=1), ids], axis=1)
        return before.to_tensor(), _ended(ids).to_tensor()

    def _tokens(self, side: Any, text: tf.Tensor) -> tf.Tensor:
        """The tokens as texts, the last one for the end: string [batch, time]."""
        tokens = self._cut(side.cut(text))
        end = tf.fill([tokens.nrows(), 1], END)
        return tf.concat([tokens, tf.RaggedTensor.from_tensor(end, ragged_rank=1)], 1).to_tensor()

    def _cut(self, tokens: tf.RaggedTensor) -> tf.RaggedTensor:
        return tokens[:, : self._settings.max_tokens - 1]


def _codec(side: str, state: State) -> Any:
    own = f"{side}_"
    return codec.codec(
        {key.removeprefix(own): value for key, value in state.items() if key.startswith(own)}
    )


def _ended(ids: tf.RaggedTensor) -> tf.RaggedTensor:
    end = tf.fill([ids.nrows(out_type=tf.int32), 1], BOUNDARY)
    return tf.concat([ids, tf.RaggedTensor.from_tensor(end, ragged_rank=1)], axis=1)
