"""Parts of words as tokens, learnt by SentencePiece (Kudo and Richardson 2018)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text
from tensorflow_text.python.ops import sentencepiece_tokenizer

from seqapps.errors import UserError
from seqapps.start import stderr_aside
from seqapps.text.token_ids import BOUNDARY, PADDING, SPECIAL, UNKNOWN, Codec, valid

LINES = 200_000  # are learnt from, drawn at random where there are more
LONGEST = 1000  # characters; longer lines are cut, because SentencePiece drops them
BYTES = 256  # tokens that any text can be written with
MARK = "▁"  # what SentencePiece writes for a space
ORDINARY, BYTE = 1, 6  # types of a piece, sentencepiece_model.proto


def learn(texts: Iterable[str], size: int) -> np.ndarray:
    """A SentencePiece model of at most `size` + 3 pieces, serialised: uint8 [bytes].

    A unigram model (Kudo 2018) of bytes, the newline and parts of words, always the same for the
    same texts. Raises UserError where `size` does not hold the bytes and the usual characters.
    """
    import sentencepiece

    sentencepiece.set_random_generator_seed(0)
    written = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_lines(texts),
            model_writer=written,
            model_type="unigram",
            vocab_size=size + SPECIAL,
            hard_vocab_limit=False,  # a small text has fewer
            byte_fallback=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            add_dummy_prefix=False,
            allow_whitespace_only_pieces=True,
            user_defined_symbols=["\n"],
            pad_id=PADDING,
            bos_id=BOUNDARY,
            eos_id=-1,
            unk_id=UNKNOWN,
            input_sentence_size=LINES,
            shuffle_input_sentence=True,
            max_sentence_length=4 * LONGEST,  # bytes
            num_threads=4,  # part of the result: sums are made thread by thread
            minloglevel=2,
        )
    except RuntimeError as error:
        raise UserError(
            f"No subwords can be learnt from the training texts with a vocabulary of {size}: "
            f"{error}. It must hold {BYTES} bytes, a newline and the characters of the texts; "
            "a usual vocabulary is 1,000 to 32,000. Take a larger one, or tokens=characters."
        ) from error
    return np.frombuffer(_with_plain_spaces(written.getvalue()), "uint8")


def _lines(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for line in text.split("\n"):
            yield from (line[start : start + LONGEST] for start in range(0, len(line), LONGEST))


def _with_plain_spaces(model: bytes) -> bytes:
    """The same model with pieces that hold spaces, where SentencePiece has U+2581 for them.

    As it is trained, it cannot tell U+2581 in a text from a space. So spaces are not replaced when
    a text is read, and U+2581 becomes three bytes, as other characters that are not in the model.
    """
    content = _proto(model)
    content.normalizer_spec.escape_whitespaces = False
    for piece in content.pieces:
        if piece.type == ORDINARY:
            piece.piece = piece.piece.replace(MARK, " ")
    return bytes(content.SerializeToString())


def _proto(model: bytes) -> Any:
    from sentencepiece import sentencepiece_model_pb2 as formats

    return formats.ModelProto.FromString(model)  # type: ignore[attr-defined]  # made at run time


class SubwordCodec(Codec):
    """A token is a part of a word, with the space in front of it, or a byte of a rare character.

    Nothing is normalised and no text is unknown: what was encoded comes back whole, with runs of
    spaces, newlines, Hangul, emoji. Ids that make no UTF-8 come back as U+FFFD.
    """

    def __init__(self, model: np.ndarray) -> None:
        content = model.tobytes()
        pieces = _proto(content).pieces[SPECIAL:]
        self.bytes = [id_ for id_, piece in enumerate(pieces, SPECIAL) if piece.type == BYTE]
        super().__init__([b"", b"", "\ufffd".encode(), *map(_content, pieces)])
        self.tokenizer = _tokenizer(content)

    def encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        return self.tokenizer.tokenize(valid(text))

    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Bytes where a character is none of the model's, so that a part may be no UTF-8."""
        ids = self.encode(text)
        return ids.with_flat_values(tf.gather(self.pieces, ids.flat_values))

    def decode(self, ids: tf.Tensor, *, partial: bool = False) -> tf.Tensor:
        found = super().decode(ids)  # bytes
        return valid(_whole(found) if partial else found)

    def names(self) -> list[str]:
        names, pieces = super().names(), self.pieces.numpy()
        for id_ in self.bytes:
            names[id_] = f"<0x{pieces[id_][0]:02X}>"
        return names


@cache
def _tokenizer(model: bytes) -> tf_text.SentencepieceTokenizer:
    """One for each model in a process, for good.

    TensorFlow gives two tokenizers of the same model one resource, and takes it from both when the
    first of them is no longer needed.
    """
    with stderr_aside():  # it tells that nothing is normalised
        tokenizer = tf_text.SentencepieceTokenizer(model)
        tokenizer._model_resource = _Lasting(model, None)
        return tokenizer


class _Lasting(sentencepiece_tokenizer._SentencepieceModelResource):
    """A resource that does not go when TensorFlow forgets the operation that made it.

    `tf.random.set_seed`, with which every training begins, makes it forget them all. A resource
    with a name stays.
    """

    def _create_resource(self) -> Any:
        if tf.inside_function():  # that of an export, which is made where it is loaded
            return super()._create_resource()
        name = hashlib.sha256(self._model).hexdigest()
        return sentencepiece_tokenizer.gen_sentencepiece_tokenizer.sentencepiece_op(
            model=self._model, shared_name=f"seqapps_{name}"
        )


def _content(piece: Any) -> bytes:
    return bytes([int(piece.piece[3:5], 16)]) if piece.type == BYTE else piece.piece.encode()


def _whole(text: tf.Tensor) -> tf.Tensor:
    """The bytes without the first ones of a character at the end: string [batch].

    A character of UTF-8 has up to four bytes. The first tells by its size how many follow; those
    that follow are 0x80 to 0xBF.
    """
    length = tf.strings.length(text)  # [batch], bytes
    end = tf.strings.substr(text, tf.maximum(length - 3, 0), tf.fill(tf.shape(length), 3))
    last = tf.io.decode_raw(tf.strings.substr(b"\0\0\0" + end, -3, 3), tf.uint8, fixed_length=3)
    third, second, first = tf.unstack(tf.cast(last, tf.int32), axis=1)  # from the end, [batch]
    follows = (first >= 0x80) & (first < 0xC0)
    both = follows & (second >= 0x80) & (second < 0xC0)
    missing = tf.where(both & (third >= 0xF0), 3, 0)
    missing = tf.where(follows & (second >= 0xE0), 2, missing)
    missing = tf.where(first >= 0xC0, 1, missing)
    return tf.strings.substr(text, tf.zeros_like(length), length - missing)
