"""Text to token ids and back: learnt from training texts, built from what was learnt."""

from __future__ import annotations

from collections.abc import Iterable

from seqapps.errors import UserError, nearest
from seqapps.task import State
from seqapps.text import character_codec, subword_codec, word_codec
from seqapps.text.character_codec import CharacterCodec
from seqapps.text.subword_codec import SubwordCodec
from seqapps.text.token_ids import Codec
from seqapps.text.word_codec import SpaceSeparatedCodec, WordCodec

KINDS = ("characters", "words", "subwords")


def fit(texts: Iterable[str], *, tokens: str, vocabulary: int, punctuation: bool = True) -> State:
    """What `codec` is built from, learnt from texts that come by once.

    `tokens` is one of characters, words, subwords. `vocabulary` tokens are kept at most, the most
    frequent ones, beside padding, boundary and unknown. With `punctuation=False` words are what
    white space separates, as in files that are split into words already.

    Memory depends on the number of different tokens, not on that of texts; where it is over five
    million, the rarest are dropped. Raises UserError where the texts are empty, where `tokens` is
    not known, or where `vocabulary` does not hold what every subword model must have.
    """
    if tokens not in KINDS:
        raise UserError(f"tokens={tokens!r} is not known. {nearest(tokens, KINDS)}")
    if vocabulary < 1:
        raise UserError(f"vocabulary={vocabulary}: at least one token must be learnt.")
    if tokens == "subwords":
        return {"tokens": tokens, "sentencepiece": subword_codec.learn(texts, vocabulary)}
    if tokens == "characters":
        found = character_codec.most_frequent(texts, vocabulary)
    else:
        found = word_codec.most_frequent(texts, vocabulary, punctuation=punctuation)
    if not found:
        raise UserError(
            f"The training texts have no {tokens}: there is nothing to learn from. "
            "Give texts that are not empty; `seqapps data` shows what was read."
        )
    return {"tokens": tokens, "punctuation": punctuation, "vocabulary": found}


def codec(state: State) -> Codec:
    """Text to ids and back as `fit` learnt it; further keys of the state are of no concern."""
    if state["tokens"] == "subwords":
        return SubwordCodec(state["sentencepiece"])
    if state["tokens"] == "characters":
        return CharacterCodec(state["vocabulary"])
    words = WordCodec if state["punctuation"] else SpaceSeparatedCodec
    return words(state["vocabulary"])
