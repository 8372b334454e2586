"""Texts to token ids, and what the export answers: scores, and texts that are written on."""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from seqapps.decoding.randomness import keys
from seqapps.decoding.sampling import sample
from seqapps.features import Features
from seqapps.task import Row, State
from seqapps.text import codec
from seqapps.text.token_ids import BOUNDARY, PADDING, SPECIAL, UNKNOWN, valid

from .frequency import COUNTED, Spread, by_frequency
from .network import Guided, network_of
from .task import NEIGHBOURS, NEXT

NEVER = (PADDING, UNKNOWN)  # are written


def fit(rows: Iterable[Row], settings: Any) -> State:
    """The tokens of the training texts, and the styles in alphabetical order.

    For a model that trains against drawn tokens also `order`: ids from the most frequent down.
    """
    styles: set[str] = set()
    some = Spread(COUNTED if settings.sampled else 0)

    def texts() -> Iterable[str]:
        for row in rows:
            if settings.condition:
                styles.add(row[settings.condition])
            some.add(row["text"])
            yield row["text"]

    state = codec.fit(
        texts(),
        tokens=settings.tokens,
        vocabulary=settings.vocabulary,
        punctuation=settings.punctuation,
    )
    state = {**state, "styles": sorted(styles)}
    if settings.sampled:  # ids of subwords are no ranks: the bytes come first, frequent or not
        state["order"] = by_frequency(some.texts, codec.codec(state))
    return state


class LanguageFeatures(Features):
    """One codec for all; styles are numbered from 1."""

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self._settings = settings
        self.codec = codec.codec(state)
        self.styles = list(state["styles"])
        self.order = state.get("order")  # int [vocab], or None
        if self.styles:
            content = tf.lookup.KeyValueTensorInitializer(
                tf.constant(self.styles), tf.range(1, 1 + len(self.styles))
            )
            self.style_ids = tf.lookup.StaticHashTable(content, default_value=0)

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        ids = self.codec.encode(batch["text"])  # [batch, (tokens)]
        ends = tf.ragged.boolean_mask(
            tf.fill([tf.shape(batch["ends"])[0], 1], BOUNDARY), batch["ends"][:, None] > 0
        )
        row = tf.concat([self._before(batch["context"]), ids, ends], axis=1)
        inputs = {"ids": row[:, :-1].to_tensor(), "keep": tf.zeros([tf.shape(batch["ends"])[0], 1])}
        targets, style = row[:, 1:].to_tensor(), self._style(batch)
        if style is not None:
            inputs["style"] = style
        if self._settings.sampled:  # the layer that scores must know the true token
            inputs["targets"] = targets
        return inputs, targets

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """How surprising `text` is after `context`."""
        return self._scores(model, raw, context=True)

    def score(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """How surprising `text` is from its beginning."""
        return self._scores(model, raw, context=False)

    def surprisal(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """-log probability of each token of `text` after `context`: [batch, time]."""
        ids, gains = self._gains(model, raw, context=True)
        tokens = ids.with_flat_values(tf.gather(self.codec.pieces, ids.flat_values))
        return {"tokens": tokens.to_tensor(), "weights": -gains}

    def serving_default(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """`generate` with the options of the settings and seed 0."""
        settings, like = self._settings, tf.zeros_like(raw["prompt"], tf.int32)
        options = {
            "max_tokens": like + settings.length,
            "temperature": tf.cast(like, tf.float32) + settings.temperature,
            "top_k": like + settings.top_k,
            "top_p": tf.cast(like, tf.float32) + settings.top_p,
            "seed": like,
        }
        return self.generate(model, {**raw, **options})

    def generate(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The text that `prompt` begins."""
        prompt = valid(raw["prompt"])
        ids = tf.concat([self._start(prompt), self.codec.encode(prompt)], axis=1).to_tensor()
        drawn = self._drawn(model, raw, ids, start=0)
        continuation = self.codec.decode(drawn.ids)
        return {
            "text": tf.strings.join([prompt, continuation]),
            "continuation": continuation,
            "log_probability": drawn.log_probability,
        }

    def go_on(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The next part of what `generate` writes at once; `written` are ids as text."""
        prompt, before = valid(raw["prompt"]), self._ids_in(raw["written"])
        over = tf.reduce_any(before == BOUNDARY, axis=1)
        counts = tf.cast(before.row_lengths(), tf.int32)
        left = tf.where(over, 0, tf.minimum(raw["max_tokens"], self._settings.longest - counts))
        ids = tf.concat([self._start(prompt), self.codec.encode(prompt), before], axis=1)
        drawn = self._drawn(model, {**raw, "max_tokens": left}, ids.to_tensor(), start=counts)
        new = tf.RaggedTensor.from_tensor(drawn.ids, lengths=drawn.lengths)
        written = tf.concat([before, new], axis=1)
        ended = over | tf.reduce_any(drawn.ids == BOUNDARY, axis=1)
        ended |= counts + drawn.lengths >= self._settings.longest
        whole, partial = (
            self.codec.decode(written.to_tensor(), partial=partial) for partial in (False, True)
        )
        return {
            "continuation": tf.where(ended, whole, partial),
            "written": tf.strings.reduce_join(tf.strings.as_string(written), axis=1, separator=" "),
            "ended": tf.cast(ended, tf.int32),
        }

    def next(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The likeliest tokens after `prompt`."""
        prompt = valid(raw["prompt"])
        ids = tf.concat([self._start(prompt), self.codec.encode(prompt)], axis=1).to_tensor()
        logits, _ = network_of(model, self._settings).start(ids, self._style(raw))
        found = tf.math.top_k(tf.nn.softmax(logits), min(NEXT, self.codec.size))
        names = tf.constant(self.codec.names())
        return {"tokens": tf.gather(names, found.indices), "probabilities": found.values}

    def neighbours(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Tokens whose vectors point most nearly where that of the first token of `token` does."""
        ids = self.codec.encode(raw["token"])
        none = tf.fill([tf.shape(raw["token"])[0], 1], UNKNOWN)  # of a text without tokens
        ids = tf.concat([ids, none], axis=1)[:, :1].to_tensor()  # [batch, 1]
        vectors = tf.convert_to_tensor(model.get_layer("embedding").embeddings)
        vectors = tf.math.l2_normalize(vectors, axis=1)  # [vocab, embedding]
        cosine = tf.matmul(tf.gather(vectors, ids[:, 0]), vectors, transpose_b=True)
        others = tf.range(self.codec.size)
        left_out = (others < SPECIAL) | (others == ids)  # [batch, vocab]
        found = tf.math.top_k(tf.where(left_out, -1.0, cosine), min(NEIGHBOURS, self.codec.size))
        names = tf.constant(self.codec.names())
        return {"tokens": tf.gather(names, found.indices), "similarities": found.values}

    def _drawn(self, model: Any, raw: dict[str, tf.Tensor], ids: tf.Tensor, *, start: Any) -> Any:
        style, network = self._style(raw), network_of(model, self._settings)
        if style is not None and self._settings.guidance != 1:
            network = Guided(network, self._settings.guidance)
        logits, state = network.start(ids, style)
        return sample(
            network.step,
            state,
            logits,
            keys=keys(raw["seed"], raw["prompt"]),
            max_tokens=raw["max_tokens"],
            limit=self._settings.longest,
            temperature=raw["temperature"],
            top_k=raw["top_k"],
            top_p=raw["top_p"],
            end=BOUNDARY,
            forbidden=NEVER,
            start=start,
        )

    def _scores(
        self, model: Any, raw: dict[str, tf.Tensor], *, context: bool
    ) -> dict[str, tf.Tensor]:
        ids, gains = self._gains(model, raw, context=context)
        counts = tf.cast(ids.row_lengths(), tf.int32)
        total = tf.reduce_sum(gains, axis=1)
        return {
            "nats_per_token": -total / tf.cast(tf.maximum(counts, 1), tf.float32),
            "tokens": counts,
            "unknown": tf.reduce_sum(tf.cast(ids == UNKNOWN, tf.int32), axis=1),
            "log_probability": total,
        }

    def _gains(
        self, model: Any, raw: dict[str, tf.Tensor], *, context: bool
    ) -> tuple[tf.RaggedTensor, tf.Tensor]:
        """(ids of `text`, log probability of each, right padded: float [batch, time])."""
        ids = self.codec.encode(raw["text"])
        before = self._start(raw["text"])
        if context:  # which is cut somewhere; without one the document begins
            given = self.codec.encode(raw["context"])
            before = tf.ragged.boolean_mask(before, given.row_lengths()[:, None] == 0)
            before = tf.concat([before, given], axis=1)
        row = tf.concat([before, ids], axis=1)
        found = network_of(model, self._settings).log_probabilities(
            row[:, :-1].to_tensor(), row[:, 1:].to_tensor(), self._style(raw)
        )
        counts = tf.cast(ids.row_lengths(), tf.int32)
        first = tf.cast(before.row_lengths(), tf.int32) - 1  # place of the text's first token
        places = tf.range(tf.reduce_max(tf.concat([counts, [0]], 0)))  # [time]
        own = places < counts[:, None]
        taken = tf.where(own, places + first[:, None], 0)
        found = tf.pad(found, [[0, 0], [0, 1]])  # texts of no tokens have a place, too
        return ids, tf.where(own, tf.gather(found, taken, batch_dims=1), 0.0)

    def _ids_in(self, written: tf.Tensor) -> tf.RaggedTensor:
        """Ids that are written as text: string [batch] -> int [batch, (time)].

        What is no id is passed over: an error would fail whoever shares the batch in TF Serving.
        """
        parts = tf.strings.split(written)
        words = parts.flat_values
        numbers = tf.where(tf.strings.regex_full_match(words, "[0-9]{1,9}"), words, "0")
        ids = tf.strings.to_number(numbers, tf.int32)
        known = (ids > PADDING) & (ids < self.codec.size)
        return tf.ragged.boolean_mask(parts.with_flat_values(ids), parts.with_flat_values(known))

    def _before(self, context: tf.Tensor) -> tf.RaggedTensor:
        """The token before a text: int [batch, (1)]."""
        found = tf.concat([self._start(context), self.codec.encode(context)], axis=1)
        return found[:, -1:]

    def _start(self, text: tf.Tensor) -> tf.RaggedTensor:
        """The boundary that documents begin after: int [batch, (1)]."""
        return tf.RaggedTensor.from_tensor(tf.fill([tf.shape(text)[0], 1], BOUNDARY), ragged_rank=1)

    def _style(self, raw: dict[str, tf.Tensor]) -> tf.Tensor | None:
        if not self._settings.condition:
            return None
        return self.style_ids.lookup(raw[self._settings.condition])
