"""Words as tokens: of any text with its spaces, or of text that is split by spaces already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import tensorflow as tf

from seqapps.text.token_ids import SPECIAL, UNKNOWN, Codec, valid
from seqapps.text.words import Frequency, chunks

UNK = b"<unk>"
# As in GPT-2 (Radford et al. 2019), a token may carry one space in front, so that "the" and " the"
# differ and joined tokens are the text. Unlike there, each mark and each newline is a token.
WORD = r" ?[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*"
MARK = r" ?[^\s\p{L}\p{M}\p{N}]"
SPACES = tuple(" " * count for count in (8, 4, 2, 1))  # so that every run is made of known tokens
TOKEN = "|".join([" ?<unk>", *(f" {{{len(run)}}}" for run in SPACES[:-1]), WORD, MARK, "(?s:.)"])
SEPARATOR = b"\xff"  # no byte of valid UTF-8


def tokens(text: tf.Tensor) -> tf.RaggedTensor:
    r"""Words and marks with the space in front: string [batch] -> string [batch, (tokens)].

    "It isn't 3.5!\n" -> "It", " isn't", " 3", ".", "5", "!", "\n". Joined, they are the text.
    """
    marked = tf.strings.regex_replace(valid(text), f"({TOKEN})", rb"\1" + SEPARATOR)
    return tf.strings.split(marked, SEPARATOR)[:, :-1]  # nothing follows the last separator


def space_separated(text: tf.Tensor) -> tf.RaggedTensor:
    r"""What white space separates, and newlines: string [batch] -> string [batch, (tokens)].

    " no it was n't mr. <unk> \n" -> no, it, was, n't, mr., <unk>, "\n".
    """
    spaced = tf.strings.regex_replace(valid(text), r"\p{Z}+", " ")
    spaced = tf.strings.regex_replace(spaced, r"\n", b" " + SEPARATOR + b" ")
    found = tf.strings.split(spaced)
    newline = found.flat_values == SEPARATOR
    return found.with_flat_values(tf.where(newline, "\n", found.flat_values))


def most_frequent(texts: Iterable[str], size: int, *, punctuation: bool) -> list[str]:
    """The `size` most frequent words as tokens are cut, without `<unk>`, which stands for others.

    With punctuation, a newline and runs of spaces are always among them, so that the white space
    of every text is known.
    """
    cut, always = (tokens, ["\n", *SPACES]) if punctuation else (space_separated, [])
    frequency = Frequency()
    for chunk in chunks(texts, characters=len):
        frequency.add(cut(tf.constant(chunk)))
    taken = {UNK.decode(), " " + UNK.decode(), *always}
    found = [word for word in frequency.most(size + len(taken)) if word not in taken]
    if not found:
        return []
    return [*always, *found][:size]


class WordCodec(Codec):
    """A token is a word or a mark, with one space in front where the text has one.

    Joined, the tokens of known words are the text. A word that is not in the vocabulary with its
    space is written as a space and the word without it: a lone space, `unfinished`, says no more
    than that such a word comes. One that is known only with a space, such
    as "the" at the start of a prompt, is read as if it had one. Where neither is known, and for a
    literal `<unk>`, the token is the unknown one and comes back as `<unk>`.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        super().__init__([b"", b"", UNK, *(word.encode() for word in vocabulary)])
        self.table = _table(vocabulary)
        self.space = vocabulary.index(" ") + SPECIAL
        self.unfinished = (self.space,)

    def encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        found, bare, ids, apart = self._looked_up(text)
        return _in_two(found, apart, tf.where(apart, self.space, ids), self._lookup(bare))

    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        found, bare, _, apart = self._looked_up(text)
        return _in_two(found, apart, tf.where(apart, " ", found.flat_values), bare)

    def _looked_up(self, text: tf.Tensor) -> tuple[tf.RaggedTensor, Any, Any, Any]:
        """(tokens, the same without a space, their ids, whether the space is a token apart)."""
        found = tokens(text)  # string [batch, (tokens)]
        words = found.flat_values
        ids = self._lookup(words)
        bare = tf.strings.regex_replace(words, "^ ", "")
        return found, bare, ids, (ids == UNKNOWN) & (bare != words)

    def _lookup(self, words: tf.Tensor) -> tf.Tensor:
        ids = self.table.lookup(words)
        return tf.where(ids == UNKNOWN, self.table.lookup(tf.strings.join([" ", words])), ids)


class SpaceSeparatedCodec(Codec):
    r"""A token is what white space separates, or a newline, for text that is split already.

    Such as Penn Treebank with a sentence on each line, " no it was n't black monday \n", which
    has one token more than words. Decoded, each token has one space in front: in files of that
    form nothing is lost, in others the kind and the number of spaces is.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        super().__init__([b"", b"", b" " + UNK, *(b" " + word.encode() for word in vocabulary)])
        self.table = _table(vocabulary)

    def encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        found = space_separated(text)
        return found.with_flat_values(self.table.lookup(found.flat_values))

    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        found = space_separated(text)
        return found.with_flat_values(tf.strings.join([" ", found.flat_values]))

    def names(self) -> list[str]:
        return [name.removeprefix("␣") for name in super().names()]  # every one has it


def _in_two(
    found: tf.RaggedTensor, apart: tf.Tensor, first: tf.Tensor, second: tf.Tensor
) -> tf.RaggedTensor:
    """[batch, (tokens)] with `second` behind `first` where they are apart; both [tokens in all]."""
    two, kept = tf.stack([first, second], 1), tf.stack([tf.ones_like(apart), apart], 1)
    rows = tf.ragged.boolean_mask(found.with_flat_values(two), found.with_flat_values(kept))
    return rows.merge_dims(1, 2)


def _table(vocabulary: Sequence[str]) -> tf.lookup.StaticHashTable:
    ids = tf.range(SPECIAL, SPECIAL + len(vocabulary))
    content = tf.lookup.KeyValueTensorInitializer(tf.constant(list(vocabulary)), ids)
    return tf.lookup.StaticHashTable(content, default_value=UNKNOWN)
